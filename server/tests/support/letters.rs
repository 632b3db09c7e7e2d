//! Envelopes as the server takes them: nobody can open them, which a post office cannot tell.

use cliquet_wire::{
    address::Address,
    bytes::{Blob, Bytes},
    envelope::Envelope,
    ephemeral::EphemeralEnvelope,
    ids::{DeviceId, EnvelopeId},
};

/// The padding step of messages, and the tag of AES-GCM.
const STEP_BYTES: usize = 160;
const TAG_BYTES: usize = 16;

/// One end of a letter: whose device it is.
pub(crate) trait Correspondent {
    fn email(&self) -> &Address;
    fn device(&self) -> DeviceId;
}

/// A letter of so many padding steps, always the same for the same number.
pub(crate) fn letter(id: EnvelopeId, from: &impl Correspondent, to: &impl Correspondent, steps: usize) -> Envelope {
    Envelope {
        v: cliquet_wire::VERSION,
        id,
        timestamp: 0,
        sender_email: from.email().clone(),
        sender_device: from.device(),
        receiver_email: to.email().clone(),
        receiver_device: to.device(),
        new_ratchet_public_key: Bytes([9; 32]),
        message_number: 0,
        previous_chain_length: 0,
        salt: Bytes([3; 16]),
        ciphertext: Blob(vec![5; STEP_BYTES * steps + TAG_BYTES]),
        pre_key_message: None,
    }
}

/// The id of a letter that is known by its number.
pub(crate) fn numbered(number: u64) -> EnvelopeId {
    EnvelopeId::from_parts(number, [7; 10])
}

/// What fills a signal: never seen elsewhere.
pub(crate) const SIGNAL_BYTE: u8 = 0x5a;

/// An ephemeral envelope with so many bytes of ciphertext.
pub(crate) fn signal(from: &impl Correspondent, to: &impl Correspondent, bytes: usize) -> EphemeralEnvelope {
    EphemeralEnvelope {
        v: cliquet_wire::VERSION,
        sender_email: from.email().clone(),
        sender_device: from.device(),
        receiver_email: to.email().clone(),
        receiver_device: to.device(),
        salt: Bytes([4; 16]),
        ciphertext: Blob(vec![SIGNAL_BYTE; bytes]),
    }
}

/// Whether the ciphertext of a [`signal`] is in there, as it is or in base64.
pub(crate) fn holds_a_signal(bytes: &[u8]) -> bool {
    bytes.windows(24).any(|window| window == [SIGNAL_BYTE; 24] || window == b"WlpaWlpaWlpaWlpaWlpaWlpa")
}
