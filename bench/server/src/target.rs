//! One server as the workloads see it: how a message is posted, and how a poll goes on from the last answer.

use crate::{Outcome, http::Connection};
use memchr::memmem;
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// A seeded account. `cursor` is what its device has had so far.
pub struct Account {
    email: String,
    device: String,
    token: String,
    cursor: AtomicU64,
}

pub fn accounts(file: &Path) -> Outcome<Vec<Account>> {
    std::fs::read_to_string(file)?
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line)?;
            let field =
                |name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned).ok_or("not a seeded line");
            let (email, device, token) = (field("email")?, field("device")?, field("token")?);
            Ok(Account { email, device, token, cursor: AtomicU64::new(0) })
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Cliquet,
    /// nginx with nchan, and what speaks like it: a channel for each device, no accounts, nothing checked, nothing on the disk.
    Nchan,
}

pub struct Target {
    pub kind: Kind,
    pub address: SocketAddr,
    /// Whose CPU counts.
    pub processes: Vec<u32>,
    /// Whose memory counts.
    pub fronts: Vec<u32>,
    /// In the order of their ring.
    pub accounts: Arc<Vec<Account>>,
}

/// 4 x 160 + 16 bytes, and 16 and 32, as base64url: sealed under no key, but well formed.
const CIPHERTEXT_CHARS: usize = 875;
const SALT_CHARS: usize = 22;
const KEY_CHARS: usize = 43;

impl Target {
    /// The whole request by which one account writes to another. `run` and `number` are in the envelope's id.
    pub fn post(&self, run: u64, from: usize, to: usize, number: u64) -> Vec<u8> {
        let (sender, receiver) = (&self.accounts[from], &self.accounts[to]);
        let envelope = format!(
            "{{\"v\":1,\"id\":\"{:08x}-{:04x}-7000-8000-{number:012x}\",\"timestamp\":0,\"sender_email\":\"{}\",\
             \"sender_device\":\"{}\",\"receiver_email\":\"{}\",\"receiver_device\":\"{}\",\"new_ratchet_public_key\":\
             \"{}\",\"message_number\":{number},\"previous_chain_length\":0,\"salt\":\"{}\",\"ciphertext\":\"{}\"}}",
            run >> 16 & 0xffff_ffff,
            run & 0xffff,
            sender.email,
            sender.device,
            receiver.email,
            receiver.device,
            "A".repeat(KEY_CHARS),
            "A".repeat(SALT_CHARS),
            "A".repeat(CIPHERTEXT_CHARS),
        );
        match self.kind {
            Kind::Cliquet => {
                let body = format!("{{\"envelopes\":[{envelope}]}}");
                self.request("POST", "/messages", sender, &body)
            }
            Kind::Nchan => self.request("POST", &format!("/pub/{run:x}_{to}"), sender, &envelope),
        }
    }

    fn request(&self, method: &str, path: &str, account: &Account, body: &str) -> Vec<u8> {
        let bearer = match self.kind {
            Kind::Cliquet => format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", account.token),
            Kind::Nchan => String::new(),
        };
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{bearer}Content-Length: {}\r\n\r\n{body}", body.len())
            .into_bytes()
    }
}

/// One device's poll: each request acknowledges what the last answer brought.
pub struct Poller {
    target: Arc<Target>,
    run: u64,
    index: usize,
    connection: Connection,
    /// nchan's cursor.
    seen: Option<(String, String)>,
}

/// As long as Cliquet holds a poll.
const WAIT_SECONDS: u32 = 50;

impl Poller {
    pub async fn open(target: &Arc<Target>, run: u64, index: usize) -> Outcome<Self> {
        let connection = Connection::open(target.address).await?;
        Ok(Self { target: Arc::clone(target), run, index, connection, seen: None })
    }

    pub fn index(&self) -> usize {
        self.index
    }

    pub async fn ask(&mut self) -> Outcome<()> {
        let account = &self.target.accounts[self.index];
        let request = match self.target.kind {
            Kind::Cliquet => {
                let cursor = account.cursor.load(Ordering::Relaxed);
                let body = format!("{{\"cursor\":{cursor},\"wait_seconds\":{WAIT_SECONDS}}}");
                self.target.request("POST", "/poll", account, &body)
            }
            Kind::Nchan => {
                let since = match &self.seen {
                    Some((time, tag)) => format!("If-Modified-Since: {time}\r\nIf-None-Match: {tag}\r\n"),
                    None => String::new(),
                };
                let (run, index) = (self.run, self.index);
                format!("GET /sub/{run:x}_{index} HTTP/1.1\r\nHost: localhost\r\n{since}\r\n").into_bytes()
            }
        };
        self.connection.send(&request).await
    }

    /// The numbers of this run's messages in the answer, in its order.
    pub async fn answer(&mut self) -> Outcome<Vec<u64>> {
        let status = self.connection.answer().await?;
        if self.target.kind == Kind::Nchan && (status == 304 || status == 408) {
            return Ok(Vec::new());
        }
        if status != 200 {
            let body = String::from_utf8_lossy(self.connection.body()).into_owned();
            return Err(format!("a poll was answered with {status}: {body}").into());
        }
        match self.target.kind {
            Kind::Cliquet => {
                if let Some(cursor) = last_number(self.connection.body(), b"\"cursor\":")? {
                    self.target.accounts[self.index].cursor.store(cursor, Ordering::Relaxed);
                }
            }
            Kind::Nchan => {
                let header = |name| self.connection.header(name).map(str::to_owned).ok_or("no cursor in the answer");
                self.seen = Some((header("last-modified")?, header("etag")?));
            }
        }
        numbers(self.connection.body(), self.run)
    }
}

const ID: &[u8] = b"\"id\":\"";

/// The ends of all ids that begin as this run's do.
fn numbers(mut body: &[u8], run: u64) -> Outcome<Vec<u64>> {
    let begins = format!("{:08x}-{:04x}", run >> 16 & 0xffff_ffff, run & 0xffff);
    let mut found = Vec::new();
    while let Some(place) = memmem::find(body, ID) {
        let id = std::str::from_utf8(body.get(place + ID.len()..place + ID.len() + 36).ok_or("an id is cut")?)?;
        if id.starts_with(&begins) {
            found.push(u64::from_str_radix(&id[24..], 16)?);
        }
        // The rest of an envelope is longer than this.
        body = body.get(place + ID.len() + 36 + CIPHERTEXT_CHARS..).unwrap_or_default();
    }
    Ok(found)
}

/// The number behind the last occurrence.
fn last_number(body: &[u8], name: &[u8]) -> Outcome<Option<u64>> {
    let Some(place) = memmem::rfind(body, name) else { return Ok(None) };
    let digits = body[place + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    Ok(Some(digits.map(|byte| char::from(*byte)).collect::<String>().parse()?))
}
