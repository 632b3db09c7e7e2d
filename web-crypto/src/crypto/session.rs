//! Owns a session with one peer device: state in, state out, so that a failed decryption leaves no trace.
//! Knows nothing of storage, of other sessions, or of what the content means.

use super::{
    aead,
    bundle::CheckedBundle,
    cbor::{self, LoadError, Record},
    double_ratchet::{Header, Ratchet, RatchetError},
    identity::OwnIdentity,
    keys::Key,
    padding,
    pre_key_message::CheckedPreKeyMessage,
    pre_keys::PreKeySecrets,
    shared_secret::{self, AgreementError},
};
use cliquet_wire::{
    VERSION,
    address::Address,
    bytes::{Blob, Digest, PublicKey},
    certificate::Certificate,
    envelope::{Envelope, PreKeyMessage},
    ids::{DeviceId, EnvelopeId, PreKeyId},
    limits::{CIPHERTEXT_BYTES_MAX, PADDING_STEP_BYTES},
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

const MESSAGE_INFO: &str = "Cliquet/1 message";

/// The name of a session, the same on both sides: SHA-256 of its transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct SessionId(#[n(0)] pub Digest);

/// The device at the other end.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Peer {
    /// Its account's address.
    #[n(0)]
    pub email: Address,
    /// Its id.
    #[n(1)]
    pub device: DeviceId,
    /// SHA-256 of its account key's encoding.
    #[n(2)]
    pub account_key_hash: Digest,
    /// Its long-term X25519 key.
    #[n(3)]
    pub identity_key: PublicKey,
}

/// Why no session was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InitiateError {
    /// A device does not write to itself.
    #[error("this very device")]
    OwnDevice,
    /// A key of the bundle gives no secret.
    #[error("a key of the bundle is wrong")]
    BadKey,
}

/// Why nothing was encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptError {
    /// Longer than an envelope holds.
    #[error("the content is too long")]
    TooLong,
    /// Claim a bundle and begin a session.
    #[error("there is no session")]
    NoSession,
    /// A counter is at its end: begin a new session.
    #[error("the session is used up")]
    Exhausted,
}

/// Why nothing was decrypted, and what to do. The state is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecryptError {
    /// Decrypted before: acknowledge it and show nothing.
    #[error("decrypted before")]
    Duplicate,
    /// Not authentic, or of a state that this device does not have: begin again, within the bounds of requirement D9.
    #[error("not authentic")]
    Refused,
    /// More messages are missing than the limits allow: as `Refused`.
    #[error("too many messages are missing")]
    TooFarAhead,
    /// No session with this device can decrypt it: as `Refused`.
    #[error("there is no session")]
    NoSession,
    /// The pre-key of a pre-key message is gone: as `Refused`.
    #[error("the pre-key is gone")]
    MissingPreKey,
    /// A pre-key message whose certificate was not checked: the caller's mistake.
    #[error("the certificate was not checked")]
    NotChecked,
    /// Its clear fields name another sender or receiver: drop it.
    #[error("not for this device, or not from this peer")]
    Misdirected,
    /// Written by a newer program: keep it until an update.
    #[error("another version of the protocol")]
    OtherVersion,
}

/// A session with one peer device.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct Session {
    #[n(0)]
    id: SessionId,
    #[n(1)]
    own_email: Address,
    #[n(2)]
    own_device: DeviceId,
    #[n(3)]
    peer: Peer,
    #[n(4)]
    ratchet: Ratchet,
    /// Part of every envelope until the other side has answered.
    #[n(5)]
    pre_key_message: Option<Box<PreKeyMessage>>,
    #[n(6)]
    initiated: bool,
    #[n(7)]
    one_time: bool,
    #[n(8)]
    generation: u64,
}

/// What accepting a pre-key message gives.
pub struct Accepted {
    /// The new session, which has decrypted the message.
    pub session: Session,
    /// The content, without padding.
    pub content: Zeroizing<Vec<u8>>,
    /// To be forgotten in the transaction that stores the content.
    pub used_one_time: Option<PreKeyId>,
}

/// Neither keys nor names.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.id.0).field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Not the content.
impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted").field("session", &self.session).finish_non_exhaustive()
    }
}

impl Session {
    /// Begins a session with a device whose bundle was checked.
    ///
    /// # Errors
    /// When the bundle is this device's own, or one of its keys gives no secret.
    pub fn initiate(own: &OwnIdentity, peer: &CheckedBundle, rng: &mut impl CryptoRng) -> Result<Self, InitiateError> {
        let certificate = &peer.bundle().certificate;
        if certificate.device == own.device() || certificate.identity_key == *own.identity_key() {
            return Err(InitiateError::OwnDevice);
        }
        let (secret, message) = shared_secret::initiate(own, peer, rng).map_err(|_| InitiateError::BadKey)?;
        let ratchet = Ratchet::initiate(&secret, &peer.bundle().signed.key, rng).map_err(|_| InitiateError::BadKey)?;
        Ok(Self {
            id: SessionId(shared_secret::transcript(own.certificate(), certificate, &message)),
            own_email: own.email().clone(),
            own_device: own.device(),
            peer: Peer::of(certificate),
            ratchet,
            one_time: message.one_time_pre_key_id.is_some(),
            pre_key_message: Some(Box::new(message)),
            initiated: true,
            generation: 0,
        })
    }

    /// Accepts the session of a pre-key message and decrypts the message. The pre-keys are not changed.
    ///
    /// # Errors
    /// Why the message was not decrypted.
    pub fn accept(
        own: &OwnIdentity,
        pre_keys: &PreKeySecrets,
        message: &CheckedPreKeyMessage,
        envelope: &Envelope,
        rng: &mut impl CryptoRng,
    ) -> Result<Accepted, DecryptError> {
        let message = message.message();
        if envelope.pre_key_message.as_deref() != Some(message) {
            return Err(DecryptError::NotChecked);
        }
        let certificate = &message.certificate;
        if certificate.device == own.device() || certificate.identity_key == *own.identity_key() {
            return Err(DecryptError::Misdirected);
        }
        let peer = Peer::of(certificate);
        check_direction(envelope, own.email(), own.device(), &peer)?;
        let secret = shared_secret::accept(own, pre_keys, message).map_err(DecryptError::from)?;
        let signed = pre_keys.signed(message.signed_pre_key_id).ok_or(DecryptError::MissingPreKey)?;
        let ratchet = Ratchet::accept(&secret, signed, &envelope.new_ratchet_public_key, rng)
            .map_err(|_| DecryptError::Refused)?;
        let session = Self {
            id: SessionId(shared_secret::transcript(certificate, own.certificate(), message)),
            own_email: own.email().clone(),
            own_device: own.device(),
            peer,
            ratchet,
            pre_key_message: None,
            initiated: false,
            one_time: message.one_time_pre_key_id.is_some(),
            generation: 0,
        };
        let (session, content) = session.decrypt(envelope, rng)?;
        Ok(Accepted { session, content, used_one_time: message.one_time_pre_key_id })
    }

    /// Encrypts content for the peer. The envelope may leave only once the new state is durable.
    ///
    /// # Errors
    /// When the content is too long, or the session's numbers are used up.
    pub fn encrypt(
        &self,
        id: EnvelopeId,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Envelope), EncryptError> {
        if padding::padded_len(content.len(), PADDING_STEP_BYTES) + aead::TAG_BYTES > CIPHERTEXT_BYTES_MAX {
            return Err(EncryptError::TooLong);
        }
        let mut next = self.next().ok_or(EncryptError::Exhausted)?;
        let (header, key) = next.ratchet.next_to_send().map_err(|_| EncryptError::Exhausted)?;
        let mut envelope = Envelope {
            v: VERSION,
            id,
            timestamp: 0,
            sender_email: self.own_email.clone(),
            sender_device: self.own_device,
            receiver_email: self.peer.email.clone(),
            receiver_device: self.peer.device,
            new_ratchet_public_key: header.ratchet_key,
            message_number: header.number,
            previous_chain_length: header.previous_chain_length,
            salt: aead::fresh_salt(rng),
            ciphertext: Blob::default(),
            pre_key_message: self.pre_key_message.clone(),
        };
        let padded = padding::pad(content, PADDING_STEP_BYTES);
        envelope.ciphertext.0 =
            aead::seal(&key, &envelope.salt, MESSAGE_INFO, &self.associated_data(&envelope), &padded)
                .map_err(|_| EncryptError::TooLong)?;
        Ok((next, envelope))
    }

    /// Decrypts an envelope. Returns the new state, so an error changes nothing.
    ///
    /// # Errors
    /// Why the message was not decrypted.
    pub fn decrypt(
        &self,
        envelope: &Envelope,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Zeroizing<Vec<u8>>), DecryptError> {
        check_direction(envelope, &self.own_email, self.own_device, &self.peer)?;
        if envelope.ciphertext.0.len() > CIPHERTEXT_BYTES_MAX {
            return Err(DecryptError::Refused);
        }
        let mut next = self.next().ok_or(DecryptError::Refused)?;
        let header = Header {
            ratchet_key: envelope.new_ratchet_public_key,
            number: envelope.message_number,
            previous_chain_length: envelope.previous_chain_length,
        };
        let key: Key = next.ratchet.key_of(&header, rng)?;
        let padded =
            aead::open(&key, &envelope.salt, MESSAGE_INFO, &self.associated_data(envelope), &envelope.ciphertext.0)
                .map_err(|_| DecryptError::Refused)?;
        let content = padding::unpad(padded, PADDING_STEP_BYTES).ok_or(DecryptError::Refused)?;
        next.pre_key_message = None;
        Ok((next, content))
    }

    /// The session's name, the same on both sides.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// The device at the other end.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Grows with every change: of two states of one session the lower one is the older, and never sends.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Begun here and not answered yet.
    pub fn is_unanswered(&self) -> bool {
        self.pre_key_message.is_some()
    }

    /// Whether this device began the session.
    pub fn was_initiated(&self) -> bool {
        self.initiated
    }

    /// False: begun without a one-time pre-key, so weaker until the first round trip (X3DH section 4.6).
    pub fn had_one_time(&self) -> bool {
        self.one_time
    }

    /// Keys kept for messages that have not arrived.
    pub fn skipped_len(&self) -> usize {
        self.ratchet.skipped_len()
    }

    /// The record: `[version, body]` in CBOR. It holds every key of the session.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    /// The session that [`Self::save`] wrote.
    ///
    /// # Errors
    /// For a record of a later version, and for a damaged one.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        cbor::load(bytes)
    }

    pub(super) fn copy(&self) -> Self {
        Self {
            id: self.id,
            own_email: self.own_email.clone(),
            own_device: self.own_device,
            peer: self.peer.clone(),
            ratchet: self.ratchet.copy(),
            pre_key_message: self.pre_key_message.clone(),
            initiated: self.initiated,
            one_time: self.one_time,
            generation: self.generation,
        }
    }

    fn next(&self) -> Option<Self> {
        Some(Self { generation: self.generation.checked_add(1)?, ..self.copy() })
    }

    fn associated_data(&self, envelope: &Envelope) -> Vec<u8> {
        [self.id.0.as_ref(), &envelope.header_bytes()].concat()
    }
}

impl Record for Session {
    const VERSION: u32 = 1;
}

/// The session that a pre-key message for this device would begin.
pub(super) fn id_of(own: &OwnIdentity, message: &PreKeyMessage) -> SessionId {
    SessionId(shared_secret::transcript(&message.certificate, own.certificate(), message))
}

fn check_direction(envelope: &Envelope, email: &Address, device: DeviceId, peer: &Peer) -> Result<(), DecryptError> {
    if envelope.v != VERSION {
        return Err(DecryptError::OtherVersion);
    }
    let for_this_device = envelope.receiver_email == *email && envelope.receiver_device == device;
    let from_the_peer = envelope.sender_email == peer.email && envelope.sender_device == peer.device;
    if for_this_device && from_the_peer { Ok(()) } else { Err(DecryptError::Misdirected) }
}

impl Peer {
    fn of(certificate: &Certificate) -> Self {
        Self {
            email: certificate.email.clone(),
            device: certificate.device,
            account_key_hash: certificate.account_key_hash,
            identity_key: certificate.identity_key,
        }
    }
}

impl From<RatchetError> for DecryptError {
    fn from(error: RatchetError) -> Self {
        match error {
            RatchetError::Duplicate => Self::Duplicate,
            RatchetError::TooFarAhead => Self::TooFarAhead,
            RatchetError::Impossible | RatchetError::Exhausted => Self::Refused,
        }
    }
}

impl From<AgreementError> for DecryptError {
    fn from(error: AgreementError) -> Self {
        match error {
            AgreementError::MissingPreKey => Self::MissingPreKey,
            AgreementError::BadKey => Self::Refused,
        }
    }
}
