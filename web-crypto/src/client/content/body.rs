//! The kinds of content, with their numbers and fields. A new kind begins here.

use super::{
    ContentError,
    fields::{
        Delete, Edit, GroupReceipt, JoinRequest, Nothing, Pin, Reaction, ReadUntil, Receipt, RetryRequest, Star, Sync,
        Text, Timer,
    },
    hand_over::{self, HandOver, HandedOver},
    of_group::{Ask, MemberToken, Picture, STATEMENTS_BYTES_MAX, Statements, bytes_of},
};
use crate::{
    client::{
        conversation::{ConversationId, Event, MessageId},
        group::SignedStatement,
    },
    crypto::{
        account_settings::AccountSettings,
        account_token::AccountToken,
        cbor,
        conversation_settings::{ConversationSettings, JoinSecret},
        conversation_timer::is_life,
        profile::{PROFILE_PICTURE_BYTES_MAX, Profile},
        vault::{SharedKeys, VaultContact},
    },
};
use cliquet_wire::{
    account_key::AccountKey,
    bytes::Digest,
    ids::EnvelopeId,
    limits::{GROUP_MEMBERS_MAX, MESSAGE_TEXT_BYTES_MAX},
};
use minicbor::{Decode, Encode, bytes::ByteVec};
use std::sync::Arc;

/// Names in one receipt; the next receipt takes the rest. Sixteen bytes each stay far below a text's limit.
pub const RECEIPT_NAMES_MAX: usize = 256;
/// Names in one receipt to one author in a group, as many.
pub const GROUP_RECEIPT_NAMES_MAX: usize = RECEIPT_NAMES_MAX;
/// Envelopes that are asked for at once; what is past it is not asked for.
pub const RETRY_NAMES_MAX: usize = 64;
/// Bytes of a reaction: the longest sequences of emoji have half as many.
pub const EMOJI_BYTES_MAX: usize = 64;
/// Bytes of the text that goes with a file. Together with the largest preview it fits an envelope.
pub const CAPTION_BYTES_MAX: usize = MESSAGE_TEXT_BYTES_MAX / 2;
/// Unknown kinds below it are shown as one notice; those from it on are not shown.
pub const FIRST_SILENT_KIND: u16 = 128;

/// What a content says.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Kinds 1, 7, 8, 9, 16, 17 and 20: something happens in a conversation.
    Event {
        /// The event's own id; a text's is the message's.
        id: MessageId,
        /// What happens.
        event: Event,
    },
    /// Kind 2: "I added you", or "I answer your request". Also what opens a new session when one was lost.
    ContactRequest,
    /// Kind 3: these arrived and are kept, or were read.
    Receipt {
        /// What is confirmed.
        kind: ReceiptKind,
        /// At most [`RECEIPT_NAMES_MAX`].
        messages: Vec<MessageId>,
    },
    /// Kind 25, in a group, to a member: these messages of theirs arrived and are kept, or were read.
    GroupReceipt {
        /// Together with those that were read at most [`GROUP_RECEIPT_NAMES_MAX`].
        delivered: Vec<MessageId>,
        /// What was read was delivered as well.
        read: Vec<MessageId>,
    },
    /// Kind 26, in a group, to a member whose link somebody has: they ask to be added.
    JoinRequest {
        /// From the link.
        secret: JoinSecret,
        /// What lets members write to them.
        token: AccountToken,
    },
    /// Kind 27, in a group, to somebody who asked to join: they are not added.
    JoinRefused,
    /// Kind 4, only between devices of one account: a copy of what was sent to a conversation.
    Sync {
        /// Where it was sent.
        conversation: ConversationId,
        /// The pinned key of the other account, in a direct conversation.
        account_key: Option<Box<AccountKey>>,
        /// What was sent. Never a copy itself.
        body: Box<Body>,
    },
    /// Kind 6: a contact request that asks the receiving device to send again what its lost envelopes carried.
    RetryRequest {
        /// Envelopes that could not be decrypted, at most [`RETRY_NAMES_MAX`].
        envelopes: Vec<EnvelopeId>,
    },
    /// Kind 14, only in a copy: everything that the server took until then was read on one of the account's devices.
    ReadUntil {
        /// By the server's clock, in milliseconds since 1970.
        until: u64,
        /// When it was read, by the clock of that device, in milliseconds since 1970. `None`: an earlier version does not
        /// say.
        at: Option<u64>,
    },
    /// Kind 13, only between devices of one account: what its person set.
    Settings(AccountSettings),
    /// Kind 15, only in a copy: what its person set for the conversation.
    ConversationSettings(ConversationSettings),
    /// Kind 18, to contacts and between devices of one account: what its person shows of themselves.
    Profile(Box<Profile>),
    /// Kind 22, to contacts and between devices of one account: its delivery token.
    DeliveryToken(AccountToken),
    /// Kind 19, only between devices of one account: a request was declined, or a contact removed. As the vault has it.
    ContactRemoved(Box<VaultContact>),
    /// Kind 21, in a group.
    Statements {
        /// What its members said about it, in an order in which each follows an earlier one. Together with the tokens at
        /// most [`STATEMENTS_BYTES_MAX`].
        statements: Vec<SignedStatement>,
        /// What lets its members write to one another, as far as the sender knows it. At most [`GROUP_MEMBERS_MAX`].
        tokens: Vec<MemberToken>,
    },
    /// Kind 23, in a group: the sender lacks statements that come after the one that the content names, or the picture.
    AskStatements {
        /// SHA-256 of the picture that the sender has.
        picture: Option<Digest>,
    },
    /// Kind 24, in a group: its picture, a JPEG of at most [`PROFILE_PICTURE_BYTES_MAX`].
    GroupPicture(ByteVec),
    /// Kind 28, in a group, to somebody whom the sender added: texts that were written there before.
    HandOver {
        /// The hash of the statement that added them, and says how many there are.
        statement: Digest,
        /// The oldest first: at most [`HANDED_OVER_MAX`](crate::client::group::HANDED_OVER_MAX), together at most
        /// [`HANDED_OVER_BYTES_MAX`](super::HANDED_OVER_BYTES_MAX).
        texts: Vec<HandedOver>,
    },
    /// Kind 12, only between devices of one account: the vault has a new root, because a device was removed.
    VaultKeys(Arc<SharedKeys>),
    /// A kind of a later version. Never sent.
    Unknown {
        /// Its number.
        kind: u16,
    },
}

/// What a receipt says of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ReceiptKind {
    /// It is durable on a device of the receiver.
    #[n(0)]
    Delivered,
    /// It was shown to the receiver.
    #[n(1)]
    Read,
}

/// The number and the encoded fields of a kind.
pub(super) struct Fields {
    pub(super) kind: u16,
    pub(super) fields: ByteVec,
}

impl Body {
    pub(super) fn encode(&self) -> Result<Fields, ContentError> {
        self.check()?;
        let (kind, fields) = match self.clone() {
            Self::Event { id, event: Event::Text { text, quote, seconds, attachment } } => {
                (1, cbor::encode(&Text { id, text, quote, seconds, attachment }))
            }
            Self::ContactRequest => (2, cbor::encode(&Nothing {})),
            Self::Receipt { kind, messages } => (3, cbor::encode(&Receipt { kind, messages })),
            Self::Sync { conversation, account_key, body } => {
                let Fields { kind, fields } = body.encode()?;
                (4, cbor::encode(&Sync { conversation, account_key, kind, fields }))
            }
            Self::RetryRequest { envelopes } => (6, cbor::encode(&RetryRequest { envelopes })),
            Self::Event { id, event: Event::Edit { of, text } } => (7, cbor::encode(&Edit { id, of, text })),
            Self::Event { id, event: Event::Delete { of, for_everyone } } => {
                (8, cbor::encode(&Delete { id, of, for_everyone }))
            }
            Self::Event { id, event: Event::Reaction { of, emoji } } => (9, cbor::encode(&Reaction { id, of, emoji })),
            Self::Event { id, event: Event::Timer { seconds } } => (16, cbor::encode(&Timer { id, seconds })),
            Self::Event { id, event: Event::Star { of, starred } } => (17, cbor::encode(&Star { id, of, starred })),
            Self::Event { id, event: Event::Pin { of, pinned } } => (20, cbor::encode(&Pin { id, of, pinned })),
            Self::ReadUntil { until, at } => (14, cbor::encode(&ReadUntil { until, at })),
            Self::ConversationSettings(settings) => (15, cbor::encode(&settings)),
            Self::VaultKeys(keys) => (12, cbor::encode(&*keys)),
            Self::Settings(settings) => (13, cbor::encode(&settings)),
            Self::Profile(profile) => (18, cbor::encode(&*profile)),
            Self::DeliveryToken(token) => (22, cbor::encode(&token)),
            Self::ContactRemoved(contact) => (19, cbor::encode(&*contact)),
            Self::Statements { statements, tokens } => (21, cbor::encode(&Statements { statements, tokens })),
            Self::AskStatements { picture } => (23, cbor::encode(&Ask { picture })),
            Self::GroupPicture(picture) => (24, cbor::encode(&Picture { picture })),
            Self::GroupReceipt { delivered, read } => (25, cbor::encode(&GroupReceipt { delivered, read })),
            Self::JoinRequest { secret, token } => (26, cbor::encode(&JoinRequest { secret, token })),
            Self::JoinRefused => (27, cbor::encode(&Nothing {})),
            Self::HandOver { statement, texts } => (28, cbor::encode(&HandOver { statement, texts })),
            Self::Unknown { .. } => return Err(ContentError::Malformed),
        };
        Ok(Fields { kind, fields: fields.to_vec().into() })
    }

    pub(super) fn decode(kind: u16, fields: &[u8]) -> Result<Self, ContentError> {
        let body = match kind {
            4 => {
                let Sync { conversation, account_key, kind, fields } = read(fields)?;
                // One copy of another would be a way to nest without end.
                if kind == 4 {
                    return Err(ContentError::Malformed);
                }
                Self::Sync { conversation, account_key, body: Box::new(Self::decode(kind, &fields)?) }
            }
            1 => {
                let Text { id, text, quote, seconds, attachment } = read(fields)?;
                Self::Event { id, event: Event::Text { text, quote, seconds, attachment } }
            }
            2 => {
                let Nothing {} = read(fields)?;
                Self::ContactRequest
            }
            3 => {
                let Receipt { kind, messages } = read(fields)?;
                Self::Receipt { kind, messages }
            }
            6 => {
                let RetryRequest { envelopes } = read(fields)?;
                Self::RetryRequest { envelopes }
            }
            7 => {
                let Edit { id, of, text } = read(fields)?;
                Self::Event { id, event: Event::Edit { of, text } }
            }
            8 => {
                let Delete { id, of, for_everyone } = read(fields)?;
                Self::Event { id, event: Event::Delete { of, for_everyone } }
            }
            9 => {
                let Reaction { id, of, emoji } = read(fields)?;
                Self::Event { id, event: Event::Reaction { of, emoji } }
            }
            14 => {
                let ReadUntil { until, at } = read(fields)?;
                Self::ReadUntil { until, at }
            }
            16 => {
                let Timer { id, seconds } = read(fields)?;
                Self::Event { id, event: Event::Timer { seconds } }
            }
            17 => {
                let Star { id, of, starred } = read(fields)?;
                Self::Event { id, event: Event::Star { of, starred } }
            }
            20 => {
                let Pin { id, of, pinned } = read(fields)?;
                Self::Event { id, event: Event::Pin { of, pinned } }
            }
            12 => Self::VaultKeys(Arc::new(read(fields)?)),
            13 => Self::Settings(read(fields)?),
            18 => Self::Profile(Box::new(read(fields)?)),
            22 => Self::DeliveryToken(read(fields)?),
            19 => Self::ContactRemoved(Box::new(read(fields)?)),
            15 => Self::ConversationSettings(read(fields)?),
            21 => {
                let Statements { statements, tokens } = read(fields)?;
                Self::Statements { statements, tokens }
            }
            23 => {
                let Ask { picture } = read(fields)?;
                Self::AskStatements { picture }
            }
            24 => {
                let Picture { picture } = read(fields)?;
                Self::GroupPicture(picture)
            }
            25 => {
                let GroupReceipt { delivered, read } = read(fields)?;
                Self::GroupReceipt { delivered, read }
            }
            26 => {
                let JoinRequest { secret, token } = read(fields)?;
                Self::JoinRequest { secret, token }
            }
            27 => {
                let Nothing {} = read(fields)?;
                Self::JoinRefused
            }
            28 => {
                let HandOver { statement, texts } = read(fields)?;
                Self::HandOver { statement, texts }
            }
            kind => Self::Unknown { kind },
        };
        body.check()?;
        Ok(body)
    }

    /// The number of an unknown kind, also of one within a copy.
    pub(crate) fn unknown_kind(&self) -> Option<u16> {
        match self {
            Self::Unknown { kind } => Some(*kind),
            Self::Sync { body, .. } => body.unknown_kind(),
            _ => None,
        }
    }

    fn check(&self) -> Result<(), ContentError> {
        if let Self::Event { event: Event::Text { seconds, .. } | Event::Timer { seconds }, .. } = self
            && !is_life(*seconds)
        {
            return Err(ContentError::Malformed);
        }
        let fits = match self {
            Self::Event { event: Event::Text { text, attachment: Some(attachment), .. }, .. } => {
                text.len() <= CAPTION_BYTES_MAX && attachment.fits()
            }
            Self::Event { event: Event::Text { text, .. } | Event::Edit { text, .. }, .. } => {
                text.len() <= MESSAGE_TEXT_BYTES_MAX
            }
            Self::Event { event: Event::Reaction { emoji, .. }, .. } => {
                emoji.as_ref().is_none_or(|emoji| emoji.len() <= EMOJI_BYTES_MAX)
            }
            Self::Receipt { messages, .. } => messages.len() <= RECEIPT_NAMES_MAX,
            Self::GroupReceipt { delivered, read } => delivered.len() + read.len() <= GROUP_RECEIPT_NAMES_MAX,
            Self::RetryRequest { envelopes } => envelopes.len() <= RETRY_NAMES_MAX,
            Self::Statements { statements, tokens } => {
                tokens.len() <= GROUP_MEMBERS_MAX && bytes_of(statements) + bytes_of(tokens) <= STATEMENTS_BYTES_MAX
            }
            Self::HandOver { texts, .. } => hand_over::fits(texts),
            Self::GroupPicture(picture) => picture.len() <= PROFILE_PICTURE_BYTES_MAX,
            Self::ConversationSettings(settings) => settings.fits(),
            Self::Profile(profile) => profile.fits(),
            Self::ContactRemoved(contact) => contact.settings.fits(),
            Self::Event {
                event: Event::Delete { .. } | Event::Timer { .. } | Event::Star { .. } | Event::Pin { .. },
                ..
            }
            | Self::ContactRequest
            | Self::AskStatements { .. }
            | Self::JoinRequest { .. }
            | Self::JoinRefused
            | Self::Sync { .. }
            | Self::ReadUntil { .. }
            | Self::Settings(_)
            | Self::DeliveryToken(_)
            | Self::VaultKeys(_)
            | Self::Unknown { .. } => true,
        };
        if fits { Ok(()) } else { Err(ContentError::TooLarge) }
    }
}

fn read<T: for<'b> Decode<'b, ()>>(fields: &[u8]) -> Result<T, ContentError> {
    cbor::decode(fields).map_err(|_| ContentError::Malformed)
}

/// What people write is personal: only the kind is printed.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Event { event, .. } => event.name(),
            Self::ContactRequest => "ContactRequest",
            Self::Receipt { .. } => "Receipt",
            Self::GroupReceipt { .. } => "GroupReceipt",
            Self::Sync { .. } => "Sync",
            Self::RetryRequest { .. } => "RetryRequest",
            Self::ReadUntil { .. } => "ReadUntil",
            Self::Settings(_) => "Settings",
            Self::Profile(_) => "Profile",
            Self::DeliveryToken(_) => "DeliveryToken",
            Self::ContactRemoved(_) => "ContactRemoved",
            Self::ConversationSettings(_) => "ConversationSettings",
            Self::VaultKeys(_) => "VaultKeys",
            Self::Statements { .. } => "Statements",
            Self::AskStatements { .. } => "AskStatements",
            Self::GroupPicture(_) => "GroupPicture",
            Self::JoinRequest { .. } => "JoinRequest",
            Self::JoinRefused => "JoinRefused",
            Self::HandOver { .. } => "HandOver",
            Self::Unknown { .. } => "Unknown",
        })
    }
}
