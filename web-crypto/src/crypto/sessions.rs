//! Owns all sessions with one peer device: which one sends, which ones still open, which first messages were seen.
//!
//! Both sides may begin at once, and either may have to begin anew. A new session becomes the active one, except that
//! of two begun at once the lower id stays active on both sides; once, because who begins a second time did not see the
//! first. A message that opens on a session that is not active
//! makes it active, unless the active one is one's own and unanswered, or this side had given that session up.

use super::{
    cbor::{self, LoadError, Record},
    first::CheckedFirst,
    identity::OwnIdentity,
    limits::{FIRSTS_SEEN_MAX, SESSIONS_PER_PEER_MAX},
    pre_keys::PreKeySecrets,
    session::{self, OpenError, Peer, SealError, Session, SessionId},
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
    /// This side began a newer one in its place: it opens, and never sends again.
    #[n(1)]
    given_up: bool,
    /// Unanswered, it stayed active against one that the other side began.
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

/// A first message that was opened. Remembered while the pre-key it used lives; after that it cannot open anyway.
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

/// What an envelope gave.
pub struct Opened {
    pub sessions: Sessions,
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
impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, accepted, .. } = self;
        f.debug_struct("Opened").field("sessions", sessions).field("accepted", accepted).finish_non_exhaustive()
    }
}

impl Sessions {
    /// The session that sends.
    pub fn active(&self) -> Option<&Session> {
        self.entries.first().map(|entry| &entry.session)
    }

    pub fn peer(&self) -> Option<&Peer> {
        self.active().map(Session::peer)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Grows with every change: of two states the lower one is the older, and never sends.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether the envelope would begin a session, so that its certificate must be checked first.
    pub fn needs_check(&self, own: &OwnIdentity, envelope: &Envelope) -> bool {
        envelope.first.as_ref().is_some_and(|first| {
            let id = session::id_of_first(own, first);
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

    pub fn seal(
        &self,
        id: EnvelopeId,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Envelope), SealError> {
        let active = self.entries.first().filter(|entry| !entry.given_up).ok_or(SealError::NoSession)?;
        let (session, envelope) = active.session.seal(id, content, rng)?;
        let mut next = self.next();
        if let Some(entry) = next.entries.first_mut() {
            entry.session = session;
        }
        Ok((next, envelope))
    }

    /// Opens with the session that can, or begins one when `envelope` is a first message that was not seen before.
    pub fn open(
        &self,
        own: &OwnIdentity,
        pre_keys: &PreKeySecrets,
        first: Option<&CheckedFirst>,
        envelope: &Envelope,
        rng: &mut impl CryptoRng,
    ) -> Result<Opened, OpenError> {
        let Some(message) = &envelope.first else { return self.open_with_any(envelope, rng) };
        let id = session::id_of_first(own, message);
        if let Some(place) = self.entries.iter().position(|entry| entry.session.id() == id) {
            return self.open_at(place, envelope, rng);
        }
        if self.seen.iter().any(|seen| seen.id == id) {
            // Its session was left behind. Beginning it again would open its first message again.
            return Err(OpenError::NoSession);
        }
        self.accept(own, pre_keys, first.ok_or(OpenError::NotChecked)?, envelope, rng)
    }

    fn accept(
        &self,
        own: &OwnIdentity,
        pre_keys: &PreKeySecrets,
        first: &CheckedFirst,
        envelope: &Envelope,
        rng: &mut impl CryptoRng,
    ) -> Result<Opened, OpenError> {
        let mut next = self.next();
        next.seen.retain(|seen| pre_keys.holds_signed(seen.signed_pre_key));
        if next.seen.len() >= FIRSTS_SEEN_MAX {
            // One that used a one-time key cannot open again even when forgotten: the key is gone.
            let place = next.seen.iter().position(|seen| seen.one_time).ok_or(OpenError::Refused)?;
            next.seen.remove(place);
        }
        let accepted = Session::accept(own, pre_keys, first, envelope, rng)?;
        next.seen.push(Seen {
            id: accepted.session.id(),
            signed_pre_key: first.message().signed_pre_key_id,
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
        Ok(Opened { sessions: next, content: accepted.content, used_one_time: accepted.used_one_time, accepted: true })
    }

    fn open_with_any(&self, envelope: &Envelope, rng: &mut impl CryptoRng) -> Result<Opened, OpenError> {
        let mut result = OpenError::NoSession;
        for place in 0..self.entries.len() {
            match self.open_at(place, envelope, rng) {
                Ok(opened) => return Ok(opened),
                // A session that knows the message is sure; the others only do not know it.
                Err(OpenError::Duplicate) => return Err(OpenError::Duplicate),
                Err(error) if place == 0 => result = error,
                Err(_) => {}
            }
        }
        Err(result)
    }

    fn open_at(&self, place: usize, envelope: &Envelope, rng: &mut impl CryptoRng) -> Result<Opened, OpenError> {
        let entry = self.entries.get(place).ok_or(OpenError::NoSession)?;
        let (session, content) = entry.session.open(envelope, rng)?;
        let stays_behind = entry.given_up || self.active().is_some_and(Session::is_unanswered);
        let mut next = self.next();
        let (given_up, stayed) = (entry.given_up, entry.stayed);
        next.entries.remove(place);
        let to = if place == 0 { 0 } else { usize::from(stays_behind) };
        next.entries.insert(to, Entry { session, given_up, stayed });
        Ok(Opened { sessions: next, content, used_one_time: None, accepted: false })
    }

    /// The most keys that one session keeps for messages that have not arrived.
    pub fn skipped_len(&self) -> usize {
        self.entries.iter().map(|entry| entry.session.skipped_len()).max().unwrap_or(0)
    }

    /// First messages that are remembered.
    pub fn firsts_len(&self) -> usize {
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

    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        cbor::load(bytes)
    }
}

impl Record for Sessions {
    const VERSION: u32 = 1;
}
