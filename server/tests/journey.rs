//! The journey of one message: composed, sealed, saved, posted, checked, enqueued, waited for, opened, stored, shown,
//! acknowledged. Real keys, a real password, the real routes; only the network and the browser are missing.
//!
//! Read it from the top. What stands below the test is the small part of a browser that keeps records and asks.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

#[path = "support/folder.rs"]
mod folder;

use cliquet_server::clock::Clock;
use cliquet_web_crypto::{
    client::{
        compose::compose,
        conversation::{DeliveryStatus, Message, conversation_range},
        device::first_records,
        encrypt_next::{Needs, Next},
        messenger::{Messenger, Step},
        peer::Trust,
        records::{Changes, Record, Records, RecordsError, Store},
    },
    crypto::{
        OwnIdentity, PreKeySecrets,
        identity::sign_device_list,
        keys::Key,
        password::Registration,
        rsa::native::{NativeSigner, NativeVerifier},
        vault::{self, Owner, VaultKeys},
    },
};
use cliquet_wire::{
    address::Address,
    certificate::DeviceDirectory,
    contacts::{AddContact, Bundles, ClaimBundles},
    devices::DeviceUpload,
    envelope::{MessagesSent, SendMessages},
    opaque::Stretching,
    poll::{Poll, PollAnswer},
    sign_in::{SignUpFinish, SignUpStart, SignUpStarted, SignedUp},
};
use folder::files_under;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use rocket::{
    figment::Figment,
    http::{Cookie, Header, Status},
    local::asynchronous::Client,
    tokio::time::{Duration, Instant, sleep},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, path::Path};
use zeroize::Zeroizing;

const TEXT: &str = "Shall we meet at the bridge at nine?";

#[rocket::async_test]
async fn one_message_travels_from_alices_draft_to_bobs_screen() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;

    // Two people have accounts, each with one device. Their passwords stay where they were typed.
    let mut alice = sign_up(&server, "alice@example.org", b"correct horse battery staple").await;
    let mut bob = sign_up(&server, "bob@example.org", b"tr0ub4dor and three").await;

    // Alice adds Bob. The server answers with his directory; his account key signed all of it, and is pinned from now on.
    let directory: DeviceDirectory = alice.post("/contacts", &AddContact { email: "Bob@example.org".into() }).await;
    let step = alice.messenger.add_contact(directory, now(), &NativeVerifier).await.unwrap();
    alice.commit(step);

    // That leaves a hello to be sent. To seal it she claims a bundle of Bob's pre-keys, every signature checked before
    // any key is agreed on, and begins a session.
    alice.encrypt_next().await;
    alice.post_outbox().await;

    // Bob gets a contact request from someone who proved who she is, and accepts it. His hello answers hers.
    bob.poll_and_keep().await;
    assert_eq!(bob.messenger.contact(&alice.address()).unwrap().peer.trust, Trust::Requested);
    let directory: DeviceDirectory = bob.post("/contacts", &AddContact { email: "alice@example.org".into() }).await;
    let step = bob.messenger.add_contact(directory, now(), &NativeVerifier).await.unwrap();
    bob.commit(step);
    bob.encrypt_next().await;
    bob.post_outbox().await;
    alice.poll_and_keep().await;

    // Compose. Any tab may do this: the text is durable before anything else happens to it.
    let composed = compose(&alice.address(), &bob.address().into(), TEXT, None, now(), 0, &mut random()).unwrap();
    alice.disk.commit(&composed.changes);
    assert_eq!(alice.marks(&bob), [DeliveryStatus::Waiting]);

    // Seal and save. The next ratchet state and the finished post come in one step, durable before a byte leaves.
    let step = match alice.messenger.encrypt_next(&alice.disk, &[], now(), &mut random()).await.unwrap() {
        Next::Encrypted(step) => step,
        other => panic!("{other:?}: nothing is missing between people who know each other"),
    };
    alice.commit(step);
    let entry = alice.messenger.outbox().next().unwrap().clone();
    let envelopes = serde_json::from_str::<SendMessages>(&entry.body).unwrap().envelopes;
    assert_eq!(envelopes.len(), 1, "one envelope for Bob's one device");
    assert!(envelopes[0].pre_key_message.is_none(), "Bob has answered, so the session is agreed on");
    assert!(!entry.body.contains(TEXT));

    // Meanwhile Bob's device waits: his poll was answered with nothing yet, and is held.
    let held = async {
        let since = Instant::now();
        let answer: PollAnswer =
            bob.post("/poll", &Poll { cursor: bob.messenger.cursor(), wait_seconds: Some(20) }).await;
        (answer, since.elapsed())
    };
    // Post. The server checks who sends, to whom, and for which devices; enqueues; and answers once that is durable.
    let posted = async {
        sleep(Duration::from_millis(300)).await;
        alice.send("/messages", entry.body.clone()).await
    };
    let ((answer, waited), sent) = rocket::tokio::join!(held, posted);
    let sent: MessagesSent = sent;
    assert!(
        waited >= Duration::from_millis(300) && waited < Duration::from_secs(10),
        "woken, not timed out: {waited:?}"
    );
    let step = alice.messenger.sent(&alice.disk, entry.id, &sent, sent.timestamp).await.unwrap();
    alice.commit(step);
    assert_eq!(alice.marks(&bob), [DeliveryStatus::Sent]);

    // A lost answer would have made Alice post the same bytes again. That changes nothing.
    let again: MessagesSent = alice.send("/messages", entry.body).await;
    assert!(again.timestamp >= sent.timestamp);

    // The server holds an envelope that it cannot open: the text stands in none of its files.
    assert!(!anything_contains(folder.path(), TEXT.as_bytes()));
    assert!(anything_contains(folder.path(), b"new_ratchet_public_key"), "though the envelope does");

    // Open and store. The text, the next ratchet state and the cursor come in one step.
    assert_eq!(answer.deliveries.len(), 1);
    let step = bob.receive(&answer).await.remove(0);
    let stores: Vec<Store> = step.changes.puts.iter().map(|put| put.store).collect();
    assert!([Store::Messages, Store::Sessions, Store::Cursor].iter().all(|store| stores.contains(store)));
    bob.commit(step);

    // Show. What Bob reads is what Alice wrote.
    assert_eq!(bob.texts(&alice), [TEXT]);
    assert_eq!(bob.messenger.contact(&alice.address()).unwrap().conversation.unread, 1);

    // Acknowledge. Until now the mailbox kept the envelope, had Bob's battery died; his next poll lets it go.
    let everything = Poll { cursor: 0, wait_seconds: Some(0) };
    assert_eq!(bob.post::<PollAnswer>("/poll", &everything).await.deliveries.len(), 1);
    assert_eq!(bob.poll_and_keep().await, 0);
    assert!(bob.post::<PollAnswer>("/poll", &everything).await.deliveries.is_empty(), "the mailbox is empty");

    // And Bob's device tells Alice's, sealed like everything else.
    bob.encrypt_next().await;
    bob.post_outbox().await;
    alice.poll_and_keep().await;
    assert_eq!(alice.marks(&bob), [DeliveryStatus::Delivered]);
}

/// A person's browser, as far as it matters here.
struct Person<'s> {
    server: &'s Client,
    cookie: String,
    disk: Disk,
    messenger: Messenger,
}

/// What IndexedDB is to a browser.
#[derive(Default)]
struct Disk(BTreeMap<(Store, String), Zeroizing<Vec<u8>>>);

/// A server in a folder of its own, open to new accounts.
async fn server(folder: &Path) -> Client {
    let figment = Figment::from(rocket::Config::debug_default())
        .merge(("log_level", "off"))
        .merge(("data_dir", folder))
        .merge(("registration", "open"));
    Client::untracked(cliquet_server::build(figment, Clock::system()).unwrap()).await.unwrap()
}

/// OPAQUE (RFC 9807), an account key, a sealed vault, a first device with its pre-keys: one account.
async fn sign_up<'s>(server: &'s Client, email: &str, password: &[u8]) -> Person<'s> {
    let mut rng = random();
    let (registration, request) = Registration::start(password, &mut rng).unwrap();
    let start = SignUpStart { email: email.into(), invite: None, request };
    let (_, started): (_, SignUpStarted) = ask(server, "", "/sign-up/start", encode(&start)).await;
    let registered = registration.finish(password, &started.response, Stretching::CURRENT, &mut rng).unwrap();

    let email = started.email;
    let signer = NativeSigner::generate(random()).unwrap();
    let key = signer.account_key().clone();
    let root = Key::generate(&mut rng);
    let wrapped = signer.wrap(&VaultKeys::derive(&root).wrapping, &mut rng).unwrap();
    let export_key = registered.export_key.as_bytes();
    let owner = Owner { email: &email, account_key: &key };
    let vault = vault::make(owner, &root, export_key, &wrapped, 1, &mut rng).unwrap();
    let own = OwnIdentity::create(email.clone(), key.clone(), now(), 1, &signer, &mut rng).await.unwrap();
    let pre_keys = PreKeySecrets::generate(now() / 1000, &mut rng);
    let device_list = sign_device_list(email.clone(), &key, 1, vec![own.device()], now(), &signer).await.unwrap();
    let finish = SignUpFinish {
        vault,
        email,
        invite: None,
        record: registered.record,
        credential: started.credential,
        account_key: key,
        device_list,
        device: DeviceUpload {
            certificate: own.certificate().clone(),
            name: "Browser".into(),
            pre_keys: pre_keys.upload_all(&own, &signer).await.unwrap(),
        },
    };
    let directory = DeviceDirectory {
        email: finish.email.clone(),
        account_key: finish.account_key.clone(),
        device_list: finish.device_list.clone(),
        certificates: vec![own.certificate().clone()],
    };
    let (cookie, _): (_, SignedUp) = ask(server, "", "/sign-up/finish", encode(&finish)).await;

    let mut disk = Disk::default();
    disk.commit(&first_records(&own, &pre_keys, &directory));
    Person { server, cookie, messenger: disk.load(), disk }
}

impl Person<'_> {
    fn address(&self) -> Address {
        self.messenger.address().clone()
    }

    /// Durable first, then in memory.
    fn commit(&mut self, step: Step) {
        self.disk.commit(&step.changes);
        self.messenger.apply(step).unwrap();
    }

    /// Seals what is next, fetching from the server what is missing for it.
    async fn encrypt_next(&mut self) {
        loop {
            let next = self.messenger.encrypt_next(&self.disk, &[], now(), &mut random()).await.unwrap();
            let step = match next {
                Next::Idle => panic!("there is nothing to seal"),
                Next::Encrypted(step) => return self.commit(step),
                Next::Needs(Needs::Directory { address, .. }) => {
                    let directory: DeviceDirectory = self.get(&format!("/contacts/{address}")).await;
                    self.messenger.directory_arrived(directory, now(), &NativeVerifier).await
                }
                Next::Needs(Needs::Bundles { address, devices, token }) => {
                    let path = format!("/contacts/{address}/bundles");
                    let claimed: Bundles = self.post(&path, &ClaimBundles { devices, token }).await;
                    let mut rng = random();
                    self.messenger.bundles_arrived(&address, claimed.bundles, &NativeVerifier, &mut rng).await
                }
            };
            self.commit(step.unwrap());
        }
    }

    async fn post_outbox(&mut self) {
        let entry = self.messenger.outbox().next().unwrap().clone();
        let sent: MessagesSent = self.send("/messages", entry.body).await;
        let step = self.messenger.sent(&self.disk, entry.id, &sent, sent.timestamp).await.unwrap();
        self.commit(step);
    }

    /// Tells how many deliveries came.
    async fn poll_and_keep(&mut self) -> usize {
        let answer: PollAnswer =
            self.post("/poll", &Poll { cursor: self.messenger.cursor(), wait_seconds: Some(0) }).await;
        for delivery in &answer.deliveries {
            let step = self.messenger.receive(delivery, &self.disk, &NativeVerifier, now(), &mut random()).await;
            self.commit(step.unwrap());
        }
        answer.deliveries.len()
    }

    /// One step for each delivery, not committed yet.
    async fn receive(&self, answer: &PollAnswer) -> Vec<Step> {
        let mut steps = Vec::new();
        for delivery in &answer.deliveries {
            let step = self.messenger.receive(delivery, &self.disk, &NativeVerifier, now(), &mut random()).await;
            steps.push(step.unwrap());
        }
        steps
    }

    fn lines(&self, with: &Person<'_>) -> Vec<Message> {
        let (from, to) = conversation_range(&with.address().into());
        let lines = self.disk.0.range((Store::Messages, from)..(Store::Messages, to));
        lines.map(|(_, value)| Message::load(value).unwrap()).collect()
    }

    fn marks(&self, with: &Person<'_>) -> Vec<DeliveryStatus> {
        self.lines(with).iter().map(|line| line.status).collect()
    }

    fn texts(&self, with: &Person<'_>) -> Vec<String> {
        self.lines(with).iter().map(|line| line.text().to_owned()).collect()
    }

    async fn post<A: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> A {
        self.send(path, encode(body)).await
    }

    async fn send<A: DeserializeOwned>(&self, path: &str, body: String) -> A {
        ask(self.server, &self.cookie, path, body).await.1
    }

    async fn get<A: DeserializeOwned>(&self, path: &str) -> A {
        let request = self.server.get(path.to_owned()).header(Header::new("Accept", "application/json"));
        let response = request.cookies(Cookie::parse(self.cookie.clone())).dispatch().await;
        assert_eq!(response.status(), Status::Ok, "{path}");
        serde_json::from_str(&response.into_string().await.unwrap()).unwrap()
    }
}

impl Disk {
    fn commit(&mut self, changes: &Changes) {
        for (store, key) in &changes.deletes {
            self.0.remove(&(*store, key.clone()));
        }
        for put in &changes.puts {
            self.0.insert((put.store, put.key.clone()), put.value.clone());
        }
    }

    fn load(&self) -> Messenger {
        let in_memory = self.0.iter().filter(|((store, _), _)| Store::IN_MEMORY.contains(store));
        Messenger::load(in_memory.map(record)).unwrap()
    }
}

impl Records for Disk {
    async fn get(&self, store: Store, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, RecordsError> {
        Ok(self.0.get(&(store, key.to_owned())).cloned())
    }

    async fn next(&self, store: Store, key: &str) -> Result<Option<Record>, RecordsError> {
        Ok(self.0.iter().find(|((s, k), _)| *s == store && k.as_str() > key).map(record))
    }

    async fn all_under(&self, store: Store, owner: &str) -> Result<Vec<Record>, RecordsError> {
        let found = self.0.iter().filter(|((s, key), _)| *s == store && key.starts_with(&format!("{owner}/")));
        Ok(found.map(|((_, key), value)| Record { store, key: key.clone(), value: value.clone() }).collect())
    }
}

fn record(((store, key), value): (&(Store, String), &Zeroizing<Vec<u8>>)) -> Record {
    Record { store: *store, key: key.clone(), value: value.clone() }
}

/// Posts as a page of this server does. Gives the cookie that came, and the answer.
async fn ask<A: DeserializeOwned>(server: &Client, cookie: &str, path: &str, body: String) -> (String, A) {
    let mut request = server.post(path.to_owned()).body(body).cookies(Cookie::parse(cookie.to_owned()));
    for (name, value) in [("Accept", "application/json"), ("Sec-Fetch-Site", "same-origin")] {
        request.add_header(Header::new(name, value));
    }
    let response = request.dispatch().await;
    let status = response.status();
    let cookie = response.headers().get("Set-Cookie").find(|set| set.starts_with("__Host-cliquet="));
    let cookie = cookie.and_then(|set| set.split(';').next()).unwrap_or_default().to_owned();
    let answer = response.into_string().await.unwrap_or_default();
    assert!(status.code < 300, "{path}: {status} {answer}");
    (cookie, serde_json::from_str(&answer).unwrap())
}

fn encode(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap()
}

fn anything_contains(folder: &Path, sought: &[u8]) -> bool {
    files_under(folder).iter().any(|(_, bytes)| bytes.windows(sought.len()).any(|window| window == sought))
}

fn now() -> u64 {
    Clock::system().now_ms()
}

fn random() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
