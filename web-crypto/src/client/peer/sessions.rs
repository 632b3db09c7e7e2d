//! The sessions with one peer device, as they are kept, whether a new one is due, and what is to be asked for.
//!
//! Which of several sessions sends and opens is decided in `crypto::sessions`; when to give up, here.

use crate::{
    client::{
        content::RETRY_NAMES_MAX,
        records::{Changes, Store},
    },
    crypto::{
        Sessions,
        cbor::{self, Record as _},
    },
};
use cliquet_wire::{envelope::Envelope, ids::EnvelopeId};
use minicbor::{Decode, Encode};
use uuid::Uuid;

/// A session that opens nothing any more is replaced at most this often (D9).
const RENEWAL_MS: u64 = 60_000;
/// Lost envelopes are asked for at most this often. Those that fail before the answer arrives wait at most this long.
const ASKING_MS: u64 = 15_000;
/// Contact requests that are remembered.
const ASKS_MAX: usize = 4;

/// A value of `Store::Sessions`.
#[derive(Debug, Default, Encode, Decode)]
#[cbor(map)]
pub struct PeerSessions {
    #[n(0)]
    pub(in crate::client) sessions: Sessions,
    #[n(1)]
    notes: Notes,
}

impl cbor::Record for PeerSessions {
    const VERSION: u32 = 1;
}

/// [`PeerSessions`] as a step has them before it is committed.
#[derive(Encode)]
#[cbor(map)]
struct Changed<'a> {
    #[n(0)]
    sessions: &'a Sessions,
    #[n(1)]
    notes: &'a Notes,
}

/// What is kept beside the sessions.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
struct Notes {
    /// The next seal begins a new session.
    #[n(0)]
    due: bool,
    /// When one was last found necessary, in milliseconds since 1970.
    #[n(1)]
    found: u64,
    /// The latest id of an authentic envelope; ids grow with the sender's clock. A used-up message number under a later
    /// id is no repetition: the sender's state was put back to an older one (D8).
    #[cbor(n(2), with = "cliquet_wire::cbor::uuid")]
    newest: Uuid,
    /// The highest version of the protocol that was received: a lower one is refused from then on (K9).
    #[n(3)]
    version: u8,
    /// Envelopes that could not be opened, to be asked for.
    #[n(4)]
    lost: Vec<EnvelopeId>,
    /// The last contact requests, the latest at the end.
    #[n(5)]
    asked: Vec<Ask>,
}

/// A contact request, whose id says when that was, and what it asked for. The peer may say later that it could not open it.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
struct Ask {
    #[n(0)]
    request: EnvelopeId,
    #[n(1)]
    names: Vec<EnvelopeId>,
}

impl Default for Notes {
    fn default() -> Self {
        Self { due: false, found: 0, newest: Uuid::nil(), version: 0, lost: Vec::new(), asked: Vec::new() }
    }
}

impl Notes {
    /// Something is lost, and nothing was asked for just now.
    fn asks(&self, now: u64) -> bool {
        let asked = self.asked.iter().rev().find(|ask| !ask.names.is_empty());
        let last = asked.map_or(0, |ask| (ask.request.0.as_u128() >> 80) as u64);
        !self.lost.is_empty() && !within(ASKING_MS, last, now)
    }

    /// What these contact requests asked for is to be asked for once more. Tells whether there is any.
    fn ask_again(&mut self, unheard: &[EnvelopeId]) -> bool {
        let mut again = false;
        for ask in std::mem::take(&mut self.asked) {
            if unheard.contains(&ask.request) {
                again |= !ask.names.is_empty();
                ask.names.into_iter().for_each(|id| self.lose(id));
            } else {
                self.asked.push(ask);
            }
        }
        again
    }

    fn lose(&mut self, id: EnvelopeId) {
        if self.lost.len() < RETRY_NAMES_MAX && !self.lost.contains(&id) {
            self.lost.push(id);
        }
    }

    fn put(&self, sessions: &Sessions, key: &str, changes: &mut Changes) {
        let value = cbor::encode(&(PeerSessions::VERSION, Changed { sessions, notes: self }));
        changes.put_bytes(Store::Sessions, key.into(), value);
    }
}

impl PeerSessions {
    pub(in crate::client) fn can_encrypt(&self) -> bool {
        !self.sessions.is_empty() && !self.notes.due
    }

    /// Puts `sessions`, which came out of a step of these. `began`: there is a new session, begun here or there.
    pub(in crate::client) fn put(&self, sessions: &Sessions, began: bool, key: &str, changes: &mut Changes) {
        let mut notes = self.notes.clone();
        notes.due &= !began;
        notes.put(sessions, key, changes);
    }

    /// The same, for `sessions` that opened an envelope. `asks_for`: what that envelope asks for. When a request of ours is
    /// among it, the peer has nothing of what it asked for: all is asked for again. When it is our last one, the peer
    /// has nothing of the session that it began either: the peer's session takes its place. Tells whether anything is
    /// asked for again.
    pub(in crate::client) fn put_opened(
        &self,
        sessions: Sessions,
        began: bool,
        envelope: &Envelope,
        asks_for: &[EnvelopeId],
        key: &str,
        changes: &mut Changes,
    ) -> bool {
        let mut notes = self.notes.clone();
        notes.due &= !began;
        notes.version = notes.version.max(envelope.v);
        notes.newest = notes.newest.max(envelope.id.0);
        let unheard = notes.asked.last().is_some_and(|ask| asks_for.contains(&ask.request));
        let sessions = if unheard { sessions.give_way() } else { sessions };
        let asks_again = notes.ask_again(asks_for);
        notes.put(&sessions, key, changes);
        asks_again
    }

    /// Whether the peer device has spoken a later version than this envelope's (K9).
    pub(in crate::client) fn is_lowered(&self, envelope: &Envelope) -> bool {
        envelope.v < self.notes.version
    }

    /// Whether an envelope whose message number is used up is another one than was opened.
    pub(in crate::client) fn is_no_repetition(&self, envelope: &Envelope) -> bool {
        envelope.id.0 > self.notes.newest
    }

    /// An envelope could not be opened: asks for it, and for a new session. False: that was done less than a minute ago.
    pub(in crate::client) fn renew(&self, lost: EnvelopeId, now: u64, key: &str, changes: &mut Changes) -> bool {
        let mut notes = self.notes.clone();
        notes.lose(lost);
        let renews = !within(RENEWAL_MS, notes.found, now);
        if renews {
            (notes.due, notes.found) = (true, now);
        }
        notes.put(&self.sessions, key, changes);
        renews
    }

    /// The session that sends is used up: the next seal begins a new one, at once.
    pub(in crate::client) fn end(&self, key: &str, changes: &mut Changes) {
        let notes = Notes { due: true, ..self.notes.clone() };
        notes.put(&self.sessions, key, changes);
    }

    /// Whether something is to be asked for now.
    pub(in crate::client) fn asks(&self, now: u64) -> bool {
        self.notes.asks(now)
    }

    /// What a contact request that is encrypted now asks for.
    pub(in crate::client) fn to_ask(&self, now: u64) -> &[EnvelopeId] {
        if self.asks(now) { &self.notes.lost } else { &[] }
    }

    /// Puts `sessions` after they encrypted a contact request.
    pub(in crate::client) fn put_asked(
        &self,
        sessions: &Sessions,
        request: EnvelopeId,
        now: u64,
        key: &str,
        changes: &mut Changes,
    ) {
        let mut notes = self.notes.clone();
        let names = if notes.asks(now) { std::mem::take(&mut notes.lost) } else { Vec::new() };
        notes.asked.push(Ask { request, names });
        if notes.asked.len() > ASKS_MAX {
            notes.asked.remove(0);
        }
        notes.put(sessions, key, changes);
    }

    /// The contact request was not taken by the server.
    pub(in crate::client) fn ask_again(&self, key: &str, changes: &mut Changes) {
        let mut notes = self.notes.clone();
        let last = notes.asked.last().map(|ask| ask.request);
        notes.ask_again(last.as_slice());
        notes.put(&self.sessions, key, changes);
    }
}

/// Whether `now` is within a period after `before`. A clock that was set back must not hold anything up for longer.
pub(super) fn within(period_ms: u64, before: u64, now: u64) -> bool {
    (before..before.saturating_add(period_ms)).contains(&now)
}
