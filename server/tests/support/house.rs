//! A whole server on a folder of its own, and people with real keys and real passwords who use it.

use super::letters::{self, Correspondent};
pub use super::reply::Reply;
use cliquet_server::{accounts, clock::Clock, config, token::Token};
use cliquet_web_crypto::crypto::{
    OwnIdentity, PreKeySecrets, device_proof,
    identity::sign_device_list,
    password::{Login, Registration},
    rsa::{Signer as _, native::NativeSigner},
};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, PublicKey},
    certificate::{Certificate, DeviceDirectory, DeviceList},
    contacts::AddContact,
    devices::{DeviceUpload, RegisterDevice},
    envelope::Envelope,
    ids::DeviceId,
    limits::POLL_SECONDS_MAX,
    opaque::Stretching,
    password::{PasswordStarted, StartPassword},
    poll::Poll,
    pre_keys::{KemPreKey, SignedPreKey},
    proof::Proof,
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignUpFinish, SignUpStart, SignUpStarted, SignedIn, SignedUp},
};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use rocket::{
    figment::{Figment, value::Value},
    http::{Header, Method},
    local::asynchronous::Client,
};
use rusqlite::Connection;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

pub type Random = UnwrapErr<SysRng>;
pub type Key = NativeSigner<Random>;

pub const fn random() -> Random {
    UnwrapErr(SysRng)
}

/// How the passwords of these tests are stretched: what their server does with a record does not depend on it, and this
/// takes a fifth of the time.
pub const QUICK: Stretching = Stretching::V1;

/// The first of June 2026, noon.
pub const NOW_MS: u64 = 1_780_315_200_000;
pub const MINUTE_MS: u64 = 60_000;
pub const DAY_MS: u64 = 24 * 3600 * 1000;

pub struct TestServer {
    pub client: Client,
    time: Arc<AtomicU64>,
    folder: tempfile::TempDir,
    settings: Vec<(&'static str, String)>,
}

impl TestServer {
    /// Open to new accounts, with limits that no test meets by accident.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With settings as `ROCKET_…` variables would give them.
    pub async fn with(settings: &[(&'static str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self::launch(tempfile::tempdir().unwrap(), Arc::new(AtomicU64::new(NOW_MS)), settings).await
    }

    /// On a folder that something was put into.
    pub async fn on(folder: tempfile::TempDir) -> Self {
        Self::launch(folder, Arc::new(AtomicU64::new(NOW_MS)), Vec::new()).await
    }

    /// Stops, and starts on the same folder.
    pub async fn restart(self) -> Self {
        let Self { client, time, folder, settings } = self;
        drop(client);
        Self::launch(folder, time, settings).await
    }

    async fn launch(folder: tempfile::TempDir, time: Arc<AtomicU64>, settings: Vec<(&'static str, String)>) -> Self {
        let mut figment = Figment::from(config::rocket_defaults())
            .merge(("log_level", "off"))
            .merge(("data_dir", folder.path()))
            .merge(("registration", "open"));
        for limit in LIMITS {
            figment = figment.merge((format!("throttles.{limit}"), 1_000_000));
        }
        for (name, value) in &settings {
            // As a variable of the environment is read.
            let value: Value = value.parse().unwrap();
            figment = figment.merge((*name, value));
        }
        let clock = Arc::clone(&time);
        let server = cliquet_server::build(figment, Clock::new(move || clock.load(Ordering::SeqCst))).unwrap();
        Self { client: Client::untracked(server).await.unwrap(), time, folder, settings }
    }

    /// A setting for the next start.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.settings.push((name, value.to_owned()));
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn now_ms(&self) -> u64 {
        self.time.load(Ordering::SeqCst)
    }

    pub fn pass(&self, ms: u64) {
        self.time.fetch_add(ms, Ordering::SeqCst);
    }

    /// Its database, seen from outside.
    pub fn database(&self) -> Connection {
        Connection::open(self.folder.path().join(cliquet_server::database::FILE_NAME)).unwrap()
    }

    /// How many rows each table has: equal before and after means that nothing was stored, by half or whole.
    pub fn rows(&self) -> BTreeMap<String, u64> {
        let database = self.database();
        let mut tables = database
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .unwrap();
        let names: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let count = |name: &String| database.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get(0));
        names.into_iter().map(|name| (name.clone(), count(&name).unwrap())).collect()
    }

    /// An invite made by the host.
    pub fn invite(&self, expires_ms: u64) -> String {
        let token = Token::generate().unwrap();
        cliquet_server::invites::create(&self.database(), &token, 1, self.now_ms(), expires_ms).unwrap();
        token.write()
    }

    /// The host keeps this account out. Its id.
    pub fn suspend(&self, who: &Person) -> i64 {
        let database = self.database();
        let account = accounts::find(&database, &who.email).unwrap().unwrap();
        assert!(accounts::suspend(&database, account, self.now_ms()).unwrap());
        assert!(!accounts::suspend(&database, account, self.now_ms()).unwrap(), "it is suspended once");
        account
    }

    pub async fn get(&self, who: impl Into<Option<&Person>>, path: &str) -> Reply {
        self.ask(Method::Get, who, path, Vec::new(), &[]).await
    }

    pub async fn post(&self, who: impl Into<Option<&Person>>, path: &str, body: &impl Serialize) -> Reply {
        self.ask(Method::Post, who, path, serde_json::to_vec(body).unwrap(), &[]).await
    }

    pub async fn put(&self, who: impl Into<Option<&Person>>, path: &str, body: &impl Serialize) -> Reply {
        self.ask(Method::Put, who, path, serde_json::to_vec(body).unwrap(), &[]).await
    }

    pub async fn delete(&self, who: impl Into<Option<&Person>>, path: &str) -> Reply {
        self.ask(Method::Delete, who, path, Vec::new(), &[]).await
    }

    /// Asks as a page of this server would, with the person's cookie.
    pub async fn ask(
        &self,
        method: Method,
        who: impl Into<Option<&Person>>,
        path: &str,
        body: Vec<u8>,
        headers: &[(&'static str, &'static str)],
    ) -> Reply {
        let mut request = self.client.req(method, path.to_owned()).body(body);
        request.add_header(Header::new("Sec-Fetch-Site", "same-origin"));
        request.add_header(Header::new("Accept", "application/json"));
        if let Some(who) = who.into() {
            request = request.cookie((cliquet_server::cookies::COOKIE, who.token.clone()));
            request.set_remote(who.network);
        }
        for (name, value) in headers {
            request.replace_header(Header::new(*name, *value));
        }
        let response = request.dispatch().await;
        let status = response.status().code;
        let headers = response.headers().iter().map(|header| header.to_string()).collect();
        Reply { status, headers, body: response.into_string().await.unwrap_or_default() }
    }

    /// Signs a person up, as a browser does.
    pub async fn sign_up(&self, email: &str) -> Person {
        let (mut person, finish) = self.begin_sign_up(email, None).await.unwrap();
        let reply = self.post(&person, "/sign-up/finish", &finish).await;
        person.token = reply.cookie();
        let signed_up: SignedUp = reply.expect(201);
        assert_eq!(signed_up.device, person.device());
        person
    }

    /// All of a sign-up but its last post.
    pub async fn begin_sign_up(&self, email: &str, invite: Option<&str>) -> Result<(Person, SignUpFinish), Reply> {
        let (registration, request) = Registration::start(PASSWORD, &mut random()).unwrap();
        let start = SignUpStart { email: email.to_owned(), invite: invite.map(str::to_owned), request };
        let reply = self.post(None, "/sign-up/start", &start).await;
        if reply.status != 200 {
            return Err(reply);
        }
        let started: SignUpStarted = reply.expect(200);
        let registered = registration.finish(PASSWORD, &started.response, QUICK, &mut random()).unwrap();
        let person = Person::new(started.email, 1, &[]).await;
        let finish = SignUpFinish {
            email: person.email.clone(),
            invite: invite.map(str::to_owned),
            record: registered.record,
            credential: started.credential,
            account_key: person.key.account_key().clone(),
            vault: vault(1, b"sealed"),
            device_list: person.list.clone(),
            device: person.upload().await,
        };
        Ok((person, finish))
    }

    /// Proves a password without signing in: the attempt and what ends it. Nothing ends it when the password is wrong.
    pub async fn prove(&self, email: &Address, password: &[u8]) -> (Uuid, Blob) {
        let (login, request) = Login::start(password, &mut random()).unwrap();
        let start = SignInStart { email: email.to_string(), request };
        let started: SignInStarted = self.post(None, "/sign-in/start", &start).await.expect(200);
        let finished = login.finish(password, &started.response, &[QUICK], &mut random());
        (started.attempt, finished.map_or_else(|_| Blob(vec![7; 64]), |logged_in| logged_in.finalization))
    }

    /// The same, as a request takes it.
    pub async fn proof(&self, who: &Person, password: &[u8]) -> Proof {
        let (attempt, finalization) = self.prove(&who.email, password).await;
        Proof::Password { attempt, finalization }
    }

    /// As [`TestServer::delete`], with a body.
    pub async fn delete_with(&self, who: impl Into<Option<&Person>>, path: &str, body: &impl Serialize) -> Reply {
        self.ask(Method::Delete, who, path, serde_json::to_vec(body).unwrap(), &[]).await
    }

    /// A change that was proven with this password, and the record of the new one.
    pub async fn begin_change(&self, who: &Person, old: &[u8], new: &[u8]) -> (Uuid, Blob) {
        let (attempt, finalization) = self.prove(&who.email, old).await;
        let (registration, request) = Registration::start(new, &mut random()).unwrap();
        let start = StartPassword { attempt, finalization, request };
        let started: PasswordStarted = self.post(who, "/password/start", &start).await.expect(200);
        (started.change, registration.finish(new, &started.response, QUICK, &mut random()).unwrap().record)
    }

    /// Holds a poll for them, does something, and takes the answer to the poll. Fails when it was held to its deadline.
    pub async fn while_polling<T>(&self, who: &Person, work: impl Future<Output = T>) -> (Reply, T) {
        let poll = Poll { cursor: 0, wait_seconds: Some(POLL_SECONDS_MAX) };
        let start = Instant::now();
        let held = async {
            let reply = self.post(who, "/poll", &poll).await;
            (reply, start.elapsed())
        };
        let work = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            work.await
        };
        let ((reply, held), done) = rocket::tokio::join!(held, work);
        assert!(held.as_secs() < u64::from(POLL_SECONDS_MAX), "the poll was held to its end");
        (reply, done)
    }

    /// Signs in with this password, as this device; the answer to the first post that was refused, or to the last.
    pub async fn sign_in(&self, email: &str, password: &[u8], device: Option<&OwnIdentity>) -> Reply {
        match self.begin_sign_in(email, password, device).await {
            Ok((finish, _)) => self.post(None, "/sign-in/finish", &finish).await,
            Err(refused) => refused,
        }
    }

    /// All of a sign-in but its last post, and what it was challenged with.
    pub async fn begin_sign_in(
        &self,
        email: &str,
        password: &[u8],
        device: Option<&OwnIdentity>,
    ) -> Result<(SignInFinish, PublicKey), Reply> {
        let (login, request) = Login::start(password, &mut random()).unwrap();
        let reply = self.post(None, "/sign-in/start", &SignInStart { email: email.to_owned(), request }).await;
        if reply.status != 200 {
            return Err(reply);
        }
        let SignInStarted { attempt, response, challenge, .. } = reply.expect(200);
        // A wrong password shows in the browser already; a browser that lies sends something of the right form.
        let finalization = match login.finish(password, &response, &[QUICK], &mut random()) {
            Ok(logged_in) => logged_in.finalization,
            Err(_) => Blob(vec![7; 64]),
        };
        let proof = device.map(|device| device_proof::prove(device, &challenge, attempt, &finalization).unwrap());
        Ok((SignInFinish { attempt, finalization, device: proof }, challenge))
    }

    /// Signs this person in from another browser, which is no device yet.
    pub async fn another_browser(&self, person: &Person) -> Person {
        let reply = self.sign_in(person.email.as_str(), PASSWORD, None).await;
        let token = reply.cookie();
        let signed_in: SignedIn = reply.expect(200);
        let list = signed_in.directory.device_list;
        let mut other = Person::new(person.email.clone(), list.counter + 1, &list.devices).await;
        other.token = token;
        other
    }

    /// Gives this person a second device; the first one learns of the new list.
    pub async fn second_device(&self, person: &mut Person) -> Person {
        let other = self.another_browser(person).await;
        let _: DeviceDirectory = self.post(&other, "/devices", &other.registration().await).await.expect(201);
        person.list = other.list.clone();
        other
    }

    pub async fn add(&self, who: &Person, contact: &Person) -> DeviceDirectory {
        self.post(who, "/contacts", &AddContact { email: contact.email.to_string() }).await.expect(201)
    }
}

/// The settings that say how often before 429.
pub const LIMITS: [&str; 18] = [
    "request_per_account_hour",
    "guess_per_network_hour",
    "guess_per_address_and_network_hour",
    "guess_per_address_and_vicinity_hour",
    "guess_per_address_hour",
    "guess_per_known_browser_hour",
    "sign_up_per_ip_hour",
    "sign_up_per_invite_hour",
    "look_up_per_account_hour",
    "claim_per_requester_hour",
    "claim_per_pair_hour",
    "one_time_per_target_hour",
    "post_per_account_hour",
    "ephemeral_per_account_hour",
    "change_per_account_hour",
    "history_per_account_hour",
    "file_per_account_hour",
    "chunk_per_account_hour",
];

/// A vault that has this head and body. To the server it is a vault like any other.
pub fn vault(head: u8, body: &[u8]) -> Blob {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    Blob([&[0x82, 1, 0xa3, 0, 0x41, head, 2, 0x41, 8, 3, 0x5a][..], &length, body].concat())
}

pub const PASSWORD: &[u8] = b"correct horse battery staple";

/// Account keys are slow to make, so there are three: Alice's, Bob's, and everyone else's.
static KEYS: [LazyLock<Key>; 3] = [const { LazyLock::new(|| Key::generate(random()).unwrap()) }; 3];

pub fn key_of(email: &Address) -> &'static Key {
    let name = email.as_str();
    &KEYS[if name.starts_with("alice") {
        0
    } else if name.starts_with("bob") {
        1
    } else {
        2
    }]
}

/// One person in one browser.
pub struct Person {
    pub email: Address,
    pub key: &'static Key,
    pub identity: OwnIdentity,
    pub pre_keys: PreKeySecrets,
    /// The account's list once this device is in it.
    pub list: DeviceList,
    /// What the cookie holds.
    pub token: String,
    /// Where they ask from.
    pub network: SocketAddr,
}

impl Person {
    /// A browser with a new device, which enters the list behind the others.
    pub async fn new(email: Address, counter: u64, others: &[DeviceId]) -> Self {
        let key = key_of(&email);
        let account_key = key.account_key().clone();
        let rng = &mut random();
        let identity = OwnIdentity::create(email.clone(), account_key, NOW_MS, counter, key, rng).await.unwrap();
        let devices = [others, &[identity.device()]].concat();
        let list = sign_device_list(email.clone(), key.account_key(), counter, devices, NOW_MS, key).await.unwrap();
        let pre_keys = PreKeySecrets::generate(NOW_MS / 1000, rng);
        Self { email, key, identity, pre_keys, list, token: String::new(), network: ([192, 0, 2, 1], 1).into() }
    }

    pub fn device(&self) -> DeviceId {
        self.identity.device()
    }

    pub async fn upload(&self) -> DeviceUpload {
        DeviceUpload {
            certificate: self.identity.certificate().clone(),
            name: "Laptop".to_owned(),
            pre_keys: self.pre_keys.upload_all(&self.identity, self.key).await.unwrap(),
        }
    }

    pub async fn registration(&self) -> RegisterDevice {
        RegisterDevice { device_list: self.list.clone(), device: self.upload().await }
    }

    /// The list as this account would sign it.
    pub async fn signed_list(&self, counter: u64, devices: Vec<DeviceId>) -> DeviceList {
        sign_device_list(self.email.clone(), self.key.account_key(), counter, devices, NOW_MS, self.key).await.unwrap()
    }
}

impl Correspondent for Person {
    fn email(&self) -> &Address {
        &self.email
    }

    fn device(&self) -> DeviceId {
        self.identity.device()
    }
}

/// A letter of this number.
pub fn letter(number: u64, from: &Person, to: &Person) -> Envelope {
    letters::letter(letters::numbered(number), from, to, 1)
}

/// Signs again what a test has changed.
pub async fn sign_certificate(key: &Key, certificate: &mut Certificate) {
    certificate.signature = key.sign(&certificate.signed_bytes()).await.unwrap();
}

pub async fn sign_list(key: &Key, list: &mut DeviceList) {
    list.signature = key.sign(&list.signed_bytes()).await.unwrap();
}

pub async fn sign_pre_key(person: &Person, pre_key: &mut SignedPreKey) {
    let bytes = pre_key.signed_bytes(&person.key.account_key().hash(), person.device());
    pre_key.signature = person.key.sign(&bytes).await.unwrap();
}

pub async fn sign_kem_pre_key(person: &Person, pre_key: &mut KemPreKey) {
    let bytes = pre_key.signed_bytes(&person.key.account_key().hash(), person.device());
    pre_key.signature = person.key.sign(&bytes).await.unwrap();
}
