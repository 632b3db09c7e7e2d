//! The second client reads a group's statements, and finds the same group as ours.

use super::{program, rng};
use base64ct::{Base64, Encoding as _};
use cliquet_web_crypto::{
    client::group::{
        Chain, Change, GroupError, GroupRight, HANDED_OVER_MAX, Role, SignedStatement, Statement, Who,
        change::{GROUP_DESCRIPTION_BYTES_MAX, GROUP_NAME_BYTES_MAX},
        statement::{CHANGES_MAX, STATEMENT_BYTES_MAX},
    },
    crypto::{
        cbor,
        conversation_timer::{LIFE_SECONDS_MAX, LIFE_SECONDS_MIN},
        rsa::{
            Signer as _,
            native::{NativeSigner, NativeVerifier},
        },
    },
};
use cliquet_wire::{
    address::Address,
    bytes::{Bytes, Digest},
    limits::GROUP_MEMBERS_MAX,
};
use getrandom::SysRng;
use minicbor::{Encoder, data::Tag};
use rand_core::UnwrapErr;
use serde_json::{Value, json};
use std::{
    io::Write as _,
    path::PathBuf,
    process::{Child, Stdio},
};

const KEYS: [(&str, &[u8]); 3] = [
    ("alice@example.org", include_bytes!("../../../web-crypto/tests/keys/alice.der")),
    ("bob@example.org", include_bytes!("../../../web-crypto/tests/keys/bob.der")),
    ("carol@example.org", include_bytes!("../../../web-crypto/tests/keys/mallory.der")),
];
const BOB: &str = "bob@example.org";
const TIME: u64 = 1_790_000_000_000;

struct Member {
    address: Address,
    signer: NativeSigner<UnwrapErr<SysRng>>,
}

impl Member {
    fn add(&self, role: Role) -> Change {
        Change::Add {
            address: self.address.clone(),
            key_hash: self.signer.account_key().hash(),
            role,
            hands_over: None,
        }
    }

    fn statement(&self, (version, previous): (u32, Digest), changes: &[Change]) -> Statement {
        let (author, author_key) = (self.address.clone(), self.signer.account_key().clone());
        Statement { previous, version, time: TIME, author, author_key, changes: changes.to_vec() }
    }

    async fn says(&self, place: (u32, Digest), changes: &[Change]) -> SignedStatement {
        SignedStatement::sign(&self.statement(place, changes), &self.signer).await.unwrap()
    }

    /// A statement with this as the value of one of its fields, whatever its form.
    async fn says_raw(&self, place: (u32, Digest), field: u32, value: Vec<u8>) -> SignedStatement {
        let statement = self.statement(place, &[Change::Name("Raw".into())]);
        let mut encoder = Encoder::new(Vec::new());
        let fields = [0, 1, 2, 3, 4, 5].into_iter().filter(|number| *number != field);
        encoder.map(6 + u64::from(field > 5)).unwrap();
        for number in fields {
            encoder.u32(number).unwrap();
            match number {
                0 => encoder.encode(statement.previous).unwrap(),
                1 => encoder.encode(statement.version).unwrap(),
                2 => encoder.encode(statement.time).unwrap(),
                3 => encoder.encode(&statement.author).unwrap(),
                4 => encoder.encode(&statement.author_key).unwrap(),
                _ => encoder.encode(&statement.changes).unwrap(),
            };
        }
        encoder.u32(field).unwrap();
        encoder.writer_mut().extend(value);
        self.signs(encoder.into_writer()).await
    }

    async fn signs(&self, encoding: Vec<u8>) -> SignedStatement {
        let mut signed = SignedStatement { statement: encoding.into(), signature: Bytes([0; 384]) };
        signed.signature = self.signer.sign(&signed.signed_bytes()).await.unwrap();
        signed
    }
}

type Cbor = Encoder<Vec<u8>>;

fn encoded(write: impl FnOnce(&mut Cbor)) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder);
    encoder.into_writer()
}

fn people() -> [Member; 3] {
    KEYS.map(|(address, key)| Member {
        address: address.parse().unwrap(),
        signer: NativeSigner::from_pkcs8(key, rng()).unwrap(),
    })
}

fn hex(bytes: &Digest) -> String {
    bytes.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What Python makes of them.
fn read(statements: &[SignedStatement]) -> Value {
    let encoded: Vec<String> = statements.iter().map(|signed| Base64::encode_string(&cbor::encode(signed))).collect();
    let mut child = program("read_statements.py").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", json!(encoded)).unwrap();
    group_of(child)
}

/// The group that it answers with.
fn group_of(child: Child) -> Value {
    let answer = child.wait_with_output().unwrap();
    assert!(answer.status.success(), "the second client ended");
    serde_json::from_slice(&answer.stdout).unwrap()
}

/// What ours makes of them, in the order in which they come.
async fn ours(statements: &[SignedStatement]) -> (Value, Vec<GroupError>) {
    let (first, others) = statements.split_first().unwrap();
    let mut chain = Chain::begin(first.clone().check(&NativeVerifier).await.unwrap()).unwrap();
    let (mut refused, mut errors) = (Vec::new(), Vec::new());
    for signed in others {
        let checked = signed.clone().check(&NativeVerifier).await;
        if let Err(error) = checked.and_then(|statement| chain.insert(statement)) {
            refused.push(hex(&signed.hash()));
            errors.push(error);
        }
    }
    let path: Vec<String> = chain.links().map(|link| hex(&link.statement().hash())).collect();
    let state = chain.state().unwrap();
    let role = |role| if role == Role::Admin { "admin" } else { "member" };
    let members: serde_json::Map<String, Value> =
        state.members().map(|(address, member)| (address.to_string(), json!(role(member.role)))).collect();
    let group = json!({
        "id": chain.group().to_string(), "path": path, "name": state.name(), "members": members, "refused": refused,
    });
    (group, errors)
}

/// Requirements: G1, G2, G6
#[rocket::async_test]
async fn the_second_client_finds_the_same_group_in_the_same_statements() {
    let [alice, bob, carol] = people();
    let name = |text: &str| Change::Name(text.into());
    let begins = [
        alice.add(Role::Admin),
        name("The bridge"),
        bob.add(Role::Admin),
        carol.add(Role::Member),
        Change::Description(Some("Everything about it".into())),
        Change::Picture(Some(Bytes([3; 32]))),
        Change::Timer(Some(86_400)),
    ];
    let first = alice.says((1, Bytes([5; 32])), &begins).await;
    let after_first = (2, first.hash());
    let everyone = |right| Change::SetRight { right, who: Who::Everyone };
    let opened = bob.says(after_first, &[everyone(GroupRight::Change), everyone(GroupRight::Add)]).await;
    let renamed = carol.says((3, opened.hash()), &[name("Carol's bridge")]).await;
    let removed = Change::Remove(bob.address.clone());
    let without_bob = alice.says((4, renamed.hash()), std::slice::from_ref(&removed)).await;
    // Bob goes back to when he was an admin; Carol does what she may not; a statement comes under a name that is not its own.
    let goes_back = bob.says(after_first, &[Change::Remove(alice.address.clone())]).await;
    let mine = bob.says((3, goes_back.hash()), &[name("Bob's alone")]).await;
    let not_allowed = carol.says((5, without_bob.hash()), &[carol_is_admin(&carol)]).await;
    let mut forged = carol.says((5, without_bob.hash()), &[name("Forged")]).await;
    forged.signature = renamed.signature;
    let hands_over = [carol_is_admin(&carol), Change::Remove(alice.address.clone())];
    let gives_up = alice.says((5, without_bob.hash()), &hands_over).await;
    let comes_back = alice.says((5, without_bob.hash()), &[name("Mine after all")]).await;

    let whole =
        [&first, &opened, &renamed, &without_bob, &goes_back, &mine, &not_allowed, &forged, &gives_up, &comes_back];
    let whole = whole.map(Clone::clone);
    for many in 1..=whole.len() {
        let (expected, errors) = ours(&whole[..many]).await;
        assert_eq!(read(&whole[..many]), expected, "the first {many}");
        assert_eq!(errors.len(), usize::from(many >= 7) + usize::from(many >= 8), "the first {many}");
    }
    let (end, errors) = ours(&whole).await;
    assert_eq!(end["members"], json!({ "carol@example.org": "admin" }));
    assert_eq!(end["name"], "Carol's bridge");
    assert_eq!(errors, [GroupError::NotAllowed, GroupError::NotSigned]);
}

/// Adds somebody, and hands so many texts over to them.
fn shown(member: &Member, count: u8) -> Change {
    let (address, key_hash) = (member.address.clone(), member.signer.account_key().hash());
    Change::Add { address, key_hash, role: Role::Member, hands_over: Some(count) }
}

fn carol_is_admin(carol: &Member) -> Change {
    Change::SetRole { address: carol.address.clone(), role: Role::Admin }
}

/// Each of these follows a group's first statement, and ours and the second client take it or refuse it alike.
///
/// Requirement: G1
#[rocket::async_test]
async fn the_second_client_refuses_the_statements_that_ours_refuses() {
    let [alice, bob, carol] = people();
    let stranger = |number: usize| Change::Add {
        address: format!("member{number}@example.org").parse().unwrap(),
        key_hash: Bytes([4; 32]),
        role: Role::Member,
        hands_over: None,
    };
    let name = |text: &str| Change::Name(text.into());
    let about = |text: &str| Change::Description(Some(text.into()));
    let timer = |seconds| Change::Timer(Some(seconds));
    let remove = |member: &Member| Change::Remove(member.address.clone());
    let begins = [alice.add(Role::Admin), bob.add(Role::Member), name("The bridge"), about("All of it")];
    let first = alice.says((1, Bytes([5; 32])), &begins).await;
    let next = (2, first.hash());
    let taken = None;
    let (malformed, not_allowed) = (Some(GroupError::Malformed), Some(GroupError::NotAllowed));
    let no_change = Some(GroupError::NoChange);
    let turns: Vec<Change> = (0..=CHANGES_MAX).map(|turn| name(if turn % 2 == 0 { "One" } else { "Two" })).collect();
    let crowd: Vec<Change> = (0..GROUP_MEMBERS_MAX - 1).map(stranger).collect();

    let mut cases: Vec<(Option<GroupError>, &str, SignedStatement)> = Vec::new();
    for (expected, what, changes) in [
        (taken, "the longest name", vec![name(&"n".repeat(GROUP_NAME_BYTES_MAX))]),
        (malformed, "a longer name", vec![name(&"n".repeat(GROUP_NAME_BYTES_MAX + 1))]),
        (taken, "a name with a joiner", vec![name("\u{1f469}\u{200d}\u{1f52c} lab")]),
        (malformed, "no name", vec![name("")]),
        (malformed, "a name that turns what is beside it", vec![name("a\u{202e}b")]),
        (malformed, "a name that hides something", vec![name("a\u{200b}b")]),
        (malformed, "a name of two lines", vec![name("a\nb")]),
        (malformed, "a name with two spaces", vec![name("a  b")]),
        (malformed, "a name with a space behind it", vec![name("a ")]),
        (malformed, "a name with another space", vec![name("a\u{a0}b")]),
        (malformed, "a name with a control character", vec![name("a\u{7}b")]),
        (taken, "the longest description", vec![about(&"d".repeat(GROUP_DESCRIPTION_BYTES_MAX))]),
        (malformed, "a longer description", vec![about(&"d".repeat(GROUP_DESCRIPTION_BYTES_MAX + 1))]),
        (taken, "the shortest timer", vec![timer(LIFE_SECONDS_MIN)]),
        (malformed, "a shorter timer", vec![timer(LIFE_SECONDS_MIN - 1)]),
        (taken, "the longest timer", vec![timer(LIFE_SECONDS_MAX)]),
        (malformed, "a longer timer", vec![timer(LIFE_SECONDS_MAX + 1)]),
        (malformed, "nothing", vec![]),
        (taken, "as many changes as there may be", turns[..CHANGES_MAX].to_vec()),
        (malformed, "one change more", turns.clone()),
        (taken, "as many members as there may be", crowd[1..].to_vec()),
        (Some(GroupError::TooManyMembers), "one member more", crowd.clone()),
        (taken, "who is shown as many texts as there may be", vec![shown(&carol, HANDED_OVER_MAX)]),
        (malformed, "who is shown a text more", vec![shown(&carol, HANDED_OVER_MAX + 1)]),
        (malformed, "who is shown no text", vec![shown(&carol, 0)]),
        (no_change, "a member again", vec![bob.add(Role::Member)]),
        (no_change, "nobody is removed", vec![remove(&carol)]),
        (no_change, "the same name", vec![name("The bridge")]),
        (no_change, "the same role", vec![Change::SetRole { address: bob.address.clone(), role: Role::Member }]),
        (Some(GroupError::NoAdmin), "the last admin leaves", vec![remove(&alice)]),
        (taken, "everybody is removed", vec![remove(&bob), remove(&alice)]),
    ] {
        cases.push((expected, what, alice.says(next, &changes).await));
    }
    cases.push((taken, "a member leaves", bob.says(next, &[remove(&bob)]).await));
    cases.push((not_allowed, "a member makes themselves an admin", bob.says(next, &[carol_is_admin(&bob)]).await));
    cases.push((not_allowed, "somebody who is no member", carol.says(next, &[carol.add(Role::Admin)]).await));
    let version = alice.says((3, first.hash()), &[name("Later")]).await;
    cases.push((malformed, "a version is left out", version));
    let gap = alice.says((2, Bytes([6; 32])), &[name("Later")]).await;
    cases.push((Some(GroupError::Gap), "after a statement that is not there", gap));
    // Carol signs as Bob, with her key and with his.
    let as_bob = Member { address: bob.address.clone(), signer: NativeSigner::from_pkcs8(KEYS[2].1, rng()).unwrap() };
    cases.push((Some(GroupError::NotSigned), "another key", as_bob.says(next, &[remove(&bob)]).await));
    let mut signed_by_her = bob.says(next, &[remove(&bob)]).await;
    signed_by_her.signature = carol.signer.sign(&signed_by_her.signed_bytes()).await.unwrap();
    cases.push((Some(GroupError::NotSigned), "another signature", signed_by_her));

    let text = |text: &str| encoded(|cbor| _ = cbor.str(text).unwrap());
    let bytes = |bytes: usize| encoded(|cbor| _ = cbor.bytes(&vec![7; bytes]).unwrap());
    // One change, with what is written as its fields.
    let change = |number, many, fields: &dyn Fn(&mut Cbor)| {
        encoded(|cbor| fields(cbor.array(1).unwrap().array(2).unwrap().u32(number).unwrap().array(many).unwrap()))
    };
    for (expected, what, field, value) in [
        (malformed, "a change that nobody knows", 5, change(8, 1, &|cbor| _ = cbor.str("later").unwrap())),
        (malformed, "a role that nobody knows", 5, change(2, 2, &|c| _ = c.str(BOB).unwrap().u32(2).unwrap())),
        (malformed, "no role", 5, change(2, 1, &|cbor| _ = cbor.str(BOB).unwrap())),
        (taken, "no description", 5, change(4, 1, &|cbor| _ = cbor.null().unwrap())),
        (taken, "no description, by leaving the field out", 5, change(4, 0, &|_| ())),
        (taken, "a field that a later version added", 5, change(3, 2, &|c| _ = c.str("a").unwrap().u32(7).unwrap())),
        (
            malformed,
            "a name in pieces",
            5,
            change(3, 1, &|c| _ = c.begin_str().unwrap().str("a").unwrap().end().unwrap()),
        ),
        (malformed, "a name with a tag", 5, change(3, 1, &|c| _ = c.tag(Tag::new(0)).unwrap().str("a").unwrap())),
        (malformed, "a name of bytes", 5, change(3, 1, &|cbor| _ = cbor.bytes(b"a").unwrap())),
        (malformed, "an address with a capital letter", 3, text("Bob@example.org")),
        (malformed, "an address of one label", 3, text("bob@example")),
        (malformed, "an address outside ASCII", 3, text("böb@example.org")),
        (malformed, "an address with a number at its end", 3, text("bob@example.1")),
        (malformed, "an address with another character", 3, text("bo/b@example.org")),
        (malformed, "an address that is too long", 3, text(&format!("bob@{}org", "d.".repeat(125)))),
        (malformed, "version 0", 1, encoded(|cbor| _ = cbor.u32(0).unwrap())),
        (malformed, "a version with a tag", 1, encoded(|c| _ = c.tag(Tag::new(2)).unwrap().bytes(&[2]).unwrap())),
        (malformed, "no time", 2, encoded(|cbor| _ = cbor.null().unwrap())),
        (malformed, "an account key of another form", 4, bytes(422)),
    ] {
        cases.push((expected, what, alice.says_raw(next, field, value).await));
    }
    let more = [alice.says(next, &[name("More")]).await.statement.to_vec(), vec![0]].concat();
    cases.push((malformed, "a byte behind it", alice.signs(more).await));
    // A field that nobody knows fills it up to the limit, and past it.
    let around = alice.says_raw(next, 6, bytes(1_000)).await.statement.len() - 1_000;
    for (expected, length) in [(taken, STATEMENT_BYTES_MAX), (malformed, STATEMENT_BYTES_MAX + 1)] {
        let filled = alice.says_raw(next, 6, bytes(length - around)).await;
        assert_eq!(filled.statement.len(), length);
        cases.push((expected, "a long statement", filled));
    }

    for (expected, what, statement) in cases {
        let both = [first.clone(), statement];
        let (group, errors) = ours(&both).await;
        assert_eq!(errors, Vec::from_iter(expected), "{what}");
        assert_eq!(read(&both), group, "{what}");
    }
}

/// Requirement: G1
#[rocket::async_test]
async fn ours_and_the_second_client_refuse_a_statement_with_another_bit() {
    let [alice, bob, _] = people();
    let first = alice.says((1, Bytes([5; 32])), &[alice.add(Role::Admin), bob.add(Role::Member)]).await;
    let next = alice.says((2, first.hash()), &[Change::Name("The bridge".into())]).await;
    let altered = |byte: usize| {
        let mut statement = next.clone();
        let length = statement.statement.len();
        match statement.statement.get_mut(byte) {
            Some(place) => *place ^= 1,
            None => statement.signature.0[byte - length] ^= 1,
        }
        statement
    };
    let bytes = next.statement.len() + next.signature.0.len();
    let whole: Vec<SignedStatement> = std::iter::once(first).chain((0..bytes).map(altered)).collect();
    let (group, errors) = ours(&whole).await;
    assert_eq!((errors.len(), group["path"].as_array().map(Vec::len)), (bytes, Some(1)));
    assert_eq!(read(&whole), group);
}

/// The example that `docs/protocol.md` names.
#[test]
fn the_second_client_reads_the_example() {
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../web-crypto/tests/golden/content_21.bin"].iter().collect();
    let child = program("read_statements.py").arg(file).stdout(Stdio::piped()).spawn().unwrap();
    let mut group = group_of(child);
    assert_eq!(group["path"].take().as_array().map(Vec::len), Some(3));
    group["id"].take();
    let members = json!({ "bob@example.org": "admin" });
    assert_eq!(group, json!({ "id": null, "path": null, "name": "Walks", "members": members, "refused": [] }));
}
