//! The last line of a conversation, as the list shows it.

use super::{Message, MessageBody};
use crate::crypto::attachment::{Attachment, AttachmentKind};
use cliquet_wire::address::Address;
use minicbor::{Decode, Encode};

/// Characters of the last message that the list shows.
pub const PREVIEW_CHARS_MAX: usize = 80;

/// The newest message of a conversation, in short.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Preview {
    /// The account that wrote it.
    #[n(0)]
    pub sender: Address,
    /// This account wrote it.
    #[n(1)]
    pub is_own: bool,
    /// The beginning of its newest text.
    #[n(2)]
    pub body: MessageBody,
    /// Its time as it is shown, in milliseconds since 1970.
    #[n(3)]
    pub time: u64,
    /// The file that it brings.
    #[n(4)]
    pub file: Option<FilePreview>,
}

/// A file of a message, in short.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FilePreview {
    /// As what it is shown.
    #[n(0)]
    pub kind: AttachmentKind,
    /// The beginning of its name.
    #[n(1)]
    pub name: String,
}

impl FilePreview {
    /// Of what a message says of its file.
    pub fn of(attachment: &Attachment) -> Self {
        Self { kind: attachment.kind(), name: attachment.name.chars().take(PREVIEW_CHARS_MAX).collect() }
    }
}

impl Preview {
    /// Of the newest message.
    pub fn of(message: &Message) -> Self {
        let body = match &message.body {
            MessageBody::Text(_) => MessageBody::Text(message.text().chars().take(PREVIEW_CHARS_MAX).collect()),
            other => other.clone(),
        };
        let file = message.attachment.as_deref().map(FilePreview::of);
        Self { sender: message.sender.clone(), is_own: message.is_own(), body, time: message.shown_time(), file }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::conversation::{Amendments, DeliveryStatus, MessageId},
        crypto::{attachment::tests::attachment, cbor},
    };

    fn message(text: &str, attachment: Option<Attachment>) -> Message {
        let address = Address::parse("a@example.org").unwrap();
        Message {
            id: MessageId::from_parts(1, [1; 10]),
            conversation: address.clone().into(),
            sender: address,
            sort_time: 1,
            client_time: 1,
            server_time: 0,
            body: MessageBody::Text(text.into()),
            status: DeliveryStatus::Sent,
            amendments: Amendments::default(),
            quote: None,
            lifetime: None,
            received_by: None,
            passed_on_by: None,
            attachment: attachment.map(Box::new),
        }
    }

    #[test]
    fn a_file_is_said_by_its_kind_and_name() {
        let preview = Preview::of(&message("", Some(attachment())));
        assert_eq!(preview.file, Some(FilePreview { kind: AttachmentKind::Picture, name: "Kitten.jpg".into() }));
        let read: Preview = cbor::decode(&cbor::encode(&preview)).unwrap();
        assert_eq!(read, preview);
        let long = Attachment { name: "é".repeat(100), ..attachment() };
        let name = Preview::of(&message("", Some(long))).file.map(|file| file.name.chars().count());
        assert_eq!(name, Some(PREVIEW_CHARS_MAX));
    }

    #[test]
    fn one_without_a_file_is_as_before() {
        let preview = Preview::of(&message("hello", None));
        assert_eq!(preview.file, None);
        assert_eq!(cbor::encode(&preview).first(), Some(&0xa4), "four fields");
    }
}
