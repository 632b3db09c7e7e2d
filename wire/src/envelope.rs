//! The envelope: what a sender seals for one device, what a mailbox keeps, what a poll hands out.

use crate::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, KemCiphertext, PublicKey, Salt},
    certificate::Certificate,
    delivery_token::DeliveryToken,
    ids::{DeviceId, EnvelopeId, PreKeyId},
    signed_bytes::SignedBytes,
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One sealed message for one device. Everything but `timestamp` and `ciphertext` is authenticated with the ciphertext.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The protocol's version.
    pub v: u8,
    /// Chosen by the sender: a second post of the same id changes nothing.
    pub id: EnvelopeId,
    /// Milliseconds since 1970 at which the server accepted it; zero before.
    #[serde(default)]
    pub timestamp: u64,
    /// The sender's address. The server refuses one that is not the sign-in's.
    pub sender_email: Address,
    /// The sender's device. The server refuses one that is not the sign-in's.
    pub sender_device: DeviceId,
    /// The address of the account to which the receiving device belongs.
    pub receiver_email: Address,
    /// The device whose mailbox the envelope goes to.
    pub receiver_device: DeviceId,
    /// The sender's current ratchet key (Double Ratchet section 3.1, `dh`).
    pub new_ratchet_public_key: PublicKey,
    /// Double Ratchet section 3.1, `n`.
    pub message_number: u32,
    /// Double Ratchet section 3.1, `pn`.
    pub previous_chain_length: u32,
    /// Fresh for every envelope; with the message key it gives the key and nonce of the ciphertext.
    pub salt: Salt,
    /// AES-256-GCM ciphertext and tag of the padded content.
    pub ciphertext: Blob,
    /// Until the first reply: what the receiver needs to accept the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_key_message: Option<Box<PreKeyMessage>>,
}

/// What an envelope carries while the receiver may not have the session yet (X3DH section 3.3, PQXDH section 3.3). It
/// includes the proof of the sender's identity, so that the receiver needs nothing from the server to decrypt it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct PreKeyMessage {
    /// The sender's account key.
    #[n(0)]
    pub account_key: AccountKey,
    /// Holds the sender's identity key.
    #[n(1)]
    pub certificate: Certificate,
    /// X3DH section 3.3, `EK`.
    #[n(2)]
    pub ephemeral_key: PublicKey,
    /// The receiver's signed X25519 pre-key that was used.
    #[n(3)]
    pub signed_pre_key_id: PreKeyId,
    /// The receiver's signed ML-KEM pre-key that was used.
    #[n(4)]
    pub kem_pre_key_id: PreKeyId,
    /// Written even when absent, as `null`.
    #[serde(default)]
    #[n(5)]
    pub one_time_pre_key_id: Option<PreKeyId>,
    /// ML-KEM-768 ciphertext to that pre-key (PQXDH section 3.3, `CT`).
    #[n(6)]
    pub kem_ciphertext: KemCiphertext,
}

impl Envelope {
    /// The header as associated data: every clear field but the server's timestamp, each behind its length.
    pub fn header_bytes(&self) -> Vec<u8> {
        let bytes = SignedBytes::labelled("Cliquet/1 envelope")
            .field(&[self.v])
            .field(self.id.0.as_bytes())
            .field(self.sender_email.as_str().as_bytes())
            .field(self.sender_device.0.as_bytes())
            .field(self.receiver_email.as_str().as_bytes())
            .field(self.receiver_device.0.as_bytes())
            .field(self.new_ratchet_public_key.as_ref())
            .number(u64::from(self.message_number))
            .number(u64::from(self.previous_chain_length))
            .field(self.salt.as_ref());
        match &self.pre_key_message {
            None => bytes.number(0),
            Some(message) => bytes
                .number(1)
                .field(message.account_key.as_der())
                .field(&message.certificate.signed_bytes())
                .field(message.certificate.signature.as_ref())
                .field(message.ephemeral_key.as_ref())
                .number(u64::from(message.signed_pre_key_id))
                .number(u64::from(message.kem_pre_key_id))
                // One past the id, so that "none" differs from id 0.
                .number(message.one_time_pre_key_id.map_or(0, |id| u64::from(id) + 1))
                .field(message.kem_ciphertext.as_ref()),
        }
        .finish()
    }
}

/// `POST /messages`: stored all or none. The body has at most
/// [`limits::POST_BYTES_MAX`](crate::limits::POST_BYTES_MAX) bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessages {
    /// At most [`limits::ENVELOPES_PER_POST_MAX`](crate::limits::ENVELOPES_PER_POST_MAX), for at most
    /// [`limits::GROUP_MEMBERS_MAX`](crate::limits::GROUP_MEMBERS_MAX) accounts, the sender's own among them.
    pub envelopes: Vec<Envelope>,
    /// The delivery tokens of receivers, for those who have not added the sender.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<Address, DeliveryToken>,
    /// Whether the receivers' persons should hear of it at once, also where no page is open: a text, and not a receipt. Their
    /// devices are told by web push that something waits; the sender's own are not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
}

/// The answer, once every envelope is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagesSent {
    /// The server's clock at acceptance, in milliseconds since 1970.
    pub timestamp: u64,
}
