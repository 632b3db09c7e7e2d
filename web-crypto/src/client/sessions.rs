//! The sessions with one peer device, as they are kept, and whether a new one is due.
//!
//! Which of several sessions sends and opens is decided in `crypto::sessions`; when to give up, here.

use super::records::{Changes, Store};
use crate::crypto::{
    Sessions,
    saved::{self, Reader, Saved, Writer},
};

/// A session that opens nothing any more is replaced at most this often (D9).
const RENEWAL_MS: u64 = 60_000;

#[derive(Debug, Default)]
pub(super) struct PeerSessions {
    pub(super) sessions: Sessions,
    renewal: Renewal,
}

#[derive(Clone, Copy, Debug, Default)]
struct Renewal {
    /// The next seal begins a new session.
    due: bool,
    /// When one was last found necessary, in milliseconds since 1970.
    found: u64,
}

impl PeerSessions {
    pub(super) fn can_seal(&self) -> bool {
        !self.sessions.is_empty() && !self.renewal.due
    }

    /// Puts `sessions`, which came out of a step of these. `began`: there is a new session, begun here or there.
    pub(super) fn put(&self, sessions: &Sessions, began: bool, key: &str, changes: &mut Changes) {
        let renewal = Renewal { due: self.renewal.due && !began, ..self.renewal };
        put(sessions, renewal, key, changes);
    }

    /// Asks for a new session. False: that was done less than a minute ago.
    pub(super) fn renew(&self, now: u64, key: &str, changes: &mut Changes) -> bool {
        if now < self.renewal.found.saturating_add(RENEWAL_MS) {
            return false;
        }
        put(&self.sessions, Renewal { due: true, found: now }, key, changes);
        true
    }

    /// The session that sends is used up: the next seal begins a new one, at once.
    pub(super) fn end(&self, key: &str, changes: &mut Changes) {
        put(&self.sessions, Renewal { due: true, ..self.renewal }, key, changes);
    }
}

fn put(sessions: &Sessions, renewal: Renewal, key: &str, changes: &mut Changes) {
    let mut to = saved::begin();
    write(sessions, renewal, &mut to);
    changes.put_bytes(Store::Sessions, key.into(), to.finish());
}

fn write(sessions: &Sessions, renewal: Renewal, to: &mut Writer) {
    sessions.write(to);
    to.flag(renewal.due);
    to.number(renewal.found);
}

impl Saved for PeerSessions {
    fn write(&self, to: &mut Writer) {
        write(&self.sessions, self.renewal, to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { sessions: Saved::read(from)?, renewal: Renewal { due: from.flag()?, found: from.number()? } })
    }
}
