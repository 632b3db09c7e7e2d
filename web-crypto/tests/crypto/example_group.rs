//! The examples of groups: statements with every kind of change, the contents that tell them, and the records of a group.

use crate::example_vault::account_token;
use crate::people::{Person, alice, bob, ready};
use cliquet_web_crypto::client::{
    content::{Body, Content, HandedOver, InGroup, MemberToken, OwnList},
    conversation::{GroupId, MessageId, MessageRef},
    device::first_records,
    group::{Change, GroupRight, Role, SignedStatement, Statement, Who},
    messenger::Messenger,
    records::Store,
};
use cliquet_wire::bytes::{Bytes, Digest};

const TIME: u64 = 1_700_000_000_000;

fn says(author: &Person, (version, previous): (u32, Digest), changes: Vec<Change>) -> SignedStatement {
    let (address, author_key) = (author.own.email().clone(), author.own.account_key().clone());
    let statement = Statement { previous, version, time: TIME, author: address, author_key, changes };
    ready(SignedStatement::sign(&statement, &author.signer)).expect("a signature")
}

fn adds(member: &Person, role: Role) -> Change {
    Change::Add {
        address: member.own.email().clone(),
        key_hash: member.own.account_key().hash(),
        role,
        hands_over: None,
    }
}

/// Alice makes a group with Bob, makes him an admin, and leaves.
pub(crate) fn statements() -> Vec<SignedStatement> {
    let (alice, bob) = (alice(75), bob(75));
    let begins = vec![
        adds(&alice, Role::Admin),
        adds(&bob, Role::Member),
        Change::Name("Walks".into()),
        Change::Description(Some("On Sundays".into())),
        Change::Picture(Some(Bytes([3; 32]))),
        Change::Timer(Some(86_400)),
        Change::SetRight { right: GroupRight::Add, who: Who::Everyone },
    ];
    let first = says(&alice, (1, Bytes([5; 32])), begins);
    let role = Change::SetRole { address: bob.own.email().clone(), role: Role::Admin };
    let second = says(&alice, (2, first.hash()), vec![role, Change::Remove(alice.own.email().clone())]);
    let third = says(&bob, (3, second.hash()), vec![Change::Description(None), Change::Timer(None)]);
    vec![first, second, third]
}

/// What is said in that group alone, by the number of its kind.
pub(crate) fn group_contents() -> [(&'static str, Content); 3] {
    let (bob, statements) = (bob(75), statements());
    let head = statements.last().map_or(Bytes([0; 32]), SignedStatement::hash);
    let mut id = [0; 16];
    id.copy_from_slice(&statements.first().expect("a first").hash().0[..16]);
    let (sender, device) = (bob.own.email(), bob.own.device());
    let (list, group) = (OwnList { counter: 3, hash: Bytes([8; 32]) }, Some(InGroup { id: GroupId(id), head }));
    let content = |body| Content { sender: sender.clone(), device, time: TIME, list, group, body };
    let tokens = vec![MemberToken { address: sender.clone(), token: account_token() }];
    let (author, statement) = (alice(75).own.email().clone(), head);
    let message = |n| MessageId::from_parts(TIME, [n; 10]);
    let quote = Some(MessageRef { sender: author.clone(), id: message(1) });
    let text = |n, quote| HandedOver {
        author: author.clone(),
        id: message(n),
        text: "On Sunday?".into(),
        client_time: TIME,
        server_time: TIME + 1,
        quote,
        attachment: None,
    };
    let texts = vec![text(1, None), text(2, quote)];
    [
        ("content_21.bin", content(Body::Statements { statements, tokens })),
        ("content_23.bin", content(Body::AskStatements { picture: Some(Bytes([6; 32])) })),
        ("content_28.bin", content(Body::HandOver { statement, texts })),
    ]
}

/// The records of a new group, as Alice's messenger writes them.
pub(crate) fn group_records() -> [(&'static str, Vec<u8>); 2] {
    let (mut alice, bob) = (alice(76), bob(76));
    let own = first_records(&alice.own, &alice.pre_keys, &alice.directory());
    let messenger = Messenger::load(own.puts).expect("a messenger");
    let changes = vec![adds(&bob, Role::Member), Change::Name("Walks".into())];
    let (_, step) = ready(messenger.create_group(changes, &alice.signer, TIME, &mut alice.rng)).expect("a group");
    let record = |store| step.changes.puts.iter().find(|put| put.store == store).expect("a record").value.to_vec();
    [("group.bin", record(Store::Groups)), ("statement.bin", record(Store::Statements))]
}
