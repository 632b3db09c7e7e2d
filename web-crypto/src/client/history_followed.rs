//! How far this device has read what the account's other devices add to the history.
//!
//! A device reads the history when it comes. What another one had not added by then, because it was away, was encrypted for
//! none of its keys either: it is read when the vault says that it is there.
//! Owns what is unread. Knows nothing of how it is fetched.

use super::records::{Record, Records, RecordsError, Store, read};
use crate::crypto::{
    cbor,
    vault::{HistoryHead, VaultBody},
};
use cliquet_wire::ids::DeviceId;
use minicbor::{Decode, Encode};

/// The key in [`Store::Device`].
const FOLLOWED: &str = "history_followed";
/// A device tells the vault of its segments within some seconds. Places in the history are times of the server, in
/// milliseconds: so much earlier than the newest place a device that was unknown may have added its first.
const UNTOLD_MS: u64 = 10 * 60 * 1000;

/// What was read, as of one state of the vault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Followed {
    /// The newest segment of each other device.
    #[n(0)]
    heads: Vec<HistoryHead>,
    /// The newest place of all devices.
    #[n(1)]
    newest: u64,
}

impl cbor::Record for Followed {
    const VERSION: u32 = 1;
}

/// What is to be read: the segments after one place up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Not included.
    pub after: u64,
    /// Included.
    pub until: u64,
}

impl Followed {
    /// All that this state of the vault names. `own`: this device, which needs nothing of its own.
    pub fn all(body: &VaultBody, own: DeviceId) -> Self {
        let heads = body.history.iter().filter(|head| head.device != own).cloned().collect();
        Self { heads, newest: body.history.iter().map(|head| head.sequence).max().unwrap_or_default() }
    }

    /// `None`: nothing was noted yet.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn load(records: &impl Records) -> Result<Option<Self>, RecordsError> {
        read(records, Store::Device, FOLLOWED).await
    }

    /// To be put when what it says was read.
    pub fn record(&self) -> Record {
        Record { store: Store::Device, key: FOLLOWED.into(), value: cbor::save(self) }
    }

    /// What other devices have added since, going by this state of the vault. `None`: nothing.
    pub fn unread(&self, body: &VaultBody, own: DeviceId) -> Option<Unread> {
        let others = body.history.iter().filter(|head| head.device != own);
        let unread = others.filter_map(|head| Some((self.place_before(head)?, head.sequence)));
        let unread = unread.reduce(|(after, until), (from, to)| (after.min(from), until.max(to)));
        unread.map(|(after, until)| Unread { after, until })
    }

    /// A place before everything of this device's that is unread. `None`: there is nothing.
    fn place_before(&self, head: &HistoryHead) -> Option<u64> {
        let known = self.heads.iter().find(|known| known.device == head.device);
        let read = known.map_or(0, |known| known.number);
        if head.number <= read {
            return None;
        }
        // One alone is where the vault says.
        let alone = (head.number == read + 1).then(|| head.sequence.saturating_sub(1));
        let earlier = || known.map_or(self.newest.saturating_sub(UNTOLD_MS), |known| known.sequence);
        Some(alone.unwrap_or_else(earlier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_wire::bytes::Bytes;

    fn device(number: u8) -> DeviceId {
        DeviceId::from_random([number; 16])
    }

    /// A head of a device, at each of these numbers and places.
    fn body(heads: &[(u8, u64, u64)]) -> VaultBody {
        let head = |&(of, number, sequence): &(u8, u64, u64)| HistoryHead {
            device: device(of),
            number,
            sequence,
            digest: Bytes([1; 32]),
        };
        VaultBody { history: heads.iter().map(head).collect(), ..VaultBody::default() }
    }

    const NOW: u64 = 1_790_000_000_000;

    #[test]
    fn what_others_added_is_unread_from_where_it_may_begin_and_ones_own_is_not() {
        let followed = Followed::all(&body(&[(1, 5, NOW), (2, 3, NOW - 50)]), device(1));
        let unread = |heads: &[(u8, u64, u64)]| {
            followed.unread(&body(heads), device(1)).map(|Unread { after, until }| (after, until))
        };
        assert_eq!(unread(&[(1, 9, NOW + 90), (2, 3, NOW - 50)]), None);
        // One more, which is where it is said to be; two more, of which the first is anywhere after the last known.
        assert_eq!(unread(&[(1, 5, NOW), (2, 4, NOW + 7)]), Some((NOW + 6, NOW + 7)));
        assert_eq!(unread(&[(1, 5, NOW), (2, 5, NOW + 7)]), Some((NOW - 50, NOW + 7)));
        // A device that was not there before.
        assert_eq!(unread(&[(2, 3, NOW - 50), (3, 1, NOW + 8)]), Some((NOW + 7, NOW + 8)));
        assert_eq!(unread(&[(2, 3, NOW - 50), (3, 2, NOW + 9)]), Some((NOW - UNTOLD_MS, NOW + 9)));
        // Of several, all.
        assert_eq!(unread(&[(2, 4, NOW + 7), (3, 1, NOW + 3)]), Some((NOW + 2, NOW + 7)));
        // A server that shows an earlier vault gives nothing to read.
        assert_eq!(unread(&[(2, 1, NOW - 90)]), None);
        assert_eq!(unread(&[]), None);
    }
}
