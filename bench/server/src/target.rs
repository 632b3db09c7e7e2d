//! One server as the workloads see it: what it speaks, which processes it is, and who has an account there.

use crate::{Outcome, bosh::Session, http::Connection};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};

/// A seeded device of an account. `cursor` is what it has had so far.
pub struct Account {
    pub email: String,
    pub device: String,
    token: String,
    pub cursor: AtomicU64,
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

#[derive(Clone, Copy)]
pub enum Kind {
    Cliquet,
    /// nginx with nchan, and what speaks like it: a channel for each device, no accounts, nothing checked, nothing on the disk.
    Nchan,
    /// An XMPP server, with the path under which it speaks BOSH.
    Bosh(&'static str),
}

pub struct Target {
    pub kind: Kind,
    pub address: SocketAddr,
    /// Whose CPU counts.
    pub processes: Vec<u32>,
    /// Whose memory counts.
    pub fronts: Vec<u32>,
    /// In the order of their ring. An XMPP server has as many, under names of its own.
    pub accounts: Arc<Vec<Account>>,
}

/// A connection, with what the server on the other end speaks.
pub enum Wire {
    Cliquet(Connection),
    Nchan(Connection),
    Bosh(Box<Session>),
}

impl Target {
    /// Over BOSH it is signed in under the name; elsewhere each request says for itself whose it is.
    pub async fn connect(&self, name: &str) -> Outcome<Wire> {
        Ok(match self.kind {
            Kind::Cliquet => Wire::Cliquet(Connection::open(self.address).await?),
            Kind::Nchan => Wire::Nchan(Connection::open(self.address).await?),
            Kind::Bosh(path) => Wire::Bosh(Box::new(Session::open(self.address, path, name).await?)),
        })
    }
}

impl Account {
    /// A post to one of Cliquet's routes.
    pub fn post(&self, path: &str, body: &str) -> Vec<u8> {
        self.request("POST", path, body)
    }

    pub fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        )
        .into_bytes()
    }
}

/// As long as Cliquet holds a poll.
pub const WAIT_SECONDS: u32 = 50;

/// 4 x 160 + 16 bytes as base64url.
pub const CIPHERTEXT_CHARS: usize = 875;

/// How the ids of a run's messages begin; a number of twelve hexadecimal digits follows.
pub fn id_begins(run: u64) -> String {
    format!("{:08x}-{:04x}-7000-8000-", run >> 16 & 0xffff_ffff, run & 0xffff)
}

/// The error of an answer that should have been another.
pub fn unexpected(what: &str, status: u16, connection: &Connection) -> Box<dyn std::error::Error + Send + Sync> {
    format!("{what} was answered with {status}: {}", String::from_utf8_lossy(connection.body())).into()
}
