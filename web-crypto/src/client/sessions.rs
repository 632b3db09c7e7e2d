//! The sessions with one peer device, as they are kept, and whether a new one is due.
//!
//! Which of several sessions sends and opens is decided in `crypto::sessions`; when to give up, here.

use super::records::{Changes, Record, RecordsError, Store, decode};
use crate::crypto::Sessions;
use serde::{Deserialize, Serialize};

/// A session that opens nothing any more is replaced at most this often (D9).
const RENEWAL_MS: u64 = 60_000;

#[derive(Debug, Default)]
pub(super) struct PeerSessions {
    pub(super) sessions: Sessions,
    renewal: Renewal,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Renewal {
    /// The next seal begins a new session.
    due: bool,
    /// When one was last found necessary, in milliseconds since 1970.
    found: u64,
}

#[derive(Serialize, Deserialize)]
struct Saved<'a> {
    sessions: &'a [u8],
    renewal: Renewal,
}

impl PeerSessions {
    pub(super) fn can_seal(&self) -> bool {
        !self.sessions.is_empty() && !self.renewal.due
    }

    /// Puts `sessions`, which came out of a step of these. `began`: there is a new session, begun here or there.
    pub(super) fn put(
        &self,
        sessions: &Sessions,
        began: bool,
        key: &str,
        changes: &mut Changes,
    ) -> Result<(), RecordsError> {
        let renewal = Renewal { due: self.renewal.due && !began, ..self.renewal };
        put(sessions, renewal, key, changes)
    }

    /// Asks for a new session. False: that was done less than a minute ago.
    pub(super) fn renew(&self, now: u64, key: &str, changes: &mut Changes) -> Result<bool, RecordsError> {
        if now < self.renewal.found.saturating_add(RENEWAL_MS) {
            return Ok(false);
        }
        put(&self.sessions, Renewal { due: true, found: now }, key, changes)?;
        Ok(true)
    }

    /// The session that sends is used up: the next seal begins a new one, at once.
    pub(super) fn end(&self, key: &str, changes: &mut Changes) -> Result<(), RecordsError> {
        put(&self.sessions, Renewal { due: true, ..self.renewal }, key, changes)
    }

    pub(super) fn load(record: &Record) -> Result<Self, RecordsError> {
        let saved: Saved<'_> = decode(&record.value)?;
        let sessions = Sessions::load(saved.sessions).map_err(|_| RecordsError::Damaged)?;
        Ok(Self { sessions, renewal: saved.renewal })
    }
}

fn put(sessions: &Sessions, renewal: Renewal, key: &str, changes: &mut Changes) -> Result<(), RecordsError> {
    changes.put(Store::Sessions, key.into(), &Saved { sessions: &sessions.save(), renewal })
}
