//! How old another account's device list may be: when the server is asked for a newer one, and when a person is told that
//! it shows none.
//!
//! The age says only that a list is not renewed, never which of two lists is the later one: clocks differ, and a clock may
//! jump. A list from the future counts as fresh.

use super::{Contact, Peer, note, own_list::RENEW_AFTER_MS, sessions::within};
use crate::client::{
    conversation::{MessageId, Notice},
    messenger::Step,
};
use cliquet_wire::certificate::DeviceList;

const DAY_MS: u64 = 24 * 3600 * 1000;
/// From this age on the server is asked for a newer list before anything is encrypted for the account. A day after the
/// account's own devices renew it.
pub const LOOK_AFTER_MS: u64 = RENEW_AFTER_MS + DAY_MS;
/// But at most this often: the account may be away.
pub const LOOK_EVERY_MS: u64 = DAY_MS;
/// From this age on the conversation says so.
pub const STALE_AFTER_MS: u64 = 30 * DAY_MS;

impl Peer {
    /// Whether the server is to be asked for a newer list than this one.
    pub(in crate::client) fn list_wants_a_look(&self, list: &DeviceList, now: u64) -> bool {
        is_older(list, LOOK_AFTER_MS, now) && !within(LOOK_EVERY_MS, self.list_looked_at, now)
    }
}

/// The server showed this list, which was checked. Says once that it is not renewed.
pub(super) fn look_at_age(contact: &mut Contact, list: &DeviceList, now: u64, step: &mut Step) {
    contact.peer.list_looked_at = now;
    let is_stale = !contact.is_own() && is_older(list, STALE_AFTER_MS, now);
    if is_stale && !contact.peer.list_stale {
        let id = list.hash().0.first_chunk().copied().unwrap_or_default();
        note(contact, MessageId::from_parts(now, id), Notice::ListStale, now, step);
    }
    contact.peer.list_stale = is_stale;
}

fn is_older(list: &DeviceList, than_ms: u64, now: u64) -> bool {
    now.saturating_sub(list.signed) > than_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::peer::Trust;
    use cliquet_wire::{account_key::AccountKey, address::Address, bytes::Bytes};

    fn peer(looked_at: u64) -> Peer {
        let key = AccountKey::from_modulus([0xd5; 384]).unwrap();
        Peer { list_looked_at: looked_at, ..Peer::new(Address::parse("bob@example.org").unwrap(), Trust::Added, key) }
    }

    fn list(signed: u64) -> DeviceList {
        let email = Address::parse("bob@example.org").unwrap();
        let (account_key_hash, signature) = (Bytes([0; 32]), Bytes([0; 384]));
        DeviceList { email, account_key_hash, counter: 1, devices: Vec::new(), signed, signature }
    }

    #[test]
    fn a_list_wants_a_look_past_its_age_and_once_a_day() {
        let now = 1_800_000_000_000;
        for (signed, looked_at, wants) in [
            (now - LOOK_AFTER_MS, 0, false),
            (now - LOOK_AFTER_MS - 1, 0, true),
            (now - LOOK_AFTER_MS - 1, now - LOOK_EVERY_MS, true),
            (now - LOOK_AFTER_MS - 1, now - LOOK_EVERY_MS + 1, false),
            (now - LOOK_AFTER_MS - 1, now, false),
            // The clock was set back since.
            (now - LOOK_AFTER_MS - 1, now + 1, true),
            (now + 1, 0, false),
            (u64::MAX, 0, false),
            (0, 0, true),
        ] {
            assert_eq!(peer(looked_at).list_wants_a_look(&list(signed), now), wants, "{signed} {looked_at}");
        }
    }

    #[test]
    fn a_list_is_old_past_an_age_and_never_in_the_future() {
        let now = 1_800_000_000_000;
        for (signed, old) in [(now - STALE_AFTER_MS, false), (now - STALE_AFTER_MS - 1, true), (u64::MAX, false)] {
            assert_eq!(is_older(&list(signed), STALE_AFTER_MS, now), old);
        }
    }
}
