//! Texts of a group that a member hands over to somebody whom they add.

use super::of_group::bytes_of;
use crate::{
    client::{
        conversation::{MessageId, MessageRef},
        group::HANDED_OVER_MAX,
    },
    crypto::attachment::Attachment,
};
use cliquet_wire::{address::Address, bytes::Digest, limits::MESSAGE_TEXT_BYTES_MAX};
use minicbor::{Decode, Encode};

/// Texts in one content: the longest with its author and what it replies to. More go in several.
pub const HANDED_OVER_BYTES_MAX: usize = MESSAGE_TEXT_BYTES_MAX + 1024;

/// A text as the member has it who hands it over.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HandedOver {
    /// Who wrote it, as that member says.
    #[n(0)]
    pub author: Address,
    /// Chosen by its author.
    #[n(1)]
    pub id: MessageId,
    /// The newest text.
    #[n(2)]
    pub text: String,
    /// By its author's clock, in milliseconds since 1970.
    #[n(3)]
    pub client_time: u64,
    /// By the server's clock, in milliseconds since 1970.
    #[n(4)]
    pub server_time: u64,
    /// What it replies to.
    #[n(5)]
    pub quote: Option<MessageRef>,
    /// The file that it brings.
    #[n(6)]
    pub attachment: Option<Box<Attachment>>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct HandOver {
    #[n(0)]
    pub(super) statement: Digest,
    #[n(1)]
    pub(super) texts: Vec<HandedOver>,
}

impl HandedOver {
    /// Its time as it is shown.
    pub(crate) fn shown_time(&self) -> u64 {
        if self.server_time == 0 { self.client_time } else { self.server_time }
    }

    /// How many of these, from the first on, go in one content.
    pub(crate) fn in_one_content(texts: &[Self]) -> usize {
        let mut bytes = 0;
        let fit = texts.iter().take(usize::from(HANDED_OVER_MAX)).take_while(|text| {
            bytes += bytes_of(std::slice::from_ref(*text));
            bytes <= HANDED_OVER_BYTES_MAX
        });
        fit.count()
    }
}

/// Whether one content may have these.
pub(super) fn fits(texts: &[HandedOver]) -> bool {
    let are_short = texts.iter().all(|text| {
        text.text.len() <= MESSAGE_TEXT_BYTES_MAX && text.attachment.as_ref().is_none_or(|attachment| attachment.fits())
    });
    are_short && texts.len() <= usize::from(HANDED_OVER_MAX) && bytes_of(texts) <= HANDED_OVER_BYTES_MAX
}

/// What people write is personal.
impl std::fmt::Debug for HandedOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandedOver").field("id", &self.id).finish_non_exhaustive()
    }
}
