//! The sessions with one peer device: one to seal with, and the few older ones that may still open something.
//!
//! Owns which session is current. Knows nothing of what is inside.
//!
//! When both sides start at once, there are two sessions for a while. Both choose the one with the lower id, so that
//! both end up in the same (D10). When a peer starts anew although ours was answered, it has lost its state, and its
//! new session is the current one.

use super::records::{Changes, RecordsError, Store};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Sessions kept for one peer device. Two cross when both start at once; the others are what lost state leaves behind.
const SESSIONS_PER_DEVICE_MAX: usize = 4;
/// A session that does not open is replaced at most this often (D9).
pub(crate) const RENEWAL_MS: u64 = 60_000;

/// In the order of preference: the first is the one to seal with.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PeerSessions {
    kept: Vec<Kept>,
    /// The first one opens nothing any more: the next seal starts a new one.
    pub(crate) lost: bool,
    /// When it was last declared lost, in milliseconds since 1970.
    pub(crate) lost_at: u64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) id: Vec<u8>,
    pub(crate) saved: Zeroizing<Vec<u8>>,
    /// We initiated it, and nothing came back in it yet.
    unanswered: bool,
}

impl PeerSessions {
    /// The session to seal with.
    pub(crate) fn current(&self) -> Option<&Kept> {
        if self.lost { None } else { self.kept.first() }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter()
    }

    /// A session that we started.
    pub(crate) fn initiated(&mut self, id: Vec<u8>, saved: Zeroizing<Vec<u8>>) {
        self.lost = false;
        self.insert(0, Kept { id, saved, unanswered: true });
    }

    /// A session that the peer started.
    pub(crate) fn accepted(&mut self, id: Vec<u8>, saved: Zeroizing<Vec<u8>>) {
        let ours_is_lower = !self.lost && self.kept.first().is_some_and(|ours| ours.unanswered && ours.id < id);
        self.lost = false;
        self.insert(usize::from(ours_is_lower), Kept { id, saved, unanswered: false });
    }

    /// The session has sealed something.
    pub(crate) fn sealed(&mut self, id: &[u8], saved: Zeroizing<Vec<u8>>) {
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.id == id) {
            kept.saved = saved;
        }
    }

    /// The session has opened something. `first`: the peer does not know yet that we have this session, so it says
    /// nothing about what the peer prefers. Without it, the peer seals with this one: so do we.
    pub(crate) fn opened(&mut self, id: &[u8], saved: Zeroizing<Vec<u8>>, first: bool) {
        let Some(place) = self.kept.iter().position(|kept| kept.id == id) else { return };
        if let Some(kept) = self.kept.get_mut(place) {
            kept.saved = saved;
            kept.unanswered = false;
        }
        if !first {
            self.lost = false;
            if let Some(front) = self.kept.get_mut(..=place) {
                front.rotate_right(1);
            }
        }
    }

    pub(crate) fn put_into(&self, changes: &mut Changes, key: &str) -> Result<(), RecordsError> {
        changes.put(Store::Sessions, key.into(), self)
    }

    fn insert(&mut self, place: usize, kept: Kept) {
        self.kept.retain(|other| other.id != kept.id);
        self.kept.insert(place.min(self.kept.len()), kept);
        self.kept.truncate(SESSIONS_PER_DEVICE_MAX);
    }
}

impl std::fmt::Debug for PeerSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeerSessions").field("kept", &self.kept.len()).field("lost", &self.lost).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(n: u8) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(vec![n])
    }

    fn current(sessions: &PeerSessions) -> Option<&[u8]> {
        sessions.current().map(|kept| kept.id.as_slice())
    }

    #[test]
    fn both_sides_of_a_crossing_choose_the_same() {
        let mut alice = PeerSessions::default();
        alice.initiated(vec![1], state(1));
        alice.accepted(vec![2], state(2));
        let mut bob = PeerSessions::default();
        bob.initiated(vec![2], state(2));
        bob.accepted(vec![1], state(1));
        assert_eq!(current(&alice), Some([1].as_slice()));
        assert_eq!(current(&bob), current(&alice));
        // What was still under way in the other one changes nothing, as its sender had not heard of the choice.
        alice.opened(&[2], state(3), true);
        assert_eq!(current(&alice), Some([1].as_slice()));
    }

    #[test]
    fn a_peer_that_starts_anew_after_an_answer_is_followed() {
        let mut alice = PeerSessions::default();
        alice.initiated(vec![1], state(1));
        alice.opened(&[1], state(2), false);
        alice.accepted(vec![9], state(9));
        assert_eq!(current(&alice), Some([9].as_slice()));
        assert_eq!(alice.all().count(), 2, "the older one still opens what is under way");
    }

    #[test]
    fn a_peer_that_seals_with_an_older_session_is_followed() {
        let mut alice = PeerSessions::default();
        alice.initiated(vec![1], state(1));
        alice.accepted(vec![2], state(2));
        alice.opened(&[2], state(3), false);
        assert_eq!(current(&alice), Some([2].as_slice()));
    }

    #[test]
    fn a_lost_session_seals_nothing_until_a_new_one_comes() {
        let mut alice = PeerSessions::default();
        alice.initiated(vec![1], state(1));
        alice.lost = true;
        assert_eq!(current(&alice), None);
        alice.accepted(vec![2], state(2));
        assert_eq!(current(&alice), Some([2].as_slice()));
    }

    #[test]
    fn only_a_few_are_kept() {
        let mut alice = PeerSessions::default();
        for n in 0..9 {
            alice.accepted(vec![n], state(n));
        }
        assert_eq!(alice.all().count(), SESSIONS_PER_DEVICE_MAX);
        assert_eq!(current(&alice), Some([8].as_slice()));
    }
}
