//! Owns people with tokens, and the letters between them: each is known again by its number.

use super::{
    letters::{self, Correspondent},
    program::{Program, cliquet},
};
use cliquet_wire::{
    address::Address,
    bytes::Blob,
    envelope::{Envelope, SendMessages},
    ids::DeviceId,
};
use serde::Deserialize;
use std::{path::Path, sync::Arc};

/// One device of an account.
#[derive(Debug, Deserialize)]
pub(crate) struct Person {
    pub(crate) email: Address,
    pub(crate) device: DeviceId,
    pub(crate) token: String,
}

/// A folder with so many accounts of one device; each may write to the one before it and the one after it.
pub(crate) fn seeded(count: usize) -> (tempfile::TempDir, Arc<[Person]>) {
    seeded_with_devices(count, 1)
}

/// The same with so many devices for each account, which follow one another.
pub(crate) fn seeded_with_devices(count: usize, devices: usize) -> (tempfile::TempDir, Arc<[Person]>) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("accounts.jsonl");
    let mut command = cliquet(folder.path());
    command.args(["seed-accounts", "--count", &count.to_string(), "--devices", &devices.to_string(), "--out"]);
    command.arg(&out);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = std::fs::read_to_string(out).unwrap();
    (folder, lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

impl Correspondent for Person {
    fn email(&self) -> &Address {
        &self.email
    }

    fn device(&self) -> DeviceId {
        self.device
    }
}

/// The letter of this number from one to the other: always the same.
pub(crate) fn letter(number: u64, from: &Person, to: &Person) -> Envelope {
    let ciphertext = Blob(vec![number.to_le_bytes()[0]; 160 * 2 + 16]);
    let message_number = u32::try_from(number).unwrap();
    Envelope { message_number, ciphertext, ..letters::letter(letters::numbered(number), from, to, 2) }
}

/// Serves them from this folder, without a limit on posts that anyone meets. `mailbox` is the setting of that name.
pub(crate) fn serve(folder: &Path, mailbox: &str) -> Program {
    let throttles = ("ROCKET_THROTTLES", "{post_per_account_hour=4000000000}");
    Program::start(folder, &[("ROCKET_MAILBOX", mailbox), throttles, ("ROCKET_LOG_LEVEL", "critical")])
}

/// The body of a post of it.
pub(crate) fn post_of(envelope: &Envelope) -> String {
    serde_json::to_string(&SendMessages { envelopes: vec![envelope.clone()], ..Default::default() }).unwrap()
}
