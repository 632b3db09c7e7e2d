//! What is inside the ciphertext.
//!
//! Owns its encoding. Knows nothing of sealing. The sender's address, device and clock stand inside, so that what the
//! envelope says outside is only a hint that is checked against them.
//!
//! One byte of version, then in postcard: sender, device, time, kind, and the fields of that kind. Fields are only ever
//! added at the end, where an older client does not look; a kind that is not known is kept as a notice, not dropped.

use cliquet_wire::{account_key::AccountKey, address::Address, ids::DeviceId, limits::MESSAGE_TEXT_BYTES_MAX};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::{Builder, Uuid};
use zeroize::Zeroizing;

/// The first byte of every content.
const VERSION: u8 = 1;
/// Names in one receipt; the next receipt takes the rest. Sixteen bytes each stay far below a text's limit.
pub const RECEIPT_NAMES_MAX: usize = 256;

/// One message, the same on every device: a UUID of version 7, chosen by its author. Two authors' ids live apart, so
/// that nobody can name, hide or replace a message of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub Uuid);

impl MessageId {
    pub fn from_parts(now_ms: u64, random: [u8; 10]) -> Self {
        Self(Builder::from_unix_timestamp_millis(now_ms, &random).into_uuid())
    }
}

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
    // 6: Resend, 7: Edit, 8: Delete, 9: Reaction, 10: File are kept free.
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
    #[error("the text is longer than {MESSAGE_TEXT_BYTES_MAX} bytes, or the receipt names too many")]
    TooLarge,
}

#[derive(Serialize, Deserialize)]
struct Head {
    sender: Address,
    device: DeviceId,
    time: u64,
    kind: u16,
}

impl Content {
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        self.body.check_size()?;
        let mut bytes = Zeroizing::new(vec![VERSION]);
        let head = Head { sender: self.sender.clone(), device: self.device, time: self.time, kind: self.body.kind() };
        add(&mut bytes, &head)?;
        match &self.body {
            Body::Text { message, text } => add(&mut bytes, &(message, text))?,
            Body::Hello => {}
            Body::Receipt { delivered } => add(&mut bytes, delivered)?,
            Body::CopyOfText { conversation, account_key, message, text } => {
                add(&mut bytes, &(conversation, account_key, message, text))?;
            }
            Body::CopyOfHello { conversation, account_key } => add(&mut bytes, &(conversation, account_key))?,
            Body::Unknown { .. } => return Err(ContentError::Malformed),
        }
        Ok(bytes)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        let (version, rest) = bytes.split_first().ok_or(ContentError::Malformed)?;
        if *version != VERSION {
            return Err(ContentError::Newer);
        }
        let (head, rest): (Head, _) = postcard::take_from_bytes(rest).map_err(|_| ContentError::Malformed)?;
        let body = match head.kind {
            1 => {
                let (message, text) = read(rest)?;
                Body::Text { message, text }
            }
            2 => Body::Hello,
            3 => Body::Receipt { delivered: read(rest)? },
            4 => {
                let (conversation, account_key, message, text) = read(rest)?;
                Body::CopyOfText { conversation, account_key, message, text }
            }
            5 => {
                let (conversation, account_key) = read(rest)?;
                Body::CopyOfHello { conversation, account_key }
            }
            kind => Body::Unknown { kind },
        };
        body.check_size()?;
        Ok(Self { sender: head.sender, device: head.device, time: head.time, body })
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
            Self::Unknown { kind } => *kind,
        }
    }

    /// Applied to what arrives as well as to what leaves: a peer's client may not know our limits.
    fn check_size(&self) -> Result<(), ContentError> {
        let fits = match self {
            Self::Text { text, .. } | Self::CopyOfText { text, .. } => text.len() <= MESSAGE_TEXT_BYTES_MAX,
            Self::Receipt { delivered } => delivered.len() <= RECEIPT_NAMES_MAX,
            Self::Hello | Self::CopyOfHello { .. } | Self::Unknown { .. } => true,
        };
        if fits { Ok(()) } else { Err(ContentError::TooLarge) }
    }
}

fn add(bytes: &mut Zeroizing<Vec<u8>>, part: &impl Serialize) -> Result<(), ContentError> {
    let part = Zeroizing::new(postcard::to_stdvec(part).map_err(|_| ContentError::Malformed)?);
    bytes.extend_from_slice(&part);
    Ok(())
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ContentError> {
    postcard::take_from_bytes(bytes).map(|(part, _)| part).map_err(|_| ContentError::Malformed)
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
        let mut bytes = Zeroizing::new(vec![VERSION]);
        let head =
            Head { sender: content(Body::Hello).sender, device: DeviceId::from_random([7; 16]), time: 1, kind: 99 };
        add(&mut bytes, &head).unwrap();
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
    fn truncated_content_is_refused_at_every_length() {
        let bytes = content(Body::Text { message: id(1), text: "hello".into() }).encode().unwrap();
        for length in 0..bytes.len() {
            assert!(Content::decode(&bytes[..length]).is_err(), "{length} bytes");
        }
    }
}
