//! Which members of a group have a message of this account, as their receipts say.

use super::{DeliveryStatus, MessageRef};
use crate::crypto::cbor;
use cliquet_wire::address::Address;
use minicbor::{Decode, Encode};

/// Who has received a message in a group. Kept with this account's own messages alone: receipts go to a message's author.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReceivedBy {
    /// How many members it was written to.
    #[n(0)]
    pub readers: u32,
    /// Those of whom a receipt came, in the order in which it came first.
    #[n(1)]
    pub members: Vec<Receiver>,
}

/// One member who has received a message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receiver {
    /// The member.
    #[n(0)]
    pub address: Address,
    /// They have read it.
    #[n(1)]
    pub has_read: bool,
}

/// A receipt that the author of a message in a group has not been sent yet.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OwedReceipt {
    /// The message.
    #[n(0)]
    pub of: MessageRef,
    /// It was read, and not only delivered.
    #[n(1)]
    pub has_read: bool,
}

/// As a saved file has it.
impl cbor::Record for ReceivedBy {
    const VERSION: u32 = 1;
}

impl ReceivedBy {
    /// A message that nobody has received yet.
    pub(crate) fn nobody_of(readers: usize) -> Self {
        Self { readers: u32::try_from(readers).unwrap_or(u32::MAX), members: Vec::new() }
    }

    /// Takes a receipt. Who has read a message never has it unread again. Tells whether anything changed.
    pub(crate) fn note(&mut self, address: &Address, has_read: bool) -> bool {
        match self.members.iter_mut().find(|member| member.address == *address) {
            Some(member) if member.has_read || !has_read => false,
            Some(member) => {
                member.has_read = true;
                true
            }
            None => {
                self.members.push(Receiver { address: address.clone(), has_read });
                true
            }
        }
    }

    /// The status of a message that the server has: delivered, or read, when that is so for every member it was written to.
    pub(crate) fn status(&self) -> DeliveryStatus {
        let is_all = |count: usize| self.readers > 0 && u32::try_from(count).is_ok_and(|count| count >= self.readers);
        if is_all(self.members.iter().filter(|member| member.has_read).count()) {
            DeliveryStatus::Read
        } else if is_all(self.members.len()) {
            DeliveryStatus::Delivered
        } else {
            DeliveryStatus::Sent
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(name: &str) -> Address {
        Address::parse(&format!("{name}@example.org")).unwrap()
    }

    #[test]
    fn a_message_is_delivered_and_read_when_all_members_say_so() {
        let (bob, carol) = (address("bob"), address("carol"));
        let mut received = ReceivedBy::nobody_of(2);
        assert_eq!(received.status(), DeliveryStatus::Sent);
        assert!(received.note(&bob, true));
        assert!(!received.note(&bob, false), "a late receipt of delivery");
        assert_eq!(received.status(), DeliveryStatus::Sent);
        assert!(received.note(&carol, false));
        assert_eq!(received.status(), DeliveryStatus::Delivered);
        assert!(received.note(&carol, true) && !received.note(&carol, true));
        assert_eq!(received.status(), DeliveryStatus::Read);
    }

    #[test]
    fn nobody_reads_what_is_written_to_nobody() {
        assert_eq!(ReceivedBy::nobody_of(0).status(), DeliveryStatus::Sent);
    }
}
