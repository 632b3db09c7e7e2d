//! How far a message came. Knows nothing of how it got there.

use cliquet_wire::problem::ProblemCode;
use minicbor::{Decode, Encode};

/// How far a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum DeliveryStatus {
    /// Durable here, and nowhere else yet.
    #[n(0)]
    Waiting,
    /// The server keeps it.
    #[n(1)]
    Sent,
    /// A device of the receiver keeps it.
    #[n(2)]
    Delivered,
    /// It came from outside.
    #[n(3)]
    Received,
    /// The server refused it, or we did. The text is kept; it can be sent again.
    #[n(4)]
    Failed(#[n(0)] Failure),
    /// The receiver has read it.
    #[n(5)]
    Read,
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Failure {
    /// The server said so.
    #[n(0)]
    Refused(#[cbor(n(0), with = "problem_code")] ProblemCode),
    /// The contact's account key is not the pinned one.
    #[n(1)]
    KeyChanged,
    /// A device's pre-keys are not signed by its account: nothing was encrypted for it.
    #[n(2)]
    BadPreKeys,
    /// The server says that a device did not fetch it as long as it was kept. Nothing proves that.
    #[n(3)]
    Expired,
    /// This account is no member of the group any more, or may not write there.
    #[n(4)]
    NotAMember,
    /// This browser has the file no more that the message brings, and the server never had all of it.
    #[n(5)]
    FileLost,
}

impl DeliveryStatus {
    /// The status once the server has answered: a late answer never takes back what a receipt has shown.
    pub(crate) fn sent(self) -> Self {
        if self.has_arrived() { self } else { Self::Sent }
    }

    /// Whether a device of the receiver has confirmed it.
    pub(crate) fn has_arrived(self) -> bool {
        matches!(self, Self::Delivered | Self::Read)
    }
}

/// By name: a number would change its meaning when a code is added.
mod problem_code {
    use super::ProblemCode;
    use minicbor::{Decoder, Encoder, encode::Write};

    pub(super) fn encode<C, W: Write>(
        code: &ProblemCode,
        to: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        to.str(code.as_str())?.ok()
    }

    pub(super) fn decode<C>(from: &mut Decoder<'_>, _: &mut C) -> Result<ProblemCode, minicbor::decode::Error> {
        ProblemCode::named(from.str()?).ok_or_else(|| minicbor::decode::Error::message("a problem of a later version"))
    }
}
