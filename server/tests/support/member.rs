//! Owns people with the real client and without a browser: the messenger, its records in memory, and a real server.

use super::{
    disk::Disk,
    house::{self, Key, LIMITS, PASSWORD, QUICK, key_of, random},
    http::Client,
    program::Program,
};
use cliquet_web_crypto::{
    client::{
        compose::compose,
        conversation::{ConversationId, GroupId, Message, conversation_range},
        device::first_records,
        encrypt_next::{Needs, Next},
        group::{Change, Role},
        messenger::{Effect, Ignored, Messenger, Step},
        records::Store,
    },
    crypto::{
        OwnIdentity, PreKeySecrets,
        identity::sign_device_list,
        password::{Login, Registration},
        rsa::native::NativeVerifier,
        vault,
    },
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::Blob,
    certificate::{DeviceDirectory, DeviceList},
    contacts::{AddContact, AskDirectory, Bundles, ClaimBundles},
    delivery_token::DeliveryToken,
    devices::{DeviceUpload, RegisterDevice},
    envelope::MessagesSent,
    ids::DeviceId,
    opaque::Stretching,
    poll::{Delivery, Poll, PollAnswer},
    problem::Problem,
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignUpFinish, SignUpStart, SignUpStarted, SignedIn},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    future::Future,
    net::SocketAddr,
    path::Path,
    pin::pin,
    task::{Context, Poll as Polled, Waker},
    time::{SystemTime, UNIX_EPOCH},
};

/// Nothing in memory ever waits.
pub(crate) fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Polled::Ready(value) => value,
        Polled::Pending => panic!("the client waited for something"),
    }
}

pub(crate) fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// The value of `ROCKET_THROTTLES` for limits that nobody meets.
pub(crate) fn throttles() -> String {
    let limits: Vec<String> = LIMITS.iter().map(|limit| format!("{limit}=1000000")).collect();
    format!("{{{}}}", limits.join(","))
}

/// Lets everybody sign up, as often as they like.
pub(crate) fn open_server(folder: &Path) -> Program {
    let throttles = throttles();
    let settings =
        [("ROCKET_REGISTRATION", "open"), ("ROCKET_THROTTLES", &throttles), ("ROCKET_LOG_LEVEL", "critical")];
    Program::start(folder, &settings)
}

/// No sign-in's token. A program that shows one is no page of another site.
const NOBODY: &str = "none";

/// Asks, and takes the answer to a request that succeeds.
pub(crate) fn ask<T: DeserializeOwned>(
    client: &mut Client,
    token: &str,
    (method, path): (&str, &str),
    body: &impl Serialize,
) -> T {
    let answer = client.ask(method, path, token, &serde_json::to_string(body).unwrap()).unwrap();
    assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.body);
    let body = if answer.body.is_empty() { "null" } else { &answer.body };
    serde_json::from_str(body).unwrap()
}

/// Makes an account with this first device. Answers the token of its sign-in.
pub(crate) fn sign_up(client: &mut Client, email: &str, account_key: &AccountKey, (list, device): New) -> String {
    let (registration, request) = Registration::start(PASSWORD, &mut random()).unwrap();
    let start = SignUpStart { email: email.to_owned(), invite: None, request };
    let started: SignUpStarted = ask(client, NOBODY, ("POST", "/sign-up/start"), &start);
    let registered = registration.finish(PASSWORD, &started.response, QUICK, &mut random()).unwrap();
    let finish = SignUpFinish {
        email: started.email,
        invite: None,
        record: registered.record,
        credential: started.credential,
        account_key: account_key.clone(),
        vault: house::vault(1, b"sealed"),
        device_list: list,
        device,
    };
    let answer = client.post("/sign-up/finish", NOBODY, &serde_json::to_string(&finish).unwrap()).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.sign_in
}

/// A device that is not registered yet, and the list that has it.
pub(crate) type New = (DeviceList, DeviceUpload);

/// One device of a person.
pub(crate) struct Member {
    pub(crate) messenger: Messenger,
    pub(crate) disk: Disk,
    pub(crate) token: String,
    pub(crate) ignored: Vec<Ignored>,
    /// Texts that are new, or changed, since somebody took them.
    pub(crate) heard: Vec<String>,
    client: Client,
    signer: &'static Key,
}

impl Member {
    pub(crate) fn sign_up(server: SocketAddr, email: &str) -> Self {
        let mut client = Client::to(server);
        let address: Address = email.parse().unwrap();
        let signer = key_of(&address);
        let (own, pre_keys, new) = new_device(signer, &address, 1, &[]);
        let certificates = vec![own.certificate().clone()];
        let account_key = signer.account_key().clone();
        let directory = DeviceDirectory { email: address, account_key, device_list: new.0.clone(), certificates };
        let token = sign_up(&mut client, email, &directory.account_key, new);
        Self::with((client, token, signer), &own, &pre_keys, &directory)
    }

    /// Another device of the same person, which signs in with the password.
    pub(crate) fn another_device(server: SocketAddr, email: &str) -> Self {
        Self::enters(server, email, (PASSWORD, QUICK), |signed_in, _| key_of(&signed_in.directory.email))
    }

    /// Another device of somebody who signed up in a browser: the account key is in the vault.
    pub(crate) fn beside_a_browser(server: SocketAddr, email: &str, password: &str) -> Self {
        Self::enters(server, email, (password.as_bytes(), Stretching::CURRENT), |signed_in, export_key| {
            let DeviceDirectory { email, account_key, .. } = &signed_in.directory;
            let owner = vault::Owner { email, account_key };
            let root = vault::root_by_password(owner, export_key, &signed_in.vault).unwrap();
            let keys = vault::VaultKeys::derive(&root);
            let open = vault::open(owner, &keys.body, 0, &signed_in.vault).unwrap();
            // Made once for a whole run, and used to its end.
            Box::leak(Box::new(Key::unwrap(&open.wrapped, account_key, &keys.wrapping, random()).unwrap()))
        })
    }

    fn enters(
        server: SocketAddr,
        email: &str,
        (password, stretching): (&[u8], Stretching),
        account_key: impl FnOnce(&SignedIn, &[u8]) -> &'static Key,
    ) -> Self {
        let mut client = Client::to(server);
        let (login, request) = Login::start(password, &mut random()).unwrap();
        let start = SignInStart { email: email.to_owned(), request };
        let started: SignInStarted = ask(&mut client, NOBODY, ("POST", "/sign-in/start"), &start);
        let finished = login.finish(password, &started.response, &[stretching], &mut random()).unwrap();
        let finish = SignInFinish { attempt: started.attempt, finalization: finished.finalization, device: None };
        let answer = client.post("/sign-in/finish", NOBODY, &serde_json::to_string(&finish).unwrap()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let signed_in: SignedIn = serde_json::from_str(&answer.body).unwrap();
        let signer = account_key(&signed_in, finished.export_key.as_bytes());
        let before = signed_in.directory.device_list;
        let (own, pre_keys, (device_list, device)) =
            new_device(signer, &started.email, before.counter + 1, &before.devices);
        let register = RegisterDevice { device_list, device };
        let directory: DeviceDirectory = ask(&mut client, &answer.sign_in, ("POST", "/devices"), &register);
        Self::with((client, answer.sign_in, signer), &own, &pre_keys, &directory)
    }

    fn with(
        (client, token, signer): (Client, String, &'static Key),
        own: &OwnIdentity,
        pre_keys: &PreKeySecrets,
        directory: &DeviceDirectory,
    ) -> Self {
        let mut disk = Disk::default();
        disk.commit(&first_records(own, pre_keys, directory));
        let (ignored, heard) = (Vec::new(), Vec::new());
        Self { messenger: disk.load(), disk, token, ignored, heard, client, signer }
    }

    pub(crate) fn address(&self) -> &Address {
        self.messenger.address()
    }

    /// Durable first, then in memory.
    pub(crate) fn take(&mut self, step: Step) {
        self.disk.commit(&step.changes);
        for effect in &step.effects {
            match effect {
                Effect::Ignored(why) => self.ignored.push(*why),
                Effect::Message(message) => self.heard.push(message.text().to_owned()),
                _ => {}
            }
        }
        self.messenger.apply(step).unwrap();
    }

    fn ask<T: DeserializeOwned>(&mut self, method: &str, path: &str, body: &impl Serialize) -> T {
        ask(&mut self.client, &self.token, (method, path), body)
    }

    pub(crate) fn adds(&mut self, email: &Address) {
        let directory = self.ask("POST", "/contacts", &AddContact { email: email.to_string() });
        let step = now_or_never(self.messenger.add_contact(directory, now_ms(), &NativeVerifier)).unwrap();
        self.take(step);
    }

    /// Makes the account's delivery token. Contacts are told it.
    pub(crate) fn makes_token(&mut self) {
        let step = self.messenger.make_delivery_token(&mut random());
        self.take(step);
        let replace = self.messenger.delivery_token_to_set().unwrap();
        let () = self.ask("PUT", "/delivery-token", &replace);
        let step = self.messenger.delivery_token_is_set(replace.hash);
        self.take(step);
    }

    /// Everything that the leading tab does over and over, once. Tells whether there was something to do.
    pub(crate) fn turn(&mut self) -> bool {
        let sealed = self.seals_next();
        let posted = self.posts_next();
        let deliveries = self.fetches(0);
        self.receives(&deliveries);
        sealed || posted || !deliveries.is_empty()
    }

    /// Seals what is next, or fetches what is missing for it.
    pub(crate) fn seals_next(&mut self) -> bool {
        let mut rng = random();
        let next = now_or_never(self.messenger.encrypt_next(&self.disk, &[], now_ms(), &mut rng)).unwrap();
        match next {
            Next::Idle => return false,
            Next::Encrypted(step) => self.take(step),
            Next::Needs(needs) => self.brings(&needs),
        }
        true
    }

    fn brings(&mut self, needs: &Needs) {
        let step = match needs {
            Needs::Directory { address, token } => {
                let directory = directory(&mut self.client, &self.token, address, token.clone());
                now_or_never(self.messenger.directory_arrived(directory, now_ms(), &NativeVerifier))
            }
            Needs::Bundles { address, devices, token } => {
                let bundles = bundles(&mut self.client, &self.token, address, devices.clone(), token.clone());
                let rng = &mut random();
                now_or_never(self.messenger.bundles_arrived(address, bundles.bundles, &NativeVerifier, rng))
            }
        };
        self.take(step.unwrap());
    }

    pub(crate) fn posts_next(&mut self) -> bool {
        let Some(entry) = self.messenger.outbox().next().cloned() else { return false };
        let answer = self.client.post("/messages", &self.token, &entry.body).unwrap();
        let step = if answer.status == 201 {
            let sent: MessagesSent = serde_json::from_str(&answer.body).unwrap();
            now_or_never(self.messenger.sent(&self.disk, entry.id, &sent, now_ms()))
        } else {
            let Problem { code, accounts, .. } = serde_json::from_str(&answer.body).unwrap();
            now_or_never(self.messenger.refused(&self.disk, entry.id, code, &accounts, now_ms()))
        };
        self.take(step.unwrap());
        true
    }

    /// What a poll brings that waits for so long.
    pub(crate) fn fetches(&mut self, wait_seconds: u32) -> Vec<Delivery> {
        let poll = Poll { cursor: self.messenger.cursor(), wait_seconds: Some(wait_seconds) };
        self.ask::<PollAnswer>("POST", "/poll", &poll).deliveries
    }

    pub(crate) fn receives(&mut self, deliveries: &[Delivery]) {
        for delivery in deliveries {
            let mut rng = random();
            let step = self.messenger.receive(delivery, &self.disk, &NativeVerifier, now_ms(), &mut rng);
            let step = now_or_never(step).unwrap();
            self.take(step);
        }
    }

    /// Makes a group with these members.
    pub(crate) fn makes_group(&mut self, name: &str, members: &[(&Address, &AccountKey)]) -> GroupId {
        let adds = members.iter().map(|(address, key)| adds(address, key));
        let changes = adds.chain([Change::Name(name.to_owned())]).collect();
        let (signer, mut rng) = (self.signer, random());
        let (id, step) = now_or_never(self.messenger.create_group(changes, signer, now_ms(), &mut rng)).unwrap();
        self.take(step);
        id
    }

    pub(crate) fn changes(&mut self, id: GroupId, changes: Vec<Change>) {
        let step = now_or_never(self.messenger.change_group(id, changes, self.signer, now_ms())).unwrap();
        self.take(step);
    }

    pub(crate) fn says(&mut self, id: GroupId, text: &str) {
        self.writes(&ConversationId::Group(id), text);
    }

    pub(crate) fn writes(&mut self, conversation: &ConversationId, text: &str) {
        let newest = self.lines(conversation).last().map_or(0, |line| line.sort_time);
        let composed =
            compose(self.messenger.address(), conversation, text, None, now_ms(), newest, &mut random()).unwrap();
        self.disk.commit(&composed.changes);
    }

    pub(crate) fn lines(&self, conversation: &ConversationId) -> Vec<Message> {
        let (from, to) = conversation_range(conversation);
        let range = self.disk.0.range((Store::Messages, from)..(Store::Messages, to));
        range.map(|(_, value)| Message::load(value).unwrap()).collect()
    }

    /// The texts of a group, as `address: text`.
    pub(crate) fn texts(&self, id: GroupId) -> Vec<String> {
        let lines = self.lines(&ConversationId::Group(id)).into_iter().filter(|line| !line.is_notice());
        lines.map(|line| format!("{}: {}", line.sender, line.text())).collect()
    }
}

/// A member who is added.
pub(crate) fn adds(address: &Address, key: &AccountKey) -> Change {
    Change::Add { address: address.clone(), key_hash: key.hash(), role: Role::Member, hands_over: None }
}

/// As `Messenger` wants it: by the token of an account that is no contact.
pub(crate) fn directory(
    client: &mut Client,
    own: &str,
    address: &Address,
    token: Option<DeliveryToken>,
) -> DeviceDirectory {
    match token {
        Some(token) => ask(client, own, ("POST", &format!("/contacts/{address}/directory")), &AskDirectory { token }),
        None => {
            let answer = client.ask("GET", &format!("/contacts/{address}"), own, "").unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
            serde_json::from_str(&answer.body).unwrap()
        }
    }
}

pub(crate) fn bundles(
    client: &mut Client,
    own: &str,
    address: &Address,
    devices: Vec<DeviceId>,
    token: Option<DeliveryToken>,
) -> Bundles {
    ask(client, own, ("POST", &format!("/contacts/{address}/bundles")), &ClaimBundles { devices, token })
}

/// A device of the account with this address, and the list that has it as its last.
fn new_device(key: &Key, address: &Address, counter: u64, others: &[DeviceId]) -> (OwnIdentity, PreKeySecrets, New) {
    let (now, rng) = (now_ms(), &mut random());
    now_or_never(async {
        let account_key = key.account_key().clone();
        let own = OwnIdentity::create(address.clone(), account_key, now, counter, key, rng).await.unwrap();
        let devices = [others, &[own.device()]].concat();
        let list = sign_device_list(address.clone(), key.account_key(), counter, devices, now, key).await.unwrap();
        let pre_keys = PreKeySecrets::generate(now / 1000, rng);
        let upload = DeviceUpload {
            certificate: own.certificate().clone(),
            name: "Laptop".to_owned(),
            pre_keys: pre_keys.upload_all(&own, key).await.unwrap(),
        };
        (own, pre_keys, (list, upload))
    })
}
