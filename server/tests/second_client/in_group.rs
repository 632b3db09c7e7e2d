//! The second client in groups with ours, over the real server: what each says, the other shows, and what does not
//! count for one counts for neither.

use crate::{
    Second,
    support::{
        http::Client,
        member::{self, Member, adds, ask, open_server},
        program::Program,
    },
};
use cliquet_web_crypto::client::{
    conversation::GroupId,
    group::{Change, Role, Standing},
    messenger::Ignored,
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    certificate::DeviceDirectory,
    contacts::AddContact,
    delivery_token::{DeliveryToken, ReplaceDeliveryToken},
    devices::DeviceUpload,
    envelope::{Envelope, MessagesSent, SendMessages},
    ids::DeviceId,
    poll::{Poll, PollAnswer},
};
use serde::Deserialize;
use serde_json::{Value, json};

const BOB: &str = "bob@example.org";

/// The second client with an account at the server. What it wants of the server is brought and taken for it.
struct Bob {
    second: Second,
    client: Client,
    token: String,
    cursor: u64,
    account_key: AccountKey,
}

/// A member whom it cannot write to yet.
#[derive(Deserialize)]
struct Stranger {
    email: Address,
    token: Option<DeliveryToken>,
}

impl Bob {
    fn sign_up(server: &Program) -> Self {
        let (mut second, mut client) = (Second::start(BOB), Client::to(server.address()));
        let directory: DeviceDirectory = second.show("directory");
        let (certificate, pre_keys) = (second.show("certificate"), second.show("pre_keys"));
        let device = DeviceUpload { certificate, name: "Python".to_owned(), pre_keys };
        let new = (directory.device_list, device);
        let token = member::sign_up(&mut client, BOB, &directory.account_key, new);
        Self { second, client, token, cursor: 0, account_key: directory.account_key }
    }

    #[track_caller]
    fn does(&mut self, command: &Value) -> Value {
        let answer = self.second.ask(command);
        assert_eq!(answer.get("refused").filter(|why| why.is_string()), None, "{}", command["do"]);
        answer
    }

    /// Posts what a command answered.
    #[track_caller]
    fn posts(&mut self, command: &Value) -> Value {
        let mut answer = self.does(command);
        let envelopes: Vec<Envelope> = serde_json::from_value(answer["envelopes"].take()).unwrap();
        let tokens = serde_json::from_value(answer["tokens"].take()).unwrap_or_default();
        assert!(!envelopes.is_empty(), "{command}");
        let post = SendMessages { envelopes, tokens, urgent: false };
        let _: MessagesSent = ask(&mut self.client, &self.token, ("POST", "/messages"), &post);
        answer
    }

    /// What its mailbox has.
    fn fetches(&mut self) -> Vec<Envelope> {
        let poll = Poll { cursor: self.cursor, wait_seconds: Some(0) };
        let answer: PollAnswer = ask(&mut self.client, &self.token, ("POST", "/poll"), &poll);
        self.cursor = answer.deliveries.last().map_or(self.cursor, |delivery| delivery.cursor);
        answer.deliveries.into_iter().filter_map(|delivery| delivery.envelope).collect()
    }

    #[track_caller]
    fn hears(&mut self, envelopes: &[Envelope]) -> Vec<Value> {
        envelopes.iter().map(|envelope| self.does(&json!({ "do": "decrypt", "envelope": envelope }))).collect()
    }

    /// What came of one kind.
    #[track_caller]
    fn hears_of_kind(&mut self, kind: u64) -> Vec<Value> {
        let envelopes = self.fetches();
        self.hears(&envelopes).into_iter().filter(|said| said["kind"] == kind).collect()
    }

    /// Begins a session with each device that this directory has.
    fn meets(&mut self, directory: &DeviceDirectory, token: Option<DeliveryToken>) {
        let mut answer = self.does(&json!({ "do": "meet", "directory": directory }));
        let devices: Vec<DeviceId> = serde_json::from_value(answer["devices"].take()).unwrap();
        if !devices.is_empty() {
            let claimed = member::bundles(&mut self.client, &self.token, &directory.email, devices, token);
            for bundle in claimed.bundles {
                self.does(&json!({ "do": "begin", "directory": directory, "bundle": bundle }));
            }
        }
    }

    fn meets_strangers(&mut self, group: GroupId) {
        let mut answer = self.does(&json!({ "do": "strangers", "group": group.to_string() }));
        let strangers: Vec<Stranger> = serde_json::from_value(answer["strangers"].take()).unwrap();
        for Stranger { email, token } in strangers {
            let directory = member::directory(&mut self.client, &self.token, &email, token.clone());
            self.meets(&directory, token);
        }
    }

    /// They add each other. Somebody else than the other side is told of its token by her.
    fn gets_to_know(&mut self, alice: &mut Member) {
        alice.adds(&BOB.parse().unwrap());
        settle(&mut [alice]);
        assert_eq!(self.hears_of_kind(2).len(), 1, "her request");
        let add = AddContact { email: alice.address().to_string() };
        let directory: DeviceDirectory = ask(&mut self.client, &self.token, ("POST", "/contacts"), &add);
        self.meets(&directory, None);
        self.posts(&json!({ "do": "accept_request", "of": add.email }));
        let token = self.posts(&json!({ "do": "make_token", "to": add.email }));
        let hash = serde_json::from_value(token["hash"].clone()).unwrap();
        let replace = ReplaceDeliveryToken { hash: Some(hash), replaces: None };
        let () = ask(&mut self.client, &self.token, ("PUT", "/delivery-token"), &replace);
        settle(&mut [alice]);
    }

    fn says(&mut self, group: GroupId, text: &str) {
        self.posts(&json!({ "do": "say", "group": group.to_string(), "text": text }));
    }

    /// The group as it has it.
    fn group(&mut self, group: GroupId) -> Value {
        self.does(&json!({ "do": "group", "group": group.to_string() }))
    }
}

/// Until ours have nothing more to do.
fn settle(members: &mut [&mut Member]) {
    for _ in 0..200 {
        let mut is_busy = false;
        for member in members.iter_mut() {
            is_busy |= member.turn();
        }
        if !is_busy {
            return;
        }
    }
    panic!("they do not come to rest");
}

/// They add each other.
fn get_to_know(one: &mut Member, other: &mut Member) {
    one.adds(&other.address().clone());
    settle(&mut [one, other]);
    other.adds(&one.address().clone());
    settle(&mut [one, other]);
}

/// The group as ours has it, as the second client says it.
fn group_of(member: &Member, id: GroupId) -> Value {
    let chain = member.messenger.chain(id).unwrap();
    let state = chain.state().unwrap();
    let role = |role| if role == Role::Admin { "admin" } else { "member" };
    let members: serde_json::Map<String, Value> =
        state.members().map(|(address, member)| (address.to_string(), json!(role(member.role)))).collect();
    let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let path: Vec<String> = chain.links().map(|link| hex(link.statement().hash().0)).collect();
    json!({ "name": state.name(), "members": members, "path": path })
}

/// The key of one of ours.
fn key(member: &Member) -> &AccountKey {
    member.messenger.account_key()
}

/// Alice, who knows the two others, and what their group is. Bob and Carol know each other in it alone.
fn three(server: &Program) -> (Member, Bob, Member, GroupId) {
    let mut alice = Member::sign_up(server.address(), "alice@example.org");
    let mut carol = Member::sign_up(server.address(), "carol@example.org");
    let mut bob = Bob::sign_up(server);
    get_to_know(&mut alice, &mut carol);
    carol.makes_token();
    settle(&mut [&mut alice, &mut carol]);
    bob.gets_to_know(&mut alice);
    let bobs = (&BOB.parse().unwrap(), &bob.account_key.clone());
    let id = alice.makes_group("The bridge", &[bobs, (carol.address(), key(&carol))]);
    settle(&mut [&mut alice, &mut carol]);
    let told = bob.hears_of_kind(21);
    assert_eq!((told[0]["group"].as_str(), &told[0]["refused"]), (Some(id.to_string().as_str()), &json!(0)));
    bob.meets_strangers(id);
    (alice, bob, carol, id)
}

/// Requirements: G1, G3
#[test]
fn the_second_client_talks_in_a_group_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let server = open_server(folder.path());
    let (mut alice, mut bob, mut carol, id) = three(&server);
    assert_eq!(bob.group(id), group_of(&alice, id));
    assert_eq!(bob.group(id)["name"], "The bridge");

    // Each says something, and the two others show it.
    alice.says(id, "Shall we meet there?");
    settle(&mut [&mut alice, &mut carol]);
    assert_eq!(bob.hears_of_kind(1)[0]["text"], "Shall we meet there?");
    bob.says(id, "À neuf heures 👋");
    settle(&mut [&mut alice, &mut carol]);
    carol.says(id, "I am late");
    settle(&mut [&mut carol, &mut alice]);
    assert_eq!(bob.hears_of_kind(1)[0]["text"], "I am late");
    let said = [
        "alice@example.org: Shall we meet there?",
        "bob@example.org: À neuf heures 👋",
        "carol@example.org: I am late",
    ];
    assert_eq!((alice.texts(id), carol.texts(id)), (said.map(String::from).to_vec(), said.map(String::from).to_vec()));

    // A statement that did not come is asked for.
    alice.changes(id, vec![Change::Name("The new bridge".into())]);
    settle(&mut [&mut alice, &mut carol]);
    assert_eq!(bob.fetches().len(), 1, "it is lost on the way");
    alice.says(id, "It has a name");
    settle(&mut [&mut alice, &mut carol]);
    let heard = bob.hears_of_kind(1);
    assert_eq!((&heard[0]["text"], &heard[0]["lacks"]), (&json!("It has a name"), &json!(true)));
    bob.posts(&json!({ "do": "ask", "group": id.to_string(), "of": "alice@example.org" }));
    settle(&mut [&mut alice, &mut carol]);
    assert_eq!(bob.hears_of_kind(21).len(), 1);
    assert_eq!(bob.group(id), group_of(&alice, id));

    // What somebody says who was added waits for the statement that adds them.
    let mut dave = Member::sign_up(server.address(), "dave@example.org");
    get_to_know(&mut alice, &mut dave);
    dave.makes_token();
    settle(&mut [&mut alice, &mut dave]);
    alice.changes(id, vec![adds(dave.address(), key(&dave))]);
    settle(&mut [&mut alice, &mut carol, &mut dave]);
    let statement = bob.fetches();
    dave.says(id, "Hello all");
    settle(&mut [&mut dave, &mut alice, &mut carol]);
    let early = bob.hears_of_kind(1);
    assert_eq!((&early[0]["text"], &early[0]["lacks"]), (&Value::Null, &json!(true)));
    let told = bob.hears(&statement);
    assert_eq!(told.iter().find(|said| said["kind"] == 21).unwrap()["texts"], json!(["Hello all"]));
    assert_eq!(bob.group(id), group_of(&carol, id));

    // A member who was removed, and does not know it yet, is not heard.
    alice.changes(id, vec![Change::Remove(carol.address().clone())]);
    settle(&mut [&mut alice, &mut dave]);
    assert_eq!(bob.hears_of_kind(21).len(), 1);
    carol.says(id, "Am I still here?");
    while carol.posts_next() || carol.seals_next() {}
    settle(&mut [&mut alice, &mut dave]);
    let heard = bob.hears_of_kind(1);
    assert_eq!((&heard[0]["text"], &heard[0]["lacks"]), (&Value::Null, &json!(false)));
    assert!(!alice.texts(id).iter().any(|text| text.contains("still here")));
    assert_eq!(bob.group(id), group_of(&alice, id));
    settle(&mut [&mut carol]);
    assert_eq!(bob.group(id), group_of(&carol, id));
}

/// Requirements: G1, G2
#[test]
fn a_former_admin_of_ours_undoes_nothing_for_the_second_client() {
    let folder = tempfile::tempdir().unwrap();
    let server = open_server(folder.path());
    let (mut alice, mut bob, mut carol, id) = three(&server);
    alice.changes(id, vec![Change::SetRole { address: carol.address().clone(), role: Role::Admin }]);
    settle(&mut [&mut alice, &mut carol]);
    bob.hears_of_kind(21);
    // Carol does not hear that she was removed, and removes Alice.
    alice.changes(id, vec![Change::Remove(carol.address().clone())]);
    settle(&mut [&mut alice]);
    carol.changes(id, vec![Change::Remove(alice.address().clone())]);
    while carol.posts_next() || carol.seals_next() {}
    let (removed, undone) = (group_of(&alice, id), group_of(&carol, id));
    assert_ne!(removed, undone);
    // Hers comes first, and then Alice's.
    let (alices, hers): (Vec<Envelope>, Vec<Envelope>) =
        bob.fetches().into_iter().partition(|envelope| envelope.sender_email == *alice.address());
    bob.hears(&hers);
    assert_eq!(bob.group(id), undone);
    bob.hears(&alices);
    assert_eq!(bob.group(id), removed);
    settle(&mut [&mut alice, &mut carol]);
    assert_eq!((group_of(&alice, id), group_of(&carol, id)), (removed.clone(), removed));
}

/// Requirements: G1, G2, G3
#[test]
fn what_the_second_client_may_not_say_ours_does_not_take() {
    let folder = tempfile::tempdir().unwrap();
    let server = open_server(folder.path());
    let (mut alice, mut bob, mut carol, id) = three(&server);
    let group = id.to_string();
    let before = group_of(&alice, id);

    // A member who is no admin: its own check refuses it, and so does everybody's.
    let promotes = json!({ "do": "change", "group": group, "changes": [[2, [BOB, 1]]] });
    assert_eq!(bob.second.ask(&promotes)["refused"], "not valid");
    let mut unasked = promotes;
    unasked["unasked"] = json!(true);
    bob.posts(&unasked);
    settle(&mut [&mut alice, &mut carol]);
    assert_eq!([group_of(&alice, id), group_of(&carol, id), bob.group(id)], [before.clone(), before.clone(), before]);

    // An admin says something, and one bit of it is another: at every place of the statement.
    alice.changes(id, vec![Change::SetRole { address: BOB.parse().unwrap(), role: Role::Admin }]);
    settle(&mut [&mut alice, &mut carol]);
    bob.hears_of_kind(21);
    let head = group_of(&alice, id)["path"].as_array().unwrap().last().unwrap().clone();
    let before = group_of(&alice, id);
    bob.does(&json!({ "do": "change", "group": group, "changes": [[3, ["Bob's bridge"]]] }));
    for altered in (0..600).step_by(37) {
        let tells =
            json!({ "do": "tell", "group": group, "to": "alice@example.org", "after": head, "altered": altered });
        bob.posts(&tells);
        settle(&mut [&mut alice]);
        assert_eq!(group_of(&alice, id), before, "byte {altered}");
    }
    for to in ["alice@example.org", "carol@example.org"] {
        bob.posts(&json!({ "do": "tell", "group": group, "to": to, "after": head }));
    }
    settle(&mut [&mut alice, &mut carol]);
    assert_eq!(group_of(&alice, id)["name"], "Bob's bridge", "as it was signed, it counts");
    assert_eq!(bob.group(id), group_of(&carol, id));

    // Who is an admin no more undoes nothing, and is not heard.
    let head = group_of(&alice, id)["path"].as_array().unwrap().last().unwrap().clone();
    alice.changes(id, vec![Change::Remove(BOB.parse().unwrap())]);
    settle(&mut [&mut alice, &mut carol]);
    bob.hears_of_kind(21);
    let before = group_of(&alice, id);
    let mut undoes = json!({ "do": "change", "group": group, "changes": [[1, ["alice@example.org"]]], "after": head });
    undoes["unasked"] = json!(true);
    bob.posts(&undoes);
    settle(&mut [&mut alice, &mut carol]);
    assert_eq!([group_of(&alice, id), group_of(&carol, id), bob.group(id)], [before.clone(), before.clone(), before]);
    let says = json!({ "do": "say", "group": group, "text": "Still me" });
    assert_eq!(bob.second.ask(&says)["refused"], "not allowed");
    let mut unasked = says;
    unasked["unasked"] = json!(true);
    bob.posts(&unasked);
    settle(&mut [&mut alice, &mut carol]);
    for member in [&alice, &carol] {
        assert!(member.texts(id).is_empty());
        assert_eq!(member.ignored.last(), Some(&Ignored::NotAMember));
    }
}

/// Requirement: G1
#[test]
fn ours_takes_a_group_that_the_second_client_makes() {
    let folder = tempfile::tempdir().unwrap();
    let server = open_server(folder.path());
    let mut alice = Member::sign_up(server.address(), "alice@example.org");
    let mut bob = Bob::sign_up(&server);
    bob.gets_to_know(&mut alice);
    let made = bob.posts(&json!({ "do": "found", "name": "The café", "members": ["alice@example.org"] }));
    settle(&mut [&mut alice]);
    let id = alice.messenger.groups().next().unwrap().id;
    assert_eq!(
        (made["group"].as_str(), alice.messenger.group(id).unwrap().standing),
        (Some(id.to_string().as_str()), Standing::Joined)
    );
    bob.posts(
        &json!({ "do": "change", "group": id.to_string(), "changes": [[2, ["alice@example.org", 1]], [6, [86_400]]] }),
    );
    bob.says(id, "Welcome");
    settle(&mut [&mut alice]);
    assert_eq!(bob.group(id), group_of(&alice, id));
    assert_eq!(alice.texts(id), ["bob@example.org: Welcome"]);
    // As an admin she adds Carol, to whom Bob tells everything that she lacks.
    let mut carol = Member::sign_up(server.address(), "carol@example.org");
    get_to_know(&mut alice, &mut carol);
    carol.makes_token();
    settle(&mut [&mut alice, &mut carol]);
    alice.changes(id, vec![adds(carol.address(), key(&carol))]);
    settle(&mut [&mut alice, &mut carol]);
    bob.hears_of_kind(21);
    bob.meets_strangers(id);
    bob.says(id, "Welcome, Carol");
    settle(&mut [&mut alice, &mut carol]);
    assert_eq!(carol.texts(id), ["bob@example.org: Welcome, Carol"]);
}
