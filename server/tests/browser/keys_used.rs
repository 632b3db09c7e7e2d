//! Owns the question whether a key was used twice, answered by anyone who sees the wire: a message key belongs to a ratchet
//! key and a number within one pair of devices, so two ciphertexts under one of these are two uses of one key.

use crate::proxy::Exchange;
use cliquet_wire::envelope::{Envelope, SendMessages};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Bytes},
    ids::{DeviceId, EnvelopeId},
};
use std::collections::HashMap;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeysUsed {
    /// Different envelopes.
    pub(crate) envelopes: usize,
    /// The same envelope once more, to the byte.
    pub(crate) repeated: usize,
    /// Another envelope under a message key that had been used.
    pub(crate) reused: usize,
    /// The same, and with the same salt: only then key and nonce of AES-GCM are the same, see docs/protocol.md.
    pub(crate) sealed_alike: usize,
}

pub(crate) fn keys_used(exchanges: &[Exchange]) -> KeysUsed {
    let posts = exchanges.iter().filter(|exchange| exchange.method == "POST" && exchange.target == "/messages");
    let bodies = posts.filter_map(|post| serde_json::from_slice::<SendMessages>(&post.request_body).ok());
    count(bodies.flat_map(|body| body.envelopes))
}

fn count(envelopes: impl Iterator<Item = Envelope>) -> KeysUsed {
    let mut seen: HashMap<_, Vec<Envelope>> = HashMap::new();
    let mut counted = KeysUsed::default();
    for envelope in envelopes {
        let key = (
            envelope.sender_device,
            envelope.receiver_device,
            envelope.new_ratchet_public_key.as_ref().to_vec(),
            envelope.message_number,
        );
        let known = seen.entry(key).or_default();
        if known.contains(&envelope) {
            counted.repeated += 1;
            continue;
        }
        counted.envelopes += 1;
        counted.reused += usize::from(!known.is_empty());
        counted.sealed_alike += usize::from(known.iter().any(|other| other.salt == envelope.salt));
        known.push(envelope);
    }
    counted
}

#[test]
fn a_key_used_twice_is_seen_and_a_repeated_post_is_none() {
    let address = |name: &str| Address::parse(&format!("{name}@example.org")).unwrap();
    let device = |byte: u8| DeviceId(uuid::Uuid::from_bytes([byte; 16]));
    let envelope = Envelope {
        v: 1,
        id: EnvelopeId(uuid::Uuid::from_bytes([7; 16])),
        timestamp: 0,
        sender_email: address("alice"),
        sender_device: device(1),
        receiver_email: address("bob"),
        receiver_device: device(2),
        new_ratchet_public_key: Bytes([3; 32]),
        message_number: 0,
        previous_chain_length: 0,
        salt: Bytes([4; 16]),
        ciphertext: Blob(vec![5; 32]),
        pre_key_message: None,
    };
    let again = Envelope { salt: Bytes([9; 16]), ..envelope.clone() };
    let next = Envelope { message_number: envelope.message_number + 1, ..envelope.clone() };
    let alike = Envelope { ciphertext: Blob(vec![6; 32]), ..envelope.clone() };
    let counted = count([envelope.clone(), envelope, next, again, alike].into_iter());
    assert_eq!(counted, KeysUsed { envelopes: 4, repeated: 1, reused: 2, sealed_alike: 1 });
}
