//! Owns a session with one peer device: state in, state out, so that a failed open leaves no trace.
//! Knows nothing of storage, of other sessions, or of what the content means.

use super::{
    aead,
    bundle::CheckedBundle,
    cbor::{self, LoadError, Record},
    double_ratchet::{Header, Ratchet, RatchetError},
    first::CheckedFirst,
    identity::OwnIdentity,
    keys::Key,
    padding,
    pre_keys::PreKeySecrets,
    shared_secret::{self, AgreementError},
};
use cliquet_wire::{
    VERSION,
    address::Address,
    bytes::{Blob, Digest, PublicKey},
    certificate::Certificate,
    envelope::{Envelope, FirstMessage},
    ids::{DeviceId, EnvelopeId, PreKeyId},
    limits::{CIPHERTEXT_BYTES_MAX, PADDING_STEP_BYTES},
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

const MESSAGE_INFO: &str = "Cliquet/1 message";

/// Names a session, the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct SessionId(#[n(0)] pub Digest);

/// The device at the other end.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Peer {
    #[n(0)]
    pub email: Address,
    #[n(1)]
    pub device: DeviceId,
    #[n(2)]
    pub account_key_hash: Digest,
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

/// Why nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
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

/// Why nothing was opened, by what to do. The state is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Opened before: acknowledge, say nothing.
    #[error("opened before")]
    Duplicate,
    /// Not authentic, or of a state this device does not have: begin anew, with the bounds of requirement D9.
    #[error("not authentic")]
    Refused,
    /// More messages are missing than is believed: as `Refused`.
    #[error("too many messages are missing")]
    TooFarAhead,
    /// No session with this device can open it: as `Refused`.
    #[error("there is no session")]
    NoSession,
    /// The pre-key of a first message is gone: as `Refused`.
    #[error("the pre-key is gone")]
    MissingPreKey,
    /// A first message whose certificate was not checked, or another one was: the caller's mistake.
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
    /// Sent along until the other side has answered.
    #[n(5)]
    first: Option<Box<FirstMessage>>,
    #[n(6)]
    initiated: bool,
    #[n(7)]
    one_time: bool,
    #[n(8)]
    generation: u64,
}

/// What a first message gives.
pub struct Accepted {
    pub session: Session,
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
    pub fn initiate(own: &OwnIdentity, peer: &CheckedBundle, rng: &mut impl CryptoRng) -> Result<Self, InitiateError> {
        let certificate = &peer.bundle().certificate;
        if certificate.device == own.device() || certificate.identity_key == *own.identity_key() {
            return Err(InitiateError::OwnDevice);
        }
        let (secret, first) = shared_secret::initiate(own, peer, rng).map_err(|_| InitiateError::BadKey)?;
        let ratchet = Ratchet::initiate(&secret, &peer.bundle().signed.key, rng).map_err(|_| InitiateError::BadKey)?;
        Ok(Self {
            id: SessionId(shared_secret::transcript(own.certificate(), certificate, &first)),
            own_email: own.email().clone(),
            own_device: own.device(),
            peer: Peer::of(certificate),
            ratchet,
            one_time: first.one_time_pre_key_id.is_some(),
            first: Some(Box::new(first)),
            initiated: true,
            generation: 0,
        })
    }

    /// Answers a first message. Nothing is used up before it has opened.
    pub fn accept(
        own: &OwnIdentity,
        pre_keys: &PreKeySecrets,
        first: &CheckedFirst,
        envelope: &Envelope,
        rng: &mut impl CryptoRng,
    ) -> Result<Accepted, OpenError> {
        let first = first.message();
        if envelope.first.as_deref() != Some(first) {
            return Err(OpenError::NotChecked);
        }
        let certificate = &first.certificate;
        if certificate.device == own.device() || certificate.identity_key == *own.identity_key() {
            return Err(OpenError::Misdirected);
        }
        let peer = Peer::of(certificate);
        check_direction(envelope, own.email(), own.device(), &peer)?;
        let secret = shared_secret::accept(own, pre_keys, first).map_err(OpenError::from)?;
        let signed = pre_keys.signed(first.signed_pre_key_id).ok_or(OpenError::MissingPreKey)?;
        let ratchet =
            Ratchet::accept(&secret, signed, &envelope.new_ratchet_public_key, rng).map_err(|_| OpenError::Refused)?;
        let session = Self {
            id: SessionId(shared_secret::transcript(certificate, own.certificate(), first)),
            own_email: own.email().clone(),
            own_device: own.device(),
            peer,
            ratchet,
            first: None,
            initiated: false,
            one_time: first.one_time_pre_key_id.is_some(),
            generation: 0,
        };
        let (session, content) = session.open(envelope, rng)?;
        Ok(Accepted { session, content, used_one_time: first.one_time_pre_key_id })
    }

    /// Seals content for the peer. The envelope may leave only once the new state is durable.
    pub fn seal(
        &self,
        id: EnvelopeId,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Envelope), SealError> {
        if padding::padded_len(content.len(), PADDING_STEP_BYTES) + aead::TAG_BYTES > CIPHERTEXT_BYTES_MAX {
            return Err(SealError::TooLong);
        }
        let mut next = self.next().ok_or(SealError::Exhausted)?;
        let (header, key) = next.ratchet.next_to_send().map_err(|_| SealError::Exhausted)?;
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
            first: self.first.clone(),
        };
        let padded = padding::pad(content, PADDING_STEP_BYTES);
        envelope.ciphertext.0 =
            aead::seal(&key, &envelope.salt, MESSAGE_INFO, &self.associated_data(&envelope), &padded)
                .map_err(|_| SealError::TooLong)?;
        Ok((next, envelope))
    }

    /// Opens an envelope on a copy: an error leaves nothing behind.
    pub fn open(&self, envelope: &Envelope, rng: &mut impl CryptoRng) -> Result<(Self, Zeroizing<Vec<u8>>), OpenError> {
        check_direction(envelope, &self.own_email, self.own_device, &self.peer)?;
        if envelope.ciphertext.0.len() > CIPHERTEXT_BYTES_MAX {
            return Err(OpenError::Refused);
        }
        let mut next = self.next().ok_or(OpenError::Refused)?;
        let header = Header {
            ratchet_key: envelope.new_ratchet_public_key,
            number: envelope.message_number,
            previous_chain_length: envelope.previous_chain_length,
        };
        let key: Key = next.ratchet.key_of(&header, rng)?;
        let padded =
            aead::open(&key, &envelope.salt, MESSAGE_INFO, &self.associated_data(envelope), &envelope.ciphertext.0)
                .map_err(|_| OpenError::Refused)?;
        let content = padding::unpad(padded, PADDING_STEP_BYTES).ok_or(OpenError::Refused)?;
        next.first = None;
        Ok((next, content))
    }

    pub fn id(&self) -> SessionId {
        self.id
    }

    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Grows with every change: of two states of one session the lower one is the older, and never sends.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Begun here and not answered yet.
    pub fn is_unanswered(&self) -> bool {
        self.first.is_some()
    }

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

    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

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
            first: self.first.clone(),
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

/// The session that a first message for this device would begin.
pub(super) fn id_of_first(own: &OwnIdentity, first: &FirstMessage) -> SessionId {
    SessionId(shared_secret::transcript(&first.certificate, own.certificate(), first))
}

fn check_direction(envelope: &Envelope, email: &Address, device: DeviceId, peer: &Peer) -> Result<(), OpenError> {
    if envelope.v != VERSION {
        return Err(OpenError::OtherVersion);
    }
    let for_this_device = envelope.receiver_email == *email && envelope.receiver_device == device;
    let from_the_peer = envelope.sender_email == peer.email && envelope.sender_device == peer.device;
    if for_this_device && from_the_peer { Ok(()) } else { Err(OpenError::Misdirected) }
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

impl From<RatchetError> for OpenError {
    fn from(error: RatchetError) -> Self {
        match error {
            RatchetError::Duplicate => Self::Duplicate,
            RatchetError::TooFarAhead => Self::TooFarAhead,
            RatchetError::Impossible | RatchetError::Exhausted => Self::Refused,
        }
    }
}

impl From<AgreementError> for OpenError {
    fn from(error: AgreementError) -> Self {
        match error {
            AgreementError::MissingPreKey => Self::MissingPreKey,
            AgreementError::BadKey => Self::Refused,
        }
    }
}
