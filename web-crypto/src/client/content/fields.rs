//! The numbered fields of each kind, as they are encoded.

use crate::{
    client::{
        content::ReceiptKind,
        conversation::{ConversationId, MessageId, MessageRef},
    },
    crypto::{account_token::AccountToken, attachment::Attachment, conversation_settings::JoinSecret},
};
use cliquet_wire::{account_key::AccountKey, ids::EnvelopeId};
use minicbor::{Decode, Encode, bytes::ByteVec};

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Text {
    #[n(0)]
    pub(super) id: MessageId,
    #[n(1)]
    pub(super) text: String,
    #[n(2)]
    pub(super) quote: Option<MessageRef>,
    #[n(3)]
    pub(super) seconds: Option<u32>,
    #[n(4)]
    pub(super) attachment: Option<Box<Attachment>>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Timer {
    #[n(0)]
    pub(super) id: MessageId,
    #[n(1)]
    pub(super) seconds: Option<u32>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Nothing {}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Receipt {
    #[n(0)]
    pub(super) kind: ReceiptKind,
    #[n(1)]
    pub(super) messages: Vec<MessageId>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct GroupReceipt {
    #[n(0)]
    pub(super) delivered: Vec<MessageId>,
    #[n(1)]
    pub(super) read: Vec<MessageId>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct JoinRequest {
    #[n(0)]
    pub(super) secret: JoinSecret,
    #[n(1)]
    pub(super) token: AccountToken,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Sync {
    #[n(0)]
    pub(super) conversation: ConversationId,
    #[n(1)]
    pub(super) account_key: Option<Box<AccountKey>>,
    #[n(2)]
    pub(super) kind: u16,
    #[n(3)]
    pub(super) fields: ByteVec,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct ReadUntil {
    #[n(0)]
    pub(super) until: u64,
    #[n(1)]
    pub(super) at: Option<u64>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct RetryRequest {
    #[n(0)]
    pub(super) envelopes: Vec<EnvelopeId>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Edit {
    #[n(0)]
    pub(super) id: MessageId,
    #[n(1)]
    pub(super) of: MessageId,
    #[n(2)]
    pub(super) text: String,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Delete {
    #[n(0)]
    pub(super) id: MessageId,
    #[n(1)]
    pub(super) of: MessageRef,
    #[n(2)]
    pub(super) for_everyone: bool,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Reaction {
    #[n(0)]
    pub(super) id: MessageId,
    #[n(1)]
    pub(super) of: MessageRef,
    #[n(2)]
    pub(super) emoji: Option<String>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Star {
    #[n(0)]
    pub(super) id: MessageId,
    #[n(1)]
    pub(super) of: MessageRef,
    #[n(2)]
    pub(super) starred: bool,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Pin {
    #[n(0)]
    pub(super) id: MessageId,
    #[n(1)]
    pub(super) of: MessageRef,
    #[n(2)]
    pub(super) pinned: bool,
}
