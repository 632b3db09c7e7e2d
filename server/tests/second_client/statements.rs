//! The second client reads a group's statements, and finds the same group as ours.

use super::{program, rng};
use base64ct::{Base64, Encoding as _};
use cliquet_web_crypto::{
    client::group::{Chain, Change, GroupError, GroupRight, Role, SignedStatement, Statement, Who},
    crypto::{
        cbor,
        rsa::native::{NativeSigner, NativeVerifier},
    },
};
use cliquet_wire::{
    address::Address,
    bytes::{Bytes, Digest},
};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use serde_json::{Value, json};
use std::{io::Write as _, process::Stdio};

const KEYS: [(&str, &[u8]); 3] = [
    ("alice@example.org", include_bytes!("../../../web-crypto/tests/keys/alice.der")),
    ("bob@example.org", include_bytes!("../../../web-crypto/tests/keys/bob.der")),
    ("carol@example.org", include_bytes!("../../../web-crypto/tests/keys/mallory.der")),
];

struct Member {
    address: Address,
    signer: NativeSigner<UnwrapErr<SysRng>>,
}

impl Member {
    fn add(&self, role: Role) -> Change {
        Change::Add { address: self.address.clone(), key_hash: self.signer.account_key().hash(), role }
    }

    async fn says(&self, (version, previous): (u32, Digest), changes: &[Change]) -> SignedStatement {
        let (author, author_key) = (self.address.clone(), self.signer.account_key().clone());
        let time = 1_790_000_000_000;
        let statement = Statement { previous, version, time, author, author_key, changes: changes.to_vec() };
        SignedStatement::sign(&statement, &self.signer).await.unwrap()
    }
}

fn people() -> [Member; 3] {
    KEYS.map(|(address, key)| Member {
        address: address.parse().unwrap(),
        signer: NativeSigner::from_pkcs8(key, rng()).unwrap(),
    })
}

/// What Python makes of them.
fn read(statements: &[SignedStatement]) -> Value {
    let encoded: Vec<String> = statements.iter().map(|signed| Base64::encode_string(&cbor::encode(signed))).collect();
    let mut child = program("group.py").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", json!(encoded)).unwrap();
    let answer = child.wait_with_output().unwrap();
    assert!(answer.status.success(), "the second client ended");
    serde_json::from_slice(&answer.stdout).unwrap()
}

/// What ours makes of them, in the order in which they come.
async fn ours(statements: &[SignedStatement]) -> (Value, Vec<GroupError>) {
    let mut checked = Vec::new();
    let mut errors = Vec::new();
    for signed in statements {
        match signed.clone().check(&NativeVerifier).await {
            Ok(statement) => checked.push(statement),
            Err(error) => errors.push(error),
        }
    }
    let mut chain = Chain::begin(checked.remove(0)).unwrap();
    errors.extend(checked.into_iter().filter_map(|statement| chain.insert(statement).err()));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let path: Vec<String> = chain.links().map(|link| hex(&link.statement().hash().0)).collect();
    let state = chain.state().unwrap();
    let role = |role| if role == Role::Admin { "admin" } else { "member" };
    let members: serde_json::Map<String, Value> =
        state.members().map(|(address, member)| (address.to_string(), json!(role(member.role)))).collect();
    (json!({ "id": chain.group().to_string(), "path": path, "name": state.name(), "members": members }), errors)
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
    assert_eq!(errors, [GroupError::NotSigned, GroupError::NotAllowed]);
}

fn carol_is_admin(carol: &Member) -> Change {
    Change::SetRole { address: carol.address.clone(), role: Role::Admin }
}
