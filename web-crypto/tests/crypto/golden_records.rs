//! The records of which there is a kept example, and how each is read.

use cliquet_web_crypto::{
    client::{
        conversation::{Amendments, Conversation, Message, OutgoingEvent, SentEnvelope, Waiting},
        delivery_token::OwnToken,
        group::{Group, SignedStatement},
        history_followed::Followed,
        outbox::OutboxEntry,
        peer::{Owed, Peer, PeerSessions},
        receive::UnknownContent,
        safekeeping::Safekeeping,
        upload::{FileToDelete, KeptFile, Upload},
        vault_keys::MadeKeys,
    },
    crypto::{
        LoadError, OwnIdentity, PreKeySecrets, Session, Sessions, cbor,
        passphrase::DeviceKeys,
        vault::{HistoryHead, SharedKeys, VaultBody, VaultContact},
    },
};

/// Reads a record and writes it again.
pub(crate) type Again = fn(&[u8]) -> Result<Vec<u8>, LoadError>;

fn again<T: cbor::Record>(bytes: &[u8]) -> Result<Vec<u8>, LoadError> {
    cbor::load::<T>(bytes).map(|record| cbor::save(&record).to_vec())
}

/// Every kind of record whose type the tests can name.
pub(crate) const RECORDS: [(&str, Again); 29] = [
    ("amendments.bin", again::<Amendments>),
    ("conversation.bin", again::<Conversation>),
    ("device_keys.bin", again::<DeviceKeys>),
    ("file_to_delete.bin", again::<FileToDelete>),
    ("group.bin", again::<Group>),
    ("history_followed.bin", again::<Followed>),
    ("history_head.bin", again::<HistoryHead>),
    ("identity.bin", |bytes| OwnIdentity::load(bytes).map(|record| record.save().to_vec())),
    ("kept_file.bin", again::<KeptFile>),
    ("message.bin", again::<Message>),
    ("outbox_entry.bin", again::<OutboxEntry>),
    ("outgoing_event.bin", again::<OutgoingEvent>),
    ("owed.bin", again::<Owed>),
    ("own_token.bin", again::<OwnToken>),
    ("peer.bin", again::<Peer>),
    ("peer_sessions.bin", again::<PeerSessions>),
    ("pin.bin", again::<VaultContact>),
    ("pre_keys.bin", again::<PreKeySecrets>),
    ("safekeeping.bin", again::<Safekeeping>),
    ("shared_keys.bin", again::<SharedKeys>),
    ("made_keys.bin", again::<MadeKeys>),
    ("sent_envelope.bin", again::<SentEnvelope>),
    ("session.bin", again::<Session>),
    ("sessions.bin", again::<Sessions>),
    ("statement.bin", again::<SignedStatement>),
    ("unknown_content.bin", again::<UnknownContent>),
    ("upload.bin", again::<Upload>),
    ("vault_body.bin", again::<VaultBody>),
    (WITHOUT_FIELDS, again::<Waiting>),
];
/// An enum, which is an array in CBOR and has no numbered fields of its own.
pub(crate) const WITHOUT_FIELDS: &str = "waiting.bin";
