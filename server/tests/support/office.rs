//! A server of its own for each test, and people who are signed in to it. They have no keys: the server only carries.

pub(crate) use super::letters::signal;
use super::letters::{self, Correspondent};
use cliquet_server::{
    build,
    clock::Clock,
    database::{self, Database},
    sign_ins,
    token::Token,
};
use cliquet_wire::{
    account_key::{AccountKey, MODULUS_BYTES},
    address::Address,
    bytes::Bytes,
    certificate::DeviceList,
    delivery_token::DeliveryToken,
    envelope::{Envelope, SendMessages},
    ephemeral::{EphemeralEnvelope, SendEphemeral},
    ids::{DeviceId, EnvelopeId},
    poll::{Poll, PollAnswer},
    problem::{Problem, ProblemCode},
};
use rocket::{
    figment::Figment,
    http::{ContentType, Header, Status, uri::Host},
    local::asynchronous::{Client, LocalRequest, LocalResponse},
};
use rusqlite::params;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use uuid::Uuid;

pub(crate) const NOW_MS: u64 = 1_790_000_000_000;

pub(crate) struct Office {
    pub(crate) client: Client,
    pub(crate) folder: Arc<tempfile::TempDir>,
    time: Arc<AtomicU64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) account_id: i64,
    pub(crate) email: Address,
    pub(crate) device: DeviceId,
    pub(crate) token: String,
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::open_with(Figment::new()).await
    }

    pub(crate) async fn open_with(settings: Figment) -> Self {
        Self::open_in(Arc::new(tempfile::tempdir().unwrap()), Arc::new(AtomicU64::new(NOW_MS)), settings).await
    }

    /// A second server on the same accounts.
    pub(crate) async fn beside(&self, settings: Figment) -> Self {
        Self::open_in(Arc::clone(&self.folder), Arc::clone(&self.time), settings).await
    }

    async fn open_in(folder: Arc<tempfile::TempDir>, time: Arc<AtomicU64>, settings: Figment) -> Self {
        let clock = Arc::clone(&time);
        let figment = Figment::from(rocket::Config { log_level: rocket::config::LogLevel::Off, ..Default::default() })
            .merge(("data_dir", folder.path()))
            .merge(settings);
        let rocket = build(figment, Clock::new(move || clock.load(Ordering::SeqCst))).unwrap();
        Self { client: Client::tracked(rocket).await.unwrap(), folder, time }
    }

    pub(crate) fn set_time(&self, now_ms: u64) {
        self.time.store(now_ms, Ordering::SeqCst);
    }

    pub(crate) fn person(&self, name: &str) -> Person {
        self.person_at(&format!("{name}@example.org"))
    }

    pub(crate) fn person_at(&self, address: &str) -> Person {
        person(self.folder.path(), address)
    }

    /// The same person at another device.
    pub(crate) fn another_device(&self, person: &Person) -> Person {
        device(&connection(self.folder.path()), person.account_id, &person.email)
    }

    /// So many accounts with so many devices each, who have added nobody. An account's devices stand together.
    pub(crate) fn crowd(&self, accounts: usize, devices: usize) -> Vec<Person> {
        let mut connection = connection(self.folder.path());
        // One commit for all of them.
        let transaction = connection.transaction().unwrap();
        let mut crowd = Vec::new();
        for number in 0..accounts {
            let email = Address::parse(&format!("member{number}@example.org")).unwrap();
            let account_id = account(&transaction, &email);
            crowd.extend((0..devices).map(|_| device(&transaction, account_id, &email)));
        }
        transaction.commit().unwrap();
        crowd
    }

    /// The account of this device has this delivery token from now on, or none.
    pub(crate) fn has_token(&self, who: &Person, token: Option<&DeliveryToken>) {
        let hash = token.map(|token| token.hash().0);
        let connection = connection(self.folder.path());
        let update = "UPDATE accounts SET delivery_token = ?2 WHERE id = ?1";
        connection.execute(update, params![who.account_id, hash]).unwrap();
    }

    /// Posts with these delivery tokens of receivers.
    pub(crate) async fn posts_with(
        &self,
        who: &Person,
        envelopes: Vec<Envelope>,
        tokens: &[(&Person, &DeliveryToken)],
    ) -> LocalResponse<'_> {
        let tokens = tokens.iter().map(|(whose, token)| (whose.email.clone(), (*token).clone())).collect();
        self.posts_text(who, serde_json::to_string(&SendMessages { envelopes, tokens, urgent: false }).unwrap()).await
    }

    pub(crate) fn adds(&self, one: &Person, other: &Person) {
        self.insert("contacts", one, other);
    }

    pub(crate) fn blocks(&self, one: &Person, other: &Person) {
        self.insert("blocks", one, other);
    }

    fn insert(&self, table: &str, one: &Person, other: &Person) {
        let sql = format!("INSERT INTO {table} VALUES (?1, ?2, 0)");
        connection(self.folder.path()).execute(&sql, [one.account_id, other.account_id]).unwrap();
    }

    pub(crate) fn revokes(&self, person: &Person) {
        let connection = connection(self.folder.path());
        connection.execute("UPDATE devices SET revoked = 1 WHERE id = ?1", [person.device.0]).unwrap();
        write_list(&connection, person.account_id, &person.email);
    }

    pub(crate) async fn posts(&self, who: &Person, envelopes: Vec<Envelope>) -> LocalResponse<'_> {
        self.posts_text(who, serde_json::to_string(&SendMessages { envelopes, ..Default::default() }).unwrap()).await
    }

    pub(crate) async fn posts_text(&self, who: &Person, body: String) -> LocalResponse<'_> {
        self.client.post("/messages").header(ContentType::JSON).header(bearer(who)).body(body).dispatch().await
    }

    pub(crate) async fn signals(&self, who: &Person, envelopes: Vec<EphemeralEnvelope>) -> LocalResponse<'_> {
        self.signals_with(who, SendEphemeral { envelopes, ..SendEphemeral::default() }).await
    }

    pub(crate) async fn signals_with(&self, who: &Person, post: SendEphemeral) -> LocalResponse<'_> {
        self.client.post("/ephemeral").header(bearer(who)).json(&post).dispatch().await
    }

    pub(crate) async fn polls(&self, who: &Person, cursor: u64, wait_seconds: u32) -> LocalResponse<'_> {
        let asked = Poll { cursor, wait_seconds: Some(wait_seconds) };
        self.client.post("/poll").header(bearer(who)).json(&asked).dispatch().await
    }

    /// The same person at the same device, by a sign-in of that beginning and length.
    pub(crate) fn signs_in(&self, who: &Person, begun_ms: u64, life_ms: u64) -> Person {
        let token = Token::generate().unwrap();
        let connection = connection(self.folder.path());
        sign_ins::begin(&connection, who.account_id, Some(who.device), &token, begun_ms, begun_ms + life_ms).unwrap();
        Person { token: token.write(), ..who.clone() }
    }

    pub(crate) async fn signs_out(&self, who: &Person) -> LocalResponse<'_> {
        self.client.post("/sign-out").header(bearer(who)).dispatch().await
    }

    /// What lies in the mailbox, without waiting.
    pub(crate) async fn fetches(&self, who: &Person, cursor: u64) -> PollAnswer {
        let response = self.polls(who, cursor, 0).await;
        assert_eq!(response.status(), Status::Ok);
        response.into_json().await.unwrap()
    }
}

/// The local client leaves a `Host` header unread; a server on a socket does not.
pub(crate) fn to_host<'c>(mut request: LocalRequest<'c>, host: &'c str) -> LocalRequest<'c> {
    request.inner_mut().set_host(Host::parse(host).unwrap());
    request
}

pub(crate) fn bearer(who: &Person) -> Header<'static> {
    Header::new("Authorization", format!("Bearer {}", who.token))
}

fn connection(folder: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(folder.join(database::FILE_NAME)).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
    connection
}

/// An account with one device, signed in, in the database of this folder.
pub(crate) fn person(folder: &Path, address: &str) -> Person {
    drop(Database::open(folder).unwrap());
    let connection = connection(folder);
    let email = Address::parse(address).unwrap();
    let account_id = account(&connection, &email);
    device(&connection, account_id, &email)
}

fn account(connection: &rusqlite::Connection, email: &Address) -> i64 {
    connection
        .execute(
            "INSERT INTO accounts (email, created, opaque_record, account_key, vault, device_list, list_counter)
             VALUES (?1, 0, x'', ?2, x'', '', 1)",
            (email.as_str(), AccountKey::from_modulus([0xd5; MODULUS_BYTES]).unwrap().as_der()),
        )
        .unwrap();
    connection.last_insert_rowid()
}

fn device(connection: &rusqlite::Connection, account_id: i64, email: &Address) -> Person {
    let token = Token::generate().unwrap();
    let device = DeviceId::from_random(token.hash()[..16].try_into().unwrap());
    connection
        .execute(
            "INSERT INTO devices (id, account_id, name, certificate, created, last_seen) VALUES (?1, ?2, '', '', 0, 0)",
            params![device.0, account_id],
        )
        .unwrap();
    write_list(connection, account_id, email);
    sign_ins::begin(connection, account_id, Some(device), &token, 0, u64::MAX >> 1).unwrap();
    Person { account_id, email: email.clone(), device, token: token.write() }
}

/// The device list of an account, as its devices are. Signed by nobody: the server checked it long ago.
fn write_list(connection: &rusqlite::Connection, account_id: i64, email: &Address) {
    let mut statement =
        connection.prepare("SELECT id FROM devices WHERE account_id = ?1 AND revoked IS NULL ORDER BY id").unwrap();
    let devices = statement.query_map([account_id], |row| row.get(0).map(DeviceId)).unwrap();
    let list = DeviceList {
        email: email.clone(),
        account_key_hash: Bytes([0; 32]),
        counter: 1,
        devices: devices.collect::<Result<_, _>>().unwrap(),
        signed: 0,
        signature: Bytes([0; 384]),
    };
    let text = serde_json::to_string(&list).unwrap();
    connection.execute("UPDATE accounts SET device_list = ?2 WHERE id = ?1", params![account_id, text]).unwrap();
}

impl Correspondent for Person {
    fn email(&self) -> &Address {
        &self.email
    }

    fn device(&self) -> DeviceId {
        self.device
    }
}

/// A letter of this id.
pub(crate) fn letter(from: &Person, to: &Person, id: u128) -> Envelope {
    let message_number = u32::try_from(id).unwrap_or(0);
    Envelope { message_number, ..letters::letter(EnvelopeId(Uuid::from_u128(id)), from, to, 1) }
}

/// What was refused, and with the status that belongs to it.
pub(crate) async fn problem(response: LocalResponse<'_>) -> ProblemCode {
    whole_problem(response).await.code
}

/// What was refused, and the accounts for which it was.
pub(crate) async fn problem_for(response: LocalResponse<'_>) -> (ProblemCode, Vec<String>) {
    let problem = whole_problem(response).await;
    (problem.code, problem.accounts.iter().map(Address::to_string).collect())
}

async fn whole_problem(response: LocalResponse<'_>) -> Problem {
    let status = response.status().code;
    let content_type = response.content_type().unwrap();
    assert_eq!(content_type, ContentType::new("application", "problem+json"));
    let problem: Problem = response.into_json().await.unwrap();
    assert_eq!((problem.status, status), (problem.code.status(), problem.code.status()), "{:?}", problem.code);
    assert!(!problem.title.is_empty() && !problem.detail.is_empty());
    problem
}
