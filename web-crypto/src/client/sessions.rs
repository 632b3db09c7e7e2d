//! The sessions with one peer device, as they are kept, and whether a new one is due.
//!
//! Which of several sessions sends and opens is decided in `crypto::sessions`; when to give up, here.

use super::records::{Changes, Store};
use crate::crypto::{
    Sessions,
    saved::{self, Reader, Saved, Writer},
};
use cliquet_wire::envelope::Envelope;
use uuid::Uuid;
/// A session that opens nothing any more is replaced at most this often (D9).
const RENEWAL_MS: u64 = 60_000;

#[derive(Debug, Default)]
pub(super) struct PeerSessions {
    pub(super) sessions: Sessions,
    renewal: Renewal,
    heard: Heard,
}

#[derive(Clone, Copy, Debug, Default)]
struct Renewal {
    /// The next seal begins a new session.
    due: bool,
    /// When one was last found necessary, in milliseconds since 1970.
    found: u64,
}

/// What authentic envelopes said so far.
#[derive(Clone, Copy, Debug)]
struct Heard {
    /// The highest version of the protocol: a lower one is not taken any more (K9).
    version: u8,
    /// The latest id; ids grow with the sender's clock. A used-up message number under a later id is no repetition: the
    /// sender's state was put back to an older one (D8).
    newest: Uuid,
}

impl Default for Heard {
    fn default() -> Self {
        Self { version: 0, newest: Uuid::nil() }
    }
}

impl PeerSessions {
    pub(super) fn can_seal(&self) -> bool {
        !self.sessions.is_empty() && !self.renewal.due
    }

    /// Puts `sessions`, which came out of a step of these. `began`: there is a new session, begun here or there.
    pub(super) fn put(&self, sessions: &Sessions, began: bool, key: &str, changes: &mut Changes) {
        let renewal = Renewal { due: self.renewal.due && !began, ..self.renewal };
        put(sessions, renewal, self.heard, key, changes);
    }

    /// The same, for `sessions` that opened an envelope.
    pub(super) fn put_opened(
        &self,
        sessions: &Sessions,
        began: bool,
        envelope: &Envelope,
        key: &str,
        changes: &mut Changes,
    ) {
        let renewal = Renewal { due: self.renewal.due && !began, ..self.renewal };
        let heard = Heard { version: self.heard.version.max(envelope.v), newest: self.heard.newest.max(envelope.id.0) };
        put(sessions, renewal, heard, key, changes);
    }

    /// Whether the peer device has spoken a later version than this envelope's (K9).
    pub(super) fn is_lowered(&self, envelope: &Envelope) -> bool {
        envelope.v < self.heard.version
    }

    /// Whether an envelope whose message number is used up is another one than was opened.
    pub(super) fn is_no_repetition(&self, envelope: &Envelope) -> bool {
        envelope.id.0 > self.heard.newest
    }

    /// Asks for a new session. False: that was done less than a minute ago.
    pub(super) fn renew(&self, now: u64, key: &str, changes: &mut Changes) -> bool {
        // A clock that was set back must not hold this up for longer.
        if (self.renewal.found..self.renewal.found.saturating_add(RENEWAL_MS)).contains(&now) {
            return false;
        }
        put(&self.sessions, Renewal { due: true, found: now }, self.heard, key, changes);
        true
    }

    /// The session that sends is used up: the next seal begins a new one, at once.
    pub(super) fn end(&self, key: &str, changes: &mut Changes) {
        put(&self.sessions, Renewal { due: true, ..self.renewal }, self.heard, key, changes);
    }
}

fn put(sessions: &Sessions, renewal: Renewal, heard: Heard, key: &str, changes: &mut Changes) {
    let mut to = saved::begin();
    write(sessions, renewal, heard, &mut to);
    changes.put_bytes(Store::Sessions, key.into(), to.finish());
}

fn write(sessions: &Sessions, renewal: Renewal, heard: Heard, to: &mut Writer) {
    sessions.write(to);
    to.flag(renewal.due);
    to.number(renewal.found);
    to.raw(heard.newest.as_bytes());
    to.byte(heard.version);
}

impl Saved for PeerSessions {
    fn write(&self, to: &mut Writer) {
        write(&self.sessions, self.renewal, self.heard, to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (sessions, renewal) = (Saved::read(from)?, Renewal { due: from.flag()?, found: from.number()? });
        // Records of before this was kept end here.
        let heard = if from.is_at_end() {
            Heard::default()
        } else {
            Heard { newest: Uuid::from_bytes(from.array()?), version: from.byte()? }
        };
        Some(Self { sessions, renewal, heard })
    }
}
