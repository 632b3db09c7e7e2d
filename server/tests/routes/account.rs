//! The deletion of an account.

use crate::support::{
    house::{DAY_MS, PASSWORD, Person, TestServer, letter},
    redis::RedisServer,
};
use cliquet_server::audit;
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Bytes},
    contacts::{ClaimBundles, Contacts},
    envelope::{MessagesSent, SendMessages},
    history::{AddSegment, SegmentAdded},
    ids::SegmentId,
    limits::SEGMENT_BYTES_MIN,
    poll::{Poll, PollAnswer},
    problem::ProblemCode::*,
    proof::Proof,
    recovery::{RecoveryProof, SetRecovery},
    sign_in::SignedUp,
    vault::{ReplaceVault, Vault},
};
use rusqlite::{Connection, types::Value};
use std::collections::BTreeSet;

/// Far from every other number in the database: wherever it is found, it is the account's.
const ALICES_ID: i64 = 987_654_321;

/// What tells the account: anything that holds one of these is something of it.
struct Traces {
    id: i64,
    email: String,
    bytes: Vec<Vec<u8>>,
}

impl Traces {
    fn of(people: &[&Person]) -> Self {
        let mut bytes: Vec<Vec<u8>> = people.iter().map(|person| person.device().0.as_bytes().to_vec()).collect();
        bytes.push(people[0].key.account_key().hash().0.to_vec());
        bytes.push(people[0].key.account_key().as_der().to_vec());
        Self { id: ALICES_ID, email: people[0].email.to_string(), bytes }
    }

    fn are_in(&self, value: &Value) -> bool {
        let holds = |whole: &[u8], part: &[u8]| whole.windows(part.len()).any(|window| window == part);
        match value {
            Value::Integer(number) => *number == self.id,
            Value::Text(text) => text.contains(&self.email),
            Value::Blob(blob) => self.bytes.iter().any(|bytes| holds(blob, bytes)),
            Value::Null | Value::Real(_) => false,
        }
    }

    /// The columns of this database that hold one, as `table.column`: of all tables, those of later migrations too.
    fn found_in(&self, database: &Connection) -> BTreeSet<String> {
        let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        let names: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let mut found = BTreeSet::new();
        for table in names {
            let mut select = database.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
            let columns: Vec<String> = select.column_names().iter().map(|name| (*name).to_owned()).collect();
            let mut rows = select.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for (place, column) in columns.iter().enumerate() {
                    if self.are_in(&row.get(place).unwrap()) {
                        found.insert(format!("{table}.{column}"));
                    }
                }
            }
        }
        found
    }
}

async fn contacts(server: &TestServer, who: &Person) -> Contacts {
    server.get(who, "/contacts").await.expect(200)
}

async fn befriend(server: &TestServer, one: &Person, other: &Person) {
    server.add(one, other).await;
    server.add(other, one).await;
}

async fn delete(server: &TestServer, who: &Person) {
    let reply = server.delete_with(who, "/account", &server.proof(who, PASSWORD).await).await;
    reply.expect_nothing();
    assert!(reply.headers.iter().any(|header| header.contains("__Host-cliquet=;")), "{:?}", reply.headers);
}

fn open(server: &TestServer, file: &str) -> Connection {
    Connection::open(server.folder().join(file)).unwrap()
}

#[rocket::async_test]
async fn everything_of_a_deleted_account_goes() {
    let server = TestServer::start().await;
    let bob = server.sign_up("bob@example.org").await;
    let carol = server.sign_up("carol@example.org").await;
    server.database().execute("UPDATE account_ids SET last = ?1", [ALICES_ID - 1]).unwrap();
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    // Something in every table.
    befriend(&server, &alice, &bob).await;
    server.add(&carol, &alice).await;
    server.put(&alice, "/contacts/carol@example.org/decline", &()).await.expect_nothing();
    server.put(&alice, "/contacts/carol@example.org/block", &()).await.expect_nothing();
    server.put(&bob, "/contacts/alice@example.org/block", &()).await.expect_nothing();
    server.delete(&bob, "/contacts/alice@example.org/block").await.expect_nothing();
    let vault: Vault = server.get(&alice, "/vault").await.expect(200);
    let (attempt, finalization) = server.prove(&alice.email, PASSWORD).await;
    let verifier = RecoveryProof(Bytes([1; 32])).verifier();
    let locked = crate::support::house::vault(2, b"locked");
    let set = SetRecovery { attempt, finalization, verifier, vault: locked.clone(), replaces: vault.vault.digest() };
    server.put(&alice, "/recovery", &set).await.expect_nothing();
    let changed = crate::support::house::vault(2, b"changed");
    let replace = ReplaceVault { vault: changed, replaces: locked.digest(), proof: None };
    server.put(&alice, "/vault", &replace).await.expect_nothing();
    let segment = AddSegment { id: SegmentId::from_parts(1, [1; 10]), segment: Blob(vec![1; SEGMENT_BYTES_MIN]) };
    let _: SegmentAdded = server.post(&alice, "/history", &segment).await.expect(201);
    let mut to_phone = letter(1, &bob, &alice);
    to_phone.receiver_device = phone.device();
    let post = SendMessages { envelopes: vec![letter(2, &bob, &alice), to_phone], ..Default::default() };
    let _: MessagesSent = server.post(&bob, "/messages", &post).await.expect(201);

    let subscribed = "INSERT INTO push_subscriptions (device_id, endpoint) VALUES (?1, 'https://push.example.org/1')";
    server.database().execute(subscribed, [phone.device().0]).unwrap();
    audit::record(&server.database(), audit::Action::ResumeAccount, &"alice@example.org", audit::Actor::CommandLine, 1)
        .unwrap();

    let traces = Traces::of(&[&alice, &phone]);
    let found = traces.found_in(&server.database());
    let tables: BTreeSet<&str> = found.iter().map(|column| column.split('.').next().unwrap()).collect();
    let rows = server.rows();
    // Those that are empty before a deletion, and those that name no account.
    let others = ["server_secrets", "invites", "announcements", "resting_addresses", "deleted_contacts", "leftovers"];
    let expected: BTreeSet<&str> = rows.keys().map(String::as_str).filter(|table| !others.contains(table)).collect();
    assert_eq!(tables, expected, "a table that this test puts nothing of the account into is not tested by it");
    assert!(!traces.found_in(&open(&server, "history.sqlite")).is_empty());
    assert!(!traces.found_in(&open(&server, "mailbox.db")).is_empty());

    let (polled, ()) = server.while_polling(&phone, delete(&server, &alice)).await;
    let _: PollAnswer = polled.expect(200);
    // The host's own log names whom the host acted on, for a year.
    let kept = ["account_ids.last", "audit.subject", "deleted_contacts.address", "resting_addresses.address"];
    assert_eq!(traces.found_in(&server.database()), kept.map(str::to_owned).into());
    assert_eq!(traces.found_in(&open(&server, "history.sqlite")), BTreeSet::new());
    assert_eq!(traces.found_in(&open(&server, "mailbox.db")), BTreeSet::new());
    for person in [&alice, &phone] {
        server.get(person, "/vault").await.expect_problem(SignedOut);
    }
    // As if there had never been one.
    server.sign_in("alice@example.org", PASSWORD, None).await.expect_problem(SignInRefused);
    server.sign_in("nobody@example.org", PASSWORD, None).await.expect_problem(SignInRefused);
    let stranger = server.sign_up("dave@example.org").await;
    server.get(&stranger, "/contacts/search?email=alice@example.org").await.expect_problem(UnknownAccount);
    // Nothing of anybody else.
    let _: Vault = server.get(&bob, "/vault").await.expect(200);
    server.add(&bob, &carol).await;
}

#[rocket::async_test]
async fn a_stolen_sign_in_deletes_no_account() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let rows = server.rows();
    server.delete(&alice, "/account").await.expect_problem(Malformed);
    for (proof, problem) in [
        (server.proof(&alice, b"wrong").await, PasswordRefused),
        (server.proof(&bob, PASSWORD).await, PasswordRefused),
        (Proof::RecoveryKey(RecoveryProof(Bytes([5; 32]))), RecoveryRefused),
    ] {
        server.delete_with(&alice, "/account", &proof).await.expect_problem(problem);
    }
    let good = server.proof(&alice, PASSWORD).await;
    server.delete_with(&bob, "/account", &good).await.expect_problem(PasswordRefused);
    server.delete_with(None, "/account", &server.proof(&alice, PASSWORD).await).await.expect_problem(SignedOut);
    assert_eq!(server.rows(), rows);
    let _: Vault = server.get(&alice, "/vault").await.expect(200);
}

#[rocket::async_test]
async fn the_recovery_key_proves_it_too() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let verifier = RecoveryProof(Bytes([5; 32])).verifier();
    let set = "UPDATE accounts SET recovery_verifier = ?1, recovery_set = 7";
    server.database().execute(set, [verifier.0]).unwrap();
    let proof = Proof::RecoveryKey(RecoveryProof(Bytes([5; 32])));
    server.delete_with(&alice, "/account", &proof).await.expect_nothing();
    server.get(&alice, "/vault").await.expect_problem(SignedOut);
}

#[rocket::async_test]
async fn contacts_are_told_and_nobody_else() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let carol = server.sign_up("carol@example.org").await;
    let dave = server.sign_up("dave@example.org").await;
    befriend(&server, &alice, &bob).await;
    server.add(&carol, &alice).await;
    server.put(&alice, "/contacts/carol@example.org/block", &()).await.expect_nothing();
    // Alice added Dave, who did not add her.
    server.add(&alice, &dave).await;
    delete(&server, &alice).await;
    let post = |from: &Person| SendMessages { envelopes: vec![letter(1, from, &alice)], ..Default::default() };
    let claim = ClaimBundles { devices: vec![alice.device()], token: None };
    for (who, problem) in [(&bob, AccountDeleted), (&carol, AccountDeleted), (&dave, NotAContact)] {
        server.post(who, "/messages", &post(who)).await.expect_problem(problem);
        server.post(who, "/contacts/alice@example.org/bundles", &claim).await.expect_problem(problem);
        let looked_up = server.get(who, "/contacts/alice@example.org").await;
        looked_up.expect_problem(if problem == AccountDeleted { AccountDeleted } else { UnknownAccount });
        let told: &[Address] = if problem == AccountDeleted { std::slice::from_ref(&alice.email) } else { &[] };
        let listed = contacts(&server, who).await;
        assert_eq!((listed.deleted.as_slice(), listed.contacts.len()), (told, 0));
    }
    // Until they take it off their list, or a year has passed.
    server.delete(&carol, "/contacts/alice@example.org").await.expect_nothing();
    assert_eq!(contacts(&server, &carol).await.deleted, []);
    server.post(&carol, "/messages", &post(&carol)).await.expect_problem(NotAContact);
    server.database().execute("UPDATE sign_ins SET expires = ?1", [server.now_ms() + 1000 * DAY_MS]).unwrap();
    server.pass(365 * DAY_MS - 1);
    server.sign_up("erin@example.org").await;
    assert_eq!(contacts(&server, &bob).await.deleted.len(), 1);
    server.pass(1);
    server.sign_up("frank@example.org").await;
    assert_eq!(contacts(&server, &bob).await.deleted, []);
}

#[rocket::async_test]
async fn the_address_of_a_deleted_account_rests_for_the_days_of_the_setting() {
    let server = TestServer::with(&[("address_rest_days", "10")]).await;
    let bob = server.sign_up("bob@example.org").await;
    let (_, finish) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    let alice = server.sign_up("alice@example.org").await;
    befriend(&server, &alice, &bob).await;
    delete(&server, &alice).await;
    server.pass(10 * DAY_MS - 1);
    let taken = server.begin_sign_up("bob@example.org", None).await.err().unwrap();
    let resting = server.begin_sign_up("alice@example.org", None).await.err().unwrap();
    resting.expect_problem(AddressTaken);
    assert_eq!(resting.body, taken.body, "sign-up does not tell a resting address from a taken one");
    // The second step asks again.
    server.post(None, "/sign-up/finish", &finish).await.expect_problem(AddressTaken);
    server.pass(1);
    let again = server.sign_up("alice@example.org").await;
    assert_eq!(server.rows()["resting_addresses"], 0, "what has rested is swept");
    // It is another account: a contact of the first is told of the end until they add this one.
    assert_eq!(contacts(&server, &bob).await.deleted, [alice.email]);
    server.add(&bob, &again).await;
    assert_eq!(contacts(&server, &bob).await.deleted, []);
}

#[rocket::async_test]
async fn no_rest_is_no_rest() {
    let server = TestServer::with(&[("address_rest_days", "0")]).await;
    let alice = server.sign_up("alice@example.org").await;
    delete(&server, &alice).await;
    server.sign_up("alice@example.org").await;
}

#[rocket::async_test]
async fn no_account_gets_the_id_of_a_deleted_one() {
    let server = TestServer::with(&[("address_rest_days", "0")]).await;
    let ids = || {
        let mut ids: Vec<i64> = Vec::new();
        let database = server.database();
        let mut select = database.prepare("SELECT id FROM accounts").unwrap();
        ids.extend(select.query_map([], |row| row.get::<_, i64>(0)).unwrap().map(Result::unwrap));
        ids
    };
    let alice = server.sign_up("alice@example.org").await;
    assert_eq!(ids(), [1]);
    delete(&server, &alice).await;
    let alice = server.sign_up("alice@example.org").await;
    assert_eq!(ids(), [2]);
    delete(&server, &alice).await;
    server.sign_up("bob@example.org").await;
    assert_eq!(ids(), [3]);
}

#[rocket::async_test]
async fn the_deletion_of_the_last_account_lets_no_stranger_in() {
    let server = TestServer::with(&[("registration", "invite")]).await;
    let alice = server.sign_up("alice@example.org").await;
    delete(&server, &alice).await;
    server.begin_sign_up("mallory@example.org", None).await.err().unwrap().expect_problem(InviteInvalid);
}

/// The process died between the commit and the mailboxes.
#[rocket::async_test]
async fn what_a_deletion_left_goes_at_the_next_start() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    befriend(&server, &alice, &bob).await;
    let post = SendMessages { envelopes: vec![letter(1, &bob, &alice)], ..Default::default() };
    let _: MessagesSent = server.post(&bob, "/messages", &post).await.expect(201);
    let segment = AddSegment { id: SegmentId::from_parts(1, [1; 10]), segment: Blob(vec![1; SEGMENT_BYTES_MIN]) };
    let _: SegmentAdded = server.post(&alice, "/history", &segment).await.expect(201);
    let mut database = server.database();
    database.pragma_update(None, "foreign_keys", true).unwrap();
    cliquet_server::database::write(&mut database, |transaction| {
        cliquet_server::deletion::delete(transaction, 1, &alice.email, 365, server.now_ms())
    })
    .unwrap();
    drop(database);
    assert_eq!(server.rows()["leftovers"], 2);
    let server = server.restart().await;
    assert_eq!(server.rows()["leftovers"], 0);
    let traces = Traces::of(&[&alice]);
    assert_eq!(traces.found_in(&open(&server, "history.sqlite")), BTreeSet::new());
    assert_eq!(traces.found_in(&open(&server, "mailbox.db")), BTreeSet::new());
}

#[rocket::async_test]
async fn nobody_takes_the_mailbox_of_a_deleted_account_over() {
    let server = TestServer::start().await;
    let (mallory, finish) = server.begin_sign_up("mallory@example.org", None).await.unwrap();
    let database = server.database();
    database.execute("INSERT INTO leftovers VALUES ('mailbox', ?1)", [mallory.device().0]).unwrap();
    server.post(None, "/sign-up/finish", &finish).await.expect_problem(KeyReused);
    database.execute("DELETE FROM leftovers", []).unwrap();
    let _: SignedUp = server.post(None, "/sign-up/finish", &finish).await.expect(201);
}

#[rocket::async_test]
async fn mailboxes_in_redis_go_too() {
    let redis = RedisServer::start();
    let url = redis.url();
    let server = TestServer::with(&[("mailbox", url.as_str())]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    befriend(&server, &alice, &bob).await;
    let post = SendMessages { envelopes: vec![letter(1, &bob, &alice)], ..Default::default() };
    let _: MessagesSent = server.post(&bob, "/messages", &post).await.expect(201);
    let answer: PollAnswer = server.post(&alice, "/poll", &Poll { cursor: 0, wait_seconds: Some(0) }).await.expect(200);
    assert_eq!(answer.deliveries.len(), 1);
    let keys = || {
        let keys = redis.command(&["KEYS", &format!("cliquet:{{{}}}:*", alice.device())]);
        let keys: Vec<String> = redis::from_redis_value(keys).unwrap();
        // That an id was used is forgotten by itself.
        keys.into_iter().filter(|key| !key.contains(":id:")).collect::<Vec<_>>()
    };
    assert!(!keys().is_empty());
    delete(&server, &alice).await;
    assert_eq!(keys(), [] as [String; 0]);
}
