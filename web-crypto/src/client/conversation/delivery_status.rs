//! How far a message came. Knows nothing of how it got there.

use crate::crypto::saved::{Reader, Saved, Writer};
use cliquet_wire::problem::ProblemCode;

/// How far a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// Durable here, and nowhere else yet.
    Waiting,
    /// The server keeps it.
    Sent,
    /// A device of the receiver keeps it.
    Delivered,
    /// The server refused it, or we did. The text is kept; it can be sent again.
    Failed(Failure),
    /// It came from outside.
    Received,
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server said so.
    Refused(ProblemCode),
    /// The contact's account key is not the pinned one.
    KeyChanged,
    /// A device's pre-keys are not signed by its account: nothing was encrypted for it.
    BadPreKeys,
    /// The server says that a device did not fetch it as long as it was kept. Nothing proves that.
    Expired,
}

impl DeliveryStatus {
    /// The status once the server has answered: a late answer never takes back what a receipt has shown.
    pub(crate) fn sent(self) -> Self {
        if self == Self::Delivered { self } else { Self::Sent }
    }
}

impl Saved for DeliveryStatus {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Waiting => to.byte(0),
            Self::Sent => to.byte(1),
            Self::Delivered => to.byte(2),
            Self::Received => to.byte(3),
            Self::Failed(Failure::KeyChanged) => to.byte(4),
            Self::Failed(Failure::BadPreKeys) => to.byte(5),
            Self::Failed(Failure::Refused(code)) => {
                to.byte(6);
                // By name: a number would change its meaning when a code is added.
                to.text(code.as_str());
            }
            Self::Failed(Failure::Expired) => to.byte(7),
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Waiting,
            1 => Self::Sent,
            2 => Self::Delivered,
            3 => Self::Received,
            4 => Self::Failed(Failure::KeyChanged),
            5 => Self::Failed(Failure::BadPreKeys),
            6 => Self::Failed(Failure::Refused(ProblemCode::named(from.text()?)?)),
            7 => Self::Failed(Failure::Expired),
            _ => return None,
        })
    }
}
