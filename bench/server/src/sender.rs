//! A connection that posts, and the message that it carries: the same ciphertext for every system.

use crate::{
    Outcome, bosh,
    group::TOKEN,
    target::{CIPHERTEXT_CHARS, Target, Wire, id_begins, unexpected},
};
use std::sync::Arc;

/// 16 and 32 bytes as base64url: sealed under no key, but well formed.
const SALT_CHARS: usize = 22;
const KEY_CHARS: usize = 43;

pub struct Sender {
    target: Arc<Target>,
    wire: Wire,
}

impl Sender {
    /// The number tells the senders of a workload apart: a BOSH session belongs to one account.
    pub async fn open(target: &Arc<Target>, lane: usize) -> Outcome<Self> {
        let wire = target.connect(&bosh::sender(lane)).await?;
        Ok(Self { target: Arc::clone(target), wire })
    }

    /// The whole request by which one account writes to another. `run` and `number` are in the message's id. Over BOSH it
    /// is always the session's own account that writes.
    pub fn write(&mut self, run: u64, from: usize, to: usize, number: u64) -> Vec<u8> {
        match &mut self.wire {
            Wire::Cliquet(_) => post(&self.target, run, from, to, number),
            Wire::Nchan(_) => {
                let body = envelope(&self.target, run, from, to, number);
                let length = body.len();
                format!("POST /pub/{run:x}_{to} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}")
                    .into_bytes()
            }
            Wire::Bosh(session) => session.acknowledged(&stanza(run, to, number)),
        }
    }

    /// Sends what `write` made and waits until the server has taken it.
    pub async fn deliver(&mut self, request: &[u8]) -> Outcome<()> {
        match &mut self.wire {
            Wire::Cliquet(connection) | Wire::Nchan(connection) => {
                connection.send(request).await?;
                match connection.answer().await? {
                    200..=299 => Ok(()),
                    status => Err(unexpected("a post", status, connection)),
                }
            }
            Wire::Bosh(session) => session.deliver(request).await,
        }
    }
}

/// The whole request by which one of Cliquet's accounts writes to another.
pub fn post(target: &Target, run: u64, from: usize, to: usize, number: u64) -> Vec<u8> {
    let body = format!("{{\"envelopes\":[{}]}}", envelope(target, run, from, to, number));
    target.accounts[from].post("/messages", &body)
}

/// The same to many devices, each with a number of its own, showing the token of every account but the sender's.
pub fn group_post(target: &Target, run: u64, from: usize, to: &[(usize, u64)]) -> Vec<u8> {
    let sender = &target.accounts[from];
    let envelopes: Vec<String> = to.iter().map(|(to, number)| envelope(target, run, from, *to, *number)).collect();
    let mut others: Vec<&str> = to.iter().map(|(to, _)| target.accounts[*to].email.as_str()).collect();
    others.dedup();
    others.retain(|email| *email != sender.email);
    let tokens: Vec<String> = others.iter().map(|email| format!("\"{email}\":\"{TOKEN}\"")).collect();
    let body = format!("{{\"envelopes\":[{}],\"tokens\":{{{}}}}}", envelopes.join(","), tokens.join(","));
    sender.post("/messages", &body)
}

fn id(run: u64, number: u64) -> String {
    format!("{}{number:012x}", id_begins(run))
}

fn envelope(target: &Target, run: u64, from: usize, to: usize, number: u64) -> String {
    let id = id(run, number);
    let (sender, receiver) = (&target.accounts[from], &target.accounts[to]);
    format!(
        "{{\"v\":1,\"id\":\"{id}\",\"timestamp\":0,\"sender_email\":\"{}\",\"sender_device\":\"{}\",\
         \"receiver_email\":\"{}\",\"receiver_device\":\"{}\",\"new_ratchet_public_key\":\"{}\",\
         \"message_number\":{},\"previous_chain_length\":0,\"salt\":\"{}\",\"ciphertext\":\"{}\"}}",
        sender.email,
        sender.device,
        receiver.email,
        receiver.device,
        "A".repeat(KEY_CHARS),
        number & 0xffff_ffff,
        "A".repeat(SALT_CHARS),
        "A".repeat(CIPHERTEXT_CHARS),
    )
}

fn stanza(run: u64, to: usize, number: u64) -> String {
    let id = id(run, number);
    format!(
        "<message xmlns='jabber:client' type='chat' to='{}@{}' id='{id}'><body>{}</body></message>",
        bosh::recipient(to),
        bosh::DOMAIN,
        "A".repeat(CIPHERTEXT_CHARS),
    )
}
