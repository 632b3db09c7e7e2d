//! Records of what is under way, for the kept examples.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "examples are right")]

use crate::{example_vault::vault_body, golden::message};
use cliquet_web_crypto::{
    client::{
        conversation::{ConversationId, Event, Message, OutgoingEvent, SentEnvelope, Waiting},
        outbox::{About, OutboxEntry},
        receive::UnknownContent,
        upload::{FileToDelete, KeptFile, Upload},
    },
    crypto::cbor,
};
use cliquet_wire::{bytes::Bytes, delivery_token::DeliveryToken, files::FileId, ids::DeviceId};
use uuid::Uuid;

/// The records of what is under way: what waits, what was posted, and what arrived too early or from a later version.
pub(crate) fn under_way(texts: &[Message]) -> [(&'static str, Vec<u8>); 10] {
    let conversation: ConversationId = "bob@example.org".parse().unwrap();
    let event = Event::Reaction { of: texts[2].reference(), emoji: Some("🎉".into()) };
    let outgoing = OutgoingEvent { conversation: conversation.clone(), id: message(7), time: 1_700_000_000_000, event };
    let entry = OutboxEntry {
        id: message(8),
        conversation: conversation.clone(),
        accounts: vec!["bob@example.org".parse().unwrap()],
        body: "{\"envelopes\":[]}".into(),
        about: About::Receipt(vec![message(3), message(4)]),
        tokens: [("bob@example.org".parse().unwrap(), DeliveryToken(Bytes([6; 16])))].to_vec(),
    };
    let unknown = UnknownContent {
        conversation,
        sender: "bob@example.org".parse().unwrap(),
        server_time: 1_700_000_000_500,
        content: b"of a later version".to_vec().into(),
        account_key: None,
    };
    let sent = SentEnvelope {
        what: Waiting::Message("bob@example.org/018bcfe56800/7".into()),
        device: DeviceId(Uuid::from_u128(7)),
    };
    let id = FileId(Bytes([3; 32]));
    let kept_file = KeptFile { message: Some(texts[1].key()), bytes: 1_040, used: 1_700_000_000_000, is_whole: true };
    let pin = vault_body().contacts.remove(0);
    [
        ("amendments.bin", cbor::save(&texts[0].amendments).to_vec()),
        ("file_to_delete.bin", cbor::save(&FileToDelete { id }).to_vec()),
        ("kept_file.bin", cbor::save(&kept_file).to_vec()),
        ("outbox_entry.bin", cbor::save(&entry).to_vec()),
        ("outgoing_event.bin", cbor::save(&outgoing).to_vec()),
        ("pin.bin", cbor::save(&pin).to_vec()),
        ("sent_envelope.bin", cbor::save(&sent).to_vec()),
        ("unknown_content.bin", cbor::save(&unknown).to_vec()),
        ("upload.bin", cbor::save(&Upload { paused: true, ..Upload::of(&texts[1]) }).to_vec()),
        ("waiting.bin", cbor::save(&Waiting::Event("018bcfe56800/7".into())).to_vec()),
    ]
}
