//! What is still to be sent on account of a contact without anybody asking for it: contact requests, receipts, and word to
//! the account's own other devices.

use crate::{
    client::conversation::{GroupId, MessageId, MessageRef, OwedReceipt},
    crypto::cbor,
};
use cliquet_wire::address::Address;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// Names that wait for a receipt. A contact that is never accepted gets none, so the wait must be bounded.
pub const RECEIPTS_OWED_MAX: usize = 1_000;
/// Groups that one account is asked for. It says something in each again.
pub const GROUPS_ASKED_FOR_MAX: usize = 16;

/// A value of `Store::Owed`; there is none while nothing is owed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Owed {
    /// It was added, or accepted, or a session with it was lost: a contact request begins one.
    #[n(0)]
    pub contact_request: bool,
    /// These arrived and are durable, and the account has not been told.
    #[n(1)]
    pub receipts: Vec<MessageId>,
    /// These were read, and the account has not been told.
    #[cbor(n(2), default)]
    pub read: Vec<MessageId>,
    /// The conversation with it was read so far, and this account's other devices have not been told. In milliseconds since
    /// 1970, by the server's clock.
    #[n(3)]
    pub read_until: Option<u64>,
    /// Of this account alone: the settings changed, and its other devices have not been told.
    #[cbor(n(4), default)]
    pub settings: bool,
    /// The settings of the conversation with it changed, and this account's other devices have not been told.
    #[cbor(n(5), default)]
    pub conversation_settings: bool,
    /// Of this account alone: these requests were declined, or these contacts removed, and its other devices have not been
    /// told.
    #[cbor(n(6), default)]
    pub removed_contacts: Vec<Address>,
    /// In a group: these arrived or were read, and their authors have not been told.
    #[cbor(n(7), default)]
    pub in_group: Vec<OwedReceipt>,
    /// When the first of those came, in milliseconds since 1970.
    #[cbor(n(8), default)]
    pub in_group_since: u64,
    /// Groups in which it said something, and of which nothing else is known here: it is asked for their statements.
    #[cbor(n(9), default)]
    pub groups: Vec<GroupId>,
}

impl cbor::Record for Owed {
    const VERSION: u32 = 1;
}

impl Owed {
    /// A value of `Store::Owed`.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    /// Past [`RECEIPTS_OWED_MAX`] nothing is added.
    pub(crate) fn receipt(&mut self, message: MessageId) {
        add(&mut self.receipts, message);
    }

    /// What was read was delivered as well. Past [`RECEIPTS_OWED_MAX`] nothing is added.
    pub(crate) fn read(&mut self, message: MessageId) {
        self.receipts.retain(|name| *name != message);
        add(&mut self.read, message);
    }

    /// The same for a message in a group. Past [`RECEIPTS_OWED_MAX`] nothing is added.
    pub(crate) fn receipt_in_group(&mut self, of: MessageRef, has_read: bool, now: u64) {
        if let Some(owed) = self.in_group.iter_mut().find(|owed| owed.of == of) {
            owed.has_read |= has_read;
        } else if self.in_group.len() < RECEIPTS_OWED_MAX {
            if self.in_group.is_empty() {
                self.in_group_since = now;
            }
            self.in_group.push(OwedReceipt { of, has_read });
        }
    }

    /// These receipts in a group are on their way, or nobody is to get them.
    pub(crate) fn receipts_in_group_sent(&mut self, sent: &[OwedReceipt]) {
        self.in_group.retain(|owed| !sent.contains(owed));
        if self.in_group.is_empty() {
            self.in_group_since = 0;
        }
    }

    /// Past [`GROUPS_ASKED_FOR_MAX`] nothing is added.
    pub(crate) fn ask_for_group(&mut self, group: GroupId) {
        if self.groups.len() < GROUPS_ASKED_FOR_MAX && !self.groups.contains(&group) {
            self.groups.push(group);
        }
    }

    pub(crate) fn read_until(&mut self, until: u64) {
        self.read_until = self.read_until.max(Some(until));
    }

    /// The account's other devices are told that the conversation was read so far.
    pub(crate) fn told(&mut self, until: u64) {
        self.read_until = self.read_until.filter(|owed| *owed > until);
    }

    /// A receipt of reading is on its way; with `until`, word to the account's other devices too.
    pub(crate) fn receipts_sent(&mut self, names: &[MessageId], until: Option<u64>) {
        self.read.retain(|name| !names.contains(name));
        until.iter().for_each(|until| self.told(*until));
    }
}

fn add(names: &mut Vec<MessageId>, name: MessageId) {
    if names.len() < RECEIPTS_OWED_MAX && !names.contains(&name) {
        names.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_asked_for_once_and_up_to_a_limit() {
        let mut owed = Owed::default();
        for n in 0..=GROUPS_ASKED_FOR_MAX {
            owed.ask_for_group(GroupId([n as u8; 16]));
            owed.ask_for_group(GroupId([0; 16]));
        }
        assert_eq!(owed.groups.len(), GROUPS_ASKED_FOR_MAX);
    }

    #[test]
    fn receipts_are_owed_once_each_and_up_to_a_limit() {
        let mut owed = Owed::default();
        for n in 0..RECEIPTS_OWED_MAX as u64 {
            owed.receipt(MessageId::from_parts(n, [1; 10]));
            owed.receipt(MessageId::from_parts(n, [1; 10]));
        }
        assert_eq!(owed.receipts.len(), RECEIPTS_OWED_MAX);
        owed.read(MessageId::from_parts(0, [1; 10]));
        owed.read(MessageId::from_parts(0, [1; 10]));
        assert_eq!((owed.receipts.len(), owed.read.len()), (RECEIPTS_OWED_MAX - 1, 1), "what was read was delivered");
        owed.receipt(MessageId::from_parts(u64::from(u32::MAX), [2; 10]));
        assert_eq!(owed.receipts.len(), RECEIPTS_OWED_MAX);
        owed.receipt(MessageId::from_parts(u64::from(u32::MAX), [1; 10]));
        assert_eq!(owed.receipts.len(), RECEIPTS_OWED_MAX);
    }
}
