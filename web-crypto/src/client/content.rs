//! What is inside the ciphertext.
//!
//! Owns its encoding. Knows nothing of sealing. The sender's address, device and clock stand inside, so that what the
//! envelope says outside is only a hint that is checked against them.
//!
//! One byte of version, then as all state is saved: sender, device, time, kind, and the fields of that kind. Fields are only ever
//! added at the end, where an older client does not look; a kind that is not known is kept as a notice, not dropped.

use super::conversation::MessageId;
use crate::crypto::saved::{Reader, Saved, Writer};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    ids::{DeviceId, EnvelopeId},
    limits::MESSAGE_TEXT_BYTES_MAX,
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The first byte of every content.
const VERSION: u8 = 1;
/// Names in one receipt; the next receipt takes the rest. Sixteen bytes each stay far below a text's limit.
pub const RECEIPT_NAMES_MAX: usize = 256;
/// Envelopes that are asked for at once; what is past it is not asked for.
pub const RESEND_NAMES_MAX: usize = 64;

/// What one device says to another.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    pub sender: Address,
    pub device: DeviceId,
    /// Milliseconds since 1970, by the sender's clock.
    pub time: u64,
    pub body: Body,
}

/// What is said.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Kind 1.
    Text { message: MessageId, text: String },
    /// Kind 2: "I added you", or "I answer your request". Also what opens a new session when one was lost.
    Hello,
    /// Kind 3: these arrived and are kept.
    Receipt { delivered: Vec<MessageId> },
    /// Kind 4, only between devices of one account: this text was sent to `conversation`.
    CopyOfText { conversation: Address, account_key: AccountKey, message: MessageId, text: String },
    /// Kind 5, only between devices of one account: `conversation` was added or accepted, with this key.
    CopyOfHello { conversation: Address, account_key: AccountKey },
    /// Kind 6: a hello, and these envelopes from the device that gets this could not be opened: what they carried is
    /// asked for.
    Resend { envelopes: Vec<EnvelopeId> },
    // 7: Edit, 8: Delete, 9: Reaction, 10: File are kept free.
    /// A kind of a later version. Never sent.
    Unknown { kind: u16 },
}

/// Why content is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    #[error("the content is of a later version")]
    Newer,
    #[error("the content has no known form")]
    Malformed,
    #[error("the text is longer than {MESSAGE_TEXT_BYTES_MAX} bytes, or too many names stand in a list")]
    TooLarge,
}

impl Content {
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        self.body.check_size()?;
        let mut to = Writer::default();
        to.byte(VERSION);
        self.sender.write(&mut to);
        self.device.write(&mut to);
        to.number(self.time);
        to.number(u64::from(self.body.kind()));
        match &self.body {
            Body::Text { message, text } => {
                message.write(&mut to);
                to.text(text);
            }
            Body::Hello => {}
            Body::Receipt { delivered } => to.list(delivered),
            Body::CopyOfText { conversation, account_key, message, text } => {
                conversation.write(&mut to);
                account_key.write(&mut to);
                message.write(&mut to);
                to.text(text);
            }
            Body::CopyOfHello { conversation, account_key } => {
                conversation.write(&mut to);
                account_key.write(&mut to);
            }
            Body::Resend { envelopes } => to.list(envelopes),
            Body::Unknown { .. } => return Err(ContentError::Malformed),
        }
        Ok(to.finish())
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        let mut from = Reader::new(bytes);
        if from.byte().ok_or(ContentError::Malformed)? != VERSION {
            return Err(ContentError::Newer);
        }
        let content = Self::read(&mut from).ok_or(ContentError::Malformed)?;
        content.body.check_size()?;
        Ok(content)
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (sender, device, time) = (Saved::read(from)?, Saved::read(from)?, from.number()?);
        let body = match from.number()? {
            1 => Body::Text { message: Saved::read(from)?, text: Saved::read(from)? },
            2 => Body::Hello,
            3 => Body::Receipt { delivered: from.list()? },
            4 => Body::CopyOfText {
                conversation: Saved::read(from)?,
                account_key: Saved::read(from)?,
                message: Saved::read(from)?,
                text: Saved::read(from)?,
            },
            5 => Body::CopyOfHello { conversation: Saved::read(from)?, account_key: Saved::read(from)? },
            6 => Body::Resend { envelopes: from.list()? },
            kind => Body::Unknown { kind: kind.try_into().ok()? },
        };
        Some(Self { sender, device, time, body })
    }
}

impl Body {
    fn kind(&self) -> u16 {
        match self {
            Self::Text { .. } => 1,
            Self::Hello => 2,
            Self::Receipt { .. } => 3,
            Self::CopyOfText { .. } => 4,
            Self::CopyOfHello { .. } => 5,
            Self::Resend { .. } => 6,
            Self::Unknown { kind } => *kind,
        }
    }

    /// Applied to what arrives as well as to what leaves: a peer's client may not know our limits.
    fn check_size(&self) -> Result<(), ContentError> {
        let fits = match self {
            Self::Text { text, .. } | Self::CopyOfText { text, .. } => text.len() <= MESSAGE_TEXT_BYTES_MAX,
            Self::Receipt { delivered } => delivered.len() <= RECEIPT_NAMES_MAX,
            Self::Resend { envelopes } => envelopes.len() <= RESEND_NAMES_MAX,
            Self::Hello | Self::CopyOfHello { .. } | Self::Unknown { .. } => true,
        };
        if fits { Ok(()) } else { Err(ContentError::TooLarge) }
    }
}

impl Saved for EnvelopeId {
    fn write(&self, to: &mut Writer) {
        to.raw(self.0.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.array().map(Uuid::from_bytes).map(Self)
    }
}

/// Content is what people write: a log that prints one by accident prints only its kind.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("body", &self.body).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(body: Body) -> Content {
        Content {
            sender: Address::parse("alice@example.org").unwrap(),
            device: DeviceId::from_random([7; 16]),
            time: 1_700_000_000_000,
            body,
        }
    }

    fn id(n: u8) -> MessageId {
        MessageId::from_parts(1_700_000_000_000, [n; 10])
    }

    #[test]
    fn every_kind_reads_back() {
        for body in [
            Body::Text { message: id(1), text: "Salut 👋".into() },
            Body::Hello,
            Body::Receipt { delivered: vec![id(1), id(2)] },
            Body::Resend { envelopes: vec![EnvelopeId(id(1).0), EnvelopeId(id(2).0)] },
        ] {
            let content = content(body);
            assert_eq!(Content::decode(&content.encode().unwrap()).unwrap(), content);
        }
    }

    #[test]
    fn fields_that_a_later_version_adds_at_the_end_are_ignored() {
        let content = content(Body::Text { message: id(1), text: "hello".into() });
        let mut bytes = content.encode().unwrap();
        bytes.extend_from_slice(b"more");
        assert_eq!(Content::decode(&bytes).unwrap(), content);
    }

    #[test]
    fn a_kind_of_a_later_version_is_named_and_a_later_version_refused() {
        let mut bytes = content(Body::Hello).encode().unwrap();
        // The kind stands last.
        *bytes.last_mut().unwrap() = 99;
        assert_eq!(Content::decode(&bytes).unwrap().body, Body::Unknown { kind: 99 });
        bytes[0] = 2;
        assert_eq!(Content::decode(&bytes), Err(ContentError::Newer));
    }

    #[test]
    fn a_text_at_the_limit_passes_and_one_past_it_does_not() {
        let text = |n: usize| content(Body::Text { message: id(1), text: "a".repeat(n) });
        assert!(text(MESSAGE_TEXT_BYTES_MAX).encode().is_ok());
        assert_eq!(text(MESSAGE_TEXT_BYTES_MAX + 1).encode(), Err(ContentError::TooLarge));
    }

    #[test]
    fn a_receipt_at_the_limit_passes_and_one_past_it_does_not() {
        let receipt = |n: usize| content(Body::Receipt { delivered: vec![id(1); n] });
        let at_limit = receipt(RECEIPT_NAMES_MAX).encode().unwrap();
        assert!(Content::decode(&at_limit).is_ok());
        assert_eq!(receipt(RECEIPT_NAMES_MAX + 1).encode(), Err(ContentError::TooLarge));
    }

    #[test]
    fn a_request_to_send_again_at_the_limit_passes_and_one_past_it_does_not() {
        let resend = |n: usize| content(Body::Resend { envelopes: vec![EnvelopeId(id(1).0); n] });
        let at_limit = resend(RESEND_NAMES_MAX).encode().unwrap();
        assert!(Content::decode(&at_limit).is_ok());
        assert_eq!(resend(RESEND_NAMES_MAX + 1).encode(), Err(ContentError::TooLarge));
    }

    #[test]
    fn truncated_content_is_refused_at_every_length() {
        let bytes = content(Body::Text { message: id(1), text: "hello".into() }).encode().unwrap();
        for length in 0..bytes.len() {
            assert!(Content::decode(&bytes[..length]).is_err(), "{length} bytes");
        }
    }
}
