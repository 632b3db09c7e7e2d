//! What is inside the ciphertext.
//!
//! Owns its encoding: CBOR with numbered fields, `[version, {0: sender, 1: device, 2: time, 3: kind, 4: fields, 5: counter,
//! 6: hash, 7: group}]`, where the fields of a kind are a byte string with a CBOR map of their own, and counter and hash are
//! of the sender's own device list. Knows nothing of encryption. The sender's address, device and clock are inside, so that
//! what the envelope says outside is only a hint that is checked against them.
//!
//! A field that is not known is skipped. A kind that is not known is kept with its bytes.

mod blank;
mod body;
mod fields;
mod hand_over;
mod of_group;

pub use blank::is_blank;
pub use body::{
    Body, CAPTION_BYTES_MAX, EMOJI_BYTES_MAX, FIRST_SILENT_KIND, GROUP_RECEIPT_NAMES_MAX, RECEIPT_NAMES_MAX,
    RETRY_NAMES_MAX, ReceiptKind,
};
pub use hand_over::{HANDED_OVER_BYTES_MAX, HandedOver};
pub use of_group::{MemberToken, STATEMENTS_BYTES_MAX};

use super::conversation::GroupId;
use crate::crypto::{LoadError, cbor};
use body::Fields;
use cliquet_wire::{
    address::Address, bytes::Digest, certificate::DeviceList, ids::DeviceId, limits::MESSAGE_TEXT_BYTES_MAX,
};
use minicbor::{Decode, Encode, bytes::ByteVec};
use zeroize::Zeroizing;

/// What one device says to another.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// The account that wrote it; also in the envelope.
    pub sender: Address,
    /// The device that wrote it; also in the envelope.
    pub device: DeviceId,
    /// Milliseconds since 1970, by the sender's clock.
    pub time: u64,
    /// The sender's own device list, as this device of it knows it.
    pub list: OwnList,
    /// The group in which it is said. `None`: between the two accounts.
    pub group: Option<InGroup>,
    /// What it says.
    pub body: Body,
}

/// Where something is said in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct InGroup {
    /// The group.
    #[n(0)]
    pub id: GroupId,
    /// The hash of its newest statement that the sender knows. Who does not know it asks for it.
    #[n(1)]
    pub head: Digest,
}

/// Which device list of its own account a device knows. It tells its readers when the server shows them an older list, or
/// another one under the same counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnList {
    /// The list's counter.
    pub counter: u64,
    /// The list's hash.
    pub hash: Digest,
}

impl OwnList {
    /// What a device that knows this list says of it.
    pub fn of(list: &DeviceList) -> Self {
        Self { counter: list.counter, hash: list.hash() }
    }
}

/// Why content is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Of a later version.
    #[error("the content is of a later version")]
    Newer,
    /// Not of this form.
    #[error("the content has no known form")]
    Malformed,
    /// Longer than an envelope holds, or past the limit of a list or text in it.
    #[error("a text is longer than {MESSAGE_TEXT_BYTES_MAX} bytes, or too many names are in a list")]
    TooLarge,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Frame {
    #[n(0)]
    sender: Address,
    #[n(1)]
    device: DeviceId,
    #[n(2)]
    time: u64,
    #[n(3)]
    kind: u16,
    #[n(4)]
    fields: ByteVec,
    #[n(5)]
    list_counter: u64,
    #[n(6)]
    list_hash: Digest,
    #[n(7)]
    group: Option<InGroup>,
}

impl cbor::Record for Frame {
    const VERSION: u32 = 1;
}

impl Content {
    /// The bytes that are padded and encrypted.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] past a limit, [`ContentError::Malformed`] for an unknown kind, which is never sent.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        let Fields { kind, fields } = self.body.encode()?;
        let (list_counter, list_hash) = (self.list.counter, self.list.hash);
        let (sender, device, time, group) = (self.sender.clone(), self.device, self.time, self.group);
        let frame = Frame { sender, device, time, kind, fields, list_counter, list_hash, group };
        Ok(cbor::save(&frame))
    }

    /// What [`Self::encode`] wrote, here or in another version of this program.
    ///
    /// # Errors
    /// [`ContentError`]. The limits are applied to what arrives as well: a peer's client may not know them.
    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        let frame: Frame = cbor::load(bytes).map_err(|error| match error {
            LoadError::Newer => ContentError::Newer,
            LoadError::Damaged => ContentError::Malformed,
        })?;
        let body = Body::decode(frame.kind, &frame.fields)?;
        let list = OwnList { counter: frame.list_counter, hash: frame.list_hash };
        let (sender, device, time, group) = (frame.sender, frame.device, frame.time, frame.group);
        Ok(Self { sender, device, time, list, group, body })
    }
}

/// Content is what people write: a log that prints one by accident prints only its kind.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("body", &self.body).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::conversation::{Event, MessageId, MessageRef},
        crypto::{account_token::AccountToken, keys::Key, vault::SharedKeys},
    };
    use cliquet_wire::{bytes::Bytes, delivery_token::DeliveryToken, ids::EnvelopeId};
    use std::sync::Arc;

    fn content(body: Body) -> Content {
        Content {
            sender: Address::parse("alice@example.org").unwrap(),
            device: DeviceId::from_random([7; 16]),
            time: 1_700_000_000_000,
            list: OwnList { counter: 1, hash: Bytes([9; 32]) },
            group: None,
            body,
        }
    }

    fn id(n: u8) -> MessageId {
        MessageId::from_parts(1_700_000_000_000, [n; 10])
    }

    fn of() -> MessageRef {
        MessageRef { sender: Address::parse("bob@example.org").unwrap(), id: id(2) }
    }

    fn event(event: Event) -> Body {
        Body::Event { id: id(1), event }
    }

    fn text(text: String) -> Body {
        event(Event::Text { text, quote: None, seconds: None, attachment: None })
    }

    fn all() -> Vec<Body> {
        let bodies = vec![
            text("Salut 👋".into()),
            event(Event::Text { text: "Oui".into(), quote: Some(of()), seconds: None, attachment: None }),
            Body::ContactRequest,
            Body::Receipt { kind: ReceiptKind::Delivered, messages: vec![id(1), id(2)] },
            Body::Receipt { kind: ReceiptKind::Read, messages: vec![] },
            Body::GroupReceipt { delivered: vec![id(1)], read: vec![id(2), id(3)] },
            Body::RetryRequest { envelopes: vec![EnvelopeId(id(1).0), EnvelopeId(id(2).0)] },
            event(Event::Edit { of: id(2), text: "Salut !".into() }),
            event(Event::Delete { of: of(), for_everyone: true }),
            event(Event::Delete { of: of(), for_everyone: false }),
            event(Event::Reaction { of: of(), emoji: Some("🎉".into()) }),
            event(Event::Reaction { of: of(), emoji: None }),
            event(Event::Star { of: of(), starred: true }),
            event(Event::Pin { of: of(), pinned: true }),
            Body::JoinRequest {
                secret: Bytes([4; 16]),
                token: AccountToken { token: DeliveryToken(Bytes([3; 16])), decided: 2 },
            },
            Body::JoinRefused,
            Body::HandOver {
                statement: Bytes([5; 32]),
                texts: vec![HandedOver {
                    author: of().sender,
                    id: id(3),
                    text: "Salut 👋".into(),
                    client_time: 1,
                    server_time: 2,
                    quote: Some(of()),
                    attachment: None,
                }],
            },
            Body::DeliveryToken(AccountToken { token: DeliveryToken(Bytes([3; 16])), decided: 2 }),
            Body::VaultKeys(Arc::new(SharedKeys {
                generation: 7,
                body: Key::from_bytes([1; 32]),
                history: Key::from_bytes([2; 32]),
            })),
        ];
        let conversation = Address::parse("bob@example.org").unwrap().into();
        let sync = |body: &Body| Body::Sync {
            conversation: Clone::clone(&conversation),
            account_key: None,
            body: Box::new(body.clone()),
        };
        bodies.iter().cloned().chain(bodies.iter().map(sync)).collect()
    }

    #[test]
    fn every_kind_reads_back() {
        for body in all() {
            let content = content(body);
            assert_eq!(Content::decode(&content.encode().unwrap()).unwrap(), content);
            let group = Some(InGroup { id: GroupId([5; 16]), head: Bytes([6; 32]) });
            let content = Content { group, ..content };
            assert_eq!(Content::decode(&content.encode().unwrap()).unwrap(), content);
        }
    }

    #[test]
    fn truncated_content_is_refused_at_every_length() {
        for body in all() {
            let bytes = content(body).encode().unwrap();
            for length in 0..bytes.len() {
                assert!(Content::decode(&bytes[..length]).is_err(), "{length} bytes");
            }
        }
    }

    #[test]
    fn fields_that_a_later_version_adds_are_skipped() {
        let content = content(text("hello".into()));
        let fields = cbor::encode(&std::collections::BTreeMap::from([(0_u8, 1_u8)]));
        assert!(Body::decode(1, &fields).is_err(), "a text without a text");
        #[derive(Encode)]
        #[cbor(map)]
        struct Later<'a> {
            #[n(0)]
            sender: &'a Address,
            #[n(1)]
            device: DeviceId,
            #[n(2)]
            time: u64,
            #[n(3)]
            kind: u16,
            #[n(4)]
            fields: ByteVec,
            #[n(5)]
            list_counter: u64,
            #[n(6)]
            list_hash: Digest,
            #[n(90)]
            more: [u8; 3],
        }
        #[derive(Encode)]
        #[cbor(map)]
        struct LaterText {
            #[n(0)]
            id: MessageId,
            #[n(1)]
            text: &'static str,
            #[n(90)]
            mood: [&'static str; 2],
        }
        let fields = cbor::encode(&LaterText { id: id(1), text: "hello", mood: ["a", "b"] }).to_vec().into();
        let (sender, device, time) = (&content.sender, content.device, content.time);
        let OwnList { counter: list_counter, hash: list_hash } = content.list;
        let later = Later { sender, device, time, kind: 1, fields, list_counter, list_hash, more: [1, 2, 3] };
        assert_eq!(Content::decode(&cbor::encode(&(1_u32, later))).unwrap(), content);
    }

    #[test]
    fn a_kind_of_a_later_version_is_named_and_a_later_version_refused() {
        let frame = |kind| {
            let content = content(Body::ContactRequest);
            let fields = cbor::encode(&"whatever").to_vec().into();
            let (list_counter, list_hash) = (content.list.counter, content.list.hash);
            let (sender, device) = (content.sender, content.device);
            Frame { sender, device, time: 1, kind, fields, list_counter, list_hash, group: None }
        };
        for kind in [99, 127, 128, 500] {
            assert_eq!(Content::decode(&cbor::save(&frame(kind))).unwrap().body, Body::Unknown { kind });
        }
        assert_eq!(Content::decode(&cbor::encode(&(2_u32, frame(1)))), Err(ContentError::Newer));
    }

    #[test]
    fn a_text_at_the_limit_passes_and_one_past_it_does_not() {
        let long = |n: usize| "a".repeat(n);
        for make in [text as fn(String) -> Body, |text| event(Event::Edit { of: id(2), text })] {
            assert!(content(make(long(MESSAGE_TEXT_BYTES_MAX))).encode().is_ok());
            assert_eq!(content(make(long(MESSAGE_TEXT_BYTES_MAX + 1))).encode(), Err(ContentError::TooLarge));
        }
        let react = |n| content(event(Event::Reaction { of: of(), emoji: Some(long(n)) })).encode();
        assert!(react(EMOJI_BYTES_MAX).is_ok());
        assert_eq!(react(EMOJI_BYTES_MAX + 1), Err(ContentError::TooLarge));
    }

    #[test]
    fn a_receipt_and_a_retry_request_at_the_limit_pass_and_one_past_it_does_not() {
        let receipt = |n| content(Body::Receipt { kind: ReceiptKind::Delivered, messages: vec![id(1); n] });
        let in_group = |n| content(Body::GroupReceipt { delivered: vec![id(1)], read: vec![id(2); n - 1] });
        let retry = |n| content(Body::RetryRequest { envelopes: vec![EnvelopeId(id(1).0); n] });
        for (at, past) in [
            (receipt(RECEIPT_NAMES_MAX), receipt(RECEIPT_NAMES_MAX + 1)),
            (in_group(GROUP_RECEIPT_NAMES_MAX), in_group(GROUP_RECEIPT_NAMES_MAX + 1)),
            (retry(RETRY_NAMES_MAX), retry(RETRY_NAMES_MAX + 1)),
        ] {
            assert!(Content::decode(&at.encode().unwrap()).is_ok());
            assert_eq!(past.encode(), Err(ContentError::TooLarge));
        }
    }
}
