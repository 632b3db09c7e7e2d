//! Owns all sessions with one peer device: which one sends, which ones still decrypt, which
//! pre-key messages were seen.
//!
//! Both sides may begin at once, and either may have to begin again. A new session becomes the active one, with one
//! exception: of two sessions begun at once the one with the lower id stays active on both sides. It stays once, because
//! a peer that begins a second time did not get the first message. A message that decrypts on an inactive session makes
//! it active, unless this side began the active one and has no answer yet, or this side gave the inactive one up.

use super::{
    cbor::{self, LoadError, Record},
    identity::OwnIdentity,
    limits::{PRE_KEY_MESSAGES_SEEN_MAX, SESSIONS_PER_PEER_MAX},
    pre_key_message::CheckedPreKeyMessage,
    pre_keys::PreKeySecrets,
    session::{self, DecryptError, EncryptError, Peer, Session, SessionId},
};
use cliquet_wire::{
    envelope::Envelope,
    ids::{EnvelopeId, PreKeyId},
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

#[derive(Debug, Encode, Decode)]
#[cbor(map)]
struct Entry {
    #[n(0)]
    session: Session,
    /// This side began a newer one in its place: it decrypts, and never sends again.
    #[n(1)]
    given_up: bool,
    /// It stayed active, unanswered, when the other side began one too.
    #[n(2)]
    stayed: bool,
}

impl Entry {
    fn new(session: Session) -> Self {
        Self { session, given_up: false, stayed: false }
    }

    fn copy(&self) -> Self {
        Self { session: self.session.copy(), ..*self }
    }
}

/// A pre-key message that was decrypted. Remembered while the pre-key it used is kept; it cannot be decrypted after that.
#[derive(Clone, Copy, Debug, Encode, Decode)]
#[cbor(map)]
struct Seen {
    #[n(0)]
    id: SessionId,
    #[n(1)]
    signed_pre_key: PreKeyId,
    #[n(2)]
    one_time: bool,
}

/// The sessions with one peer device, the active one first, then the one used last.
#[derive(Default, Encode, Decode)]
#[cbor(map)]
pub struct Sessions {
    #[n(0)]
    entries: Vec<Entry>,
    #[n(1)]
    seen: Vec<Seen>,
    #[n(2)]
    generation: u64,
}

/// What decrypting an envelope gives.
pub struct Decrypted {
    /// The sessions as they are after the message.
    pub sessions: Sessions,
    /// The content, without padding.
    pub content: Zeroizing<Vec<u8>>,
    /// To be forgotten in the transaction that stores the content.
    pub used_one_time: Option<PreKeyId>,
    /// The envelope began a session.
    pub accepted: bool,
}

/// Neither keys nor names.
impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, generation) = (self.entries.len(), self.generation);
        f.debug_struct("Sessions").field("len", &len).field("generation", &generation).finish_non_exhaustive()
    }
}

/// Not the content.
impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, accepted, .. } = self;
        f.debug_struct("Decrypted").field("sessions", sessions).field("accepted", accepted).finish_non_exhaustive()
    }
}

impl Sessions {
    /// The session that sends.
    pub fn active(&self) -> Option<&Session> {
        self.entries.first().map(|entry| &entry.session)
    }

    /// The device at the other end. `None` without a session.
    pub fn peer(&self) -> Option<&Peer> {
        self.active().map(Session::peer)
    }

    /// The number of sessions.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no session.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Grows with every change: of two states the lower one is the older, and never sends.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether the envelope would begin a session, so that its certificate must be checked first.
    pub fn needs_check(&self, own: &OwnIdentity, envelope: &Envelope) -> bool {
        envelope.pre_key_message.as_ref().is_some_and(|message| {
            let id = session::id_of(own, message);
            !self.entries.iter().any(|entry| entry.session.id() == id)
        })
    }

    /// Takes in a session begun here: it becomes active, and the others never send again.
    #[must_use]
    pub fn begin(&self, session: Session) -> Self {
        let mut next = self.next();
        next.entries.iter_mut().for_each(|entry| entry.given_up = true);
        next.entries.insert(0, Entry::new(session));
        next.entries.truncate(SESSIONS_PER_PEER_MAX);
        next
    }

    /// The peer could not open what began the active session, if that is one of ours: another one, which the peer has,
    /// takes its place, and it never sends again. Of a state that was just made by opening.
    #[must_use]
    pub fn give_way(mut self) -> Self {
        if self.entries.len() > 1 && self.active().is_some_and(Session::is_unanswered) {
            self.entries.rotate_left(1);
            if let Some(entry) = self.entries.last_mut() {
                entry.given_up = true;
            }
        }
        self
    }

    /// Encrypts content with the active session. The envelope may leave only once the new state is durable.
    ///
    /// # Errors
    /// When there is no session that may send, the content is too long, or the session's numbers are used up.
    pub fn encrypt(
        &self,
        id: EnvelopeId,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Envelope), EncryptError> {
        let active = self.entries.first().filter(|entry| !entry.given_up).ok_or(EncryptError::NoSession)?;
        let (session, envelope) = active.session.encrypt(id, content, rng)?;
        let mut next = self.next();
        if let Some(entry) = next.entries.first_mut() {
            entry.session = session;
        }
        Ok((next, envelope))
    }

    /// Decrypts with the session that can, or begins one when `envelope` is a pre-key message that was not seen before.
    ///
    /// # Errors
    /// Why the message was not decrypted. The state is as it was.
    pub fn decrypt(
        &self,
        own: &OwnIdentity,
        pre_keys: &PreKeySecrets,
        checked: Option<&CheckedPreKeyMessage>,
        envelope: &Envelope,
        rng: &mut impl CryptoRng,
    ) -> Result<Decrypted, DecryptError> {
        let Some(message) = &envelope.pre_key_message else { return self.decrypt_with_any(envelope, rng) };
        let id = session::id_of(own, message);
        if let Some(place) = self.entries.iter().position(|entry| entry.session.id() == id) {
            return self.decrypt_at(place, envelope, rng);
        }
        if self.seen.iter().any(|seen| seen.id == id) {
            // Its session is no longer kept. Beginning it again would decrypt the message a second time.
            return Err(DecryptError::NoSession);
        }
        self.accept(own, pre_keys, checked.ok_or(DecryptError::NotChecked)?, envelope, rng)
    }

    fn accept(
        &self,
        own: &OwnIdentity,
        pre_keys: &PreKeySecrets,
        checked: &CheckedPreKeyMessage,
        envelope: &Envelope,
        rng: &mut impl CryptoRng,
    ) -> Result<Decrypted, DecryptError> {
        let mut next = self.next();
        next.seen.retain(|seen| pre_keys.holds_signed(seen.signed_pre_key));
        if next.seen.len() >= PRE_KEY_MESSAGES_SEEN_MAX {
            // One that used a one-time key cannot be decrypted again even when forgotten: the key is gone.
            let place = next.seen.iter().position(|seen| seen.one_time).ok_or(DecryptError::Refused)?;
            next.seen.remove(place);
        }
        let accepted = Session::accept(own, pre_keys, checked, envelope, rng)?;
        next.seen.push(Seen {
            id: accepted.session.id(),
            signed_pre_key: checked.message().signed_pre_key_id,
            one_time: accepted.used_one_time.is_some(),
        });
        let mut place = 0;
        if let Some(active) = next.entries.first_mut()
            && active.session.is_unanswered()
            && !active.stayed
            && active.session.id() < accepted.session.id()
        {
            active.stayed = true;
            place = 1;
        }
        next.entries.insert(place, Entry::new(accepted.session));
        next.entries.truncate(SESSIONS_PER_PEER_MAX);
        Ok(Decrypted {
            sessions: next,
            content: accepted.content,
            used_one_time: accepted.used_one_time,
            accepted: true,
        })
    }

    fn decrypt_with_any(&self, envelope: &Envelope, rng: &mut impl CryptoRng) -> Result<Decrypted, DecryptError> {
        let mut result = DecryptError::NoSession;
        for place in 0..self.entries.len() {
            match self.decrypt_at(place, envelope, rng) {
                Ok(opened) => return Ok(opened),
                // A session that recognises the message is right; the others only fail to decrypt it.
                Err(DecryptError::Duplicate) => return Err(DecryptError::Duplicate),
                Err(error) if place == 0 => result = error,
                Err(_) => {}
            }
        }
        Err(result)
    }

    fn decrypt_at(
        &self,
        place: usize,
        envelope: &Envelope,
        rng: &mut impl CryptoRng,
    ) -> Result<Decrypted, DecryptError> {
        let entry = self.entries.get(place).ok_or(DecryptError::NoSession)?;
        let (session, content) = entry.session.decrypt(envelope, rng)?;
        let stays_behind = entry.given_up || self.active().is_some_and(Session::is_unanswered);
        let mut next = self.next();
        let (given_up, stayed) = (entry.given_up, entry.stayed);
        next.entries.remove(place);
        let to = if place == 0 { 0 } else { usize::from(stays_behind) };
        next.entries.insert(to, Entry { session, given_up, stayed });
        Ok(Decrypted { sessions: next, content, used_one_time: None, accepted: false })
    }

    /// The most keys that one session keeps for messages that have not arrived.
    pub fn skipped_len(&self) -> usize {
        self.entries.iter().map(|entry| entry.session.skipped_len()).max().unwrap_or(0)
    }

    /// The number of pre-key messages that are remembered.
    pub fn pre_key_messages_len(&self) -> usize {
        self.seen.len()
    }

    /// Saturates: 2^64 changes do not happen.
    fn next(&self) -> Self {
        Self {
            entries: self.entries.iter().map(Entry::copy).collect(),
            seen: self.seen.clone(),
            generation: self.generation.saturating_add(1),
        }
    }

    /// The ids of all sessions, the active one first.
    pub fn ids(&self) -> impl Iterator<Item = SessionId> {
        self.entries.iter().map(|entry| entry.session.id())
    }

    /// The record: `[version, body]` in CBOR. It holds every key of every session.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    /// The sessions that [`Self::save`] wrote.
    ///
    /// # Errors
    /// For a record of a later version, and for a damaged one.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        cbor::load(bytes)
    }
}

impl Record for Sessions {
    const VERSION: u32 = 1;
}
