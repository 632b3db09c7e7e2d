//! Owns people with tokens, and the letters between them: each is known again by its number.

use crate::server::cliquet;
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Bytes},
    envelope::{Envelope, SendMessages},
    ids::{DeviceId, EnvelopeId},
};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Deserialize)]
pub(crate) struct Person {
    pub(crate) email: Address,
    pub(crate) device: DeviceId,
    pub(crate) token: String,
}

/// A folder with so many accounts; each may write to the one before it and the one after it.
pub(crate) fn seeded(count: usize) -> (tempfile::TempDir, Arc<[Person]>) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("accounts.jsonl");
    let mut command = cliquet(folder.path());
    command.args(["seed-accounts", "--count", &count.to_string(), "--out"]).arg(&out);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = std::fs::read_to_string(out).unwrap();
    (folder, lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The letter of this number from one to the other: always the same.
pub(crate) fn letter(number: u64, from: &Person, to: &Person) -> Envelope {
    Envelope {
        v: 1,
        id: EnvelopeId::from_parts(number, [7; 10]),
        timestamp: 0,
        sender_email: from.email.clone(),
        sender_device: from.device,
        receiver_email: to.email.clone(),
        receiver_device: to.device,
        new_ratchet_public_key: Bytes([9; 32]),
        message_number: u32::try_from(number).unwrap(),
        previous_chain_length: 0,
        salt: Bytes([3; 16]),
        ciphertext: Blob(vec![number.to_le_bytes()[0]; 160 * 2 + 16]),
        first: None,
    }
}

/// The body of a post of it.
pub(crate) fn post_of(envelope: &Envelope) -> String {
    serde_json::to_string(&SendMessages { envelopes: vec![envelope.clone()] }).unwrap()
}
