//! What is still to be sent to an account without anybody asking for it: contact requests and receipts.

use crate::{client::conversation::MessageId, crypto::cbor};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// Names that wait for a receipt. A contact that is never accepted gets none, so the wait must be bounded.
pub const RECEIPTS_OWED_MAX: usize = 1_000;

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
        if self.receipts.len() < RECEIPTS_OWED_MAX && !self.receipts.contains(&message) {
            self.receipts.push(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_are_owed_once_each_and_up_to_a_limit() {
        let mut owed = Owed::default();
        for n in 0..RECEIPTS_OWED_MAX as u64 {
            owed.receipt(MessageId::from_parts(n, [1; 10]));
            owed.receipt(MessageId::from_parts(n, [1; 10]));
        }
        assert_eq!(owed.receipts.len(), RECEIPTS_OWED_MAX);
        owed.receipt(MessageId::from_parts(u64::from(u32::MAX), [1; 10]));
        assert_eq!(owed.receipts.len(), RECEIPTS_OWED_MAX);
    }
}
