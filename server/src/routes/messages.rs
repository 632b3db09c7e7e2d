//! Sending: checks a post of envelopes and puts them into mailboxes, all or none.
//!
//! Owns the rules of who may send what to whom. Cannot read what is sent, and keeps none of it.

use crate::{
    accounts,
    body::Body,
    cache::VersionedCache,
    config::sizes,
    contacts,
    database::Database,
    deleted_accounts, devices,
    error::Error,
    mailbox::{EnqueueError, Item, Mailbox, Mailboxes, Standing},
    now::Now,
    response::HtmlOrJson,
    signed_in::SignedInDevice,
    storage::RoomForLetters,
    throttle::Throttle,
};
use cliquet_wire::{
    address::Address,
    bytes::Blob,
    envelope::{Envelope, MessagesSent, SendMessages},
    ids::DeviceId,
    limits::{CIPHERTEXT_BYTES_MAX, ENVELOPE_JSON_BYTES_MAX, ENVELOPES_PER_POST_MAX, PADDING_STEP_BYTES},
    problem::ProblemCode,
};
use rocket::{Route, State, post, routes};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// AES-256-GCM's.
const TAG_BYTES: usize = 16;

pub fn routes() -> Vec<Route> {
    routes![send]
}

#[post("/messages", data = "<post>")]
async fn send(
    me: RoomForLetters<SignedInDevice>,
    post: Body<SendMessages, { sizes::MESSAGES }>,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
    now: Now,
    throttle: &State<Throttle>,
    allowed: &State<AllowedPosts>,
) -> Result<HtmlOrJson<MessagesSent>, Error> {
    let RoomForLetters(me) = me;
    throttle.post_per_account.check(&me.account_id)?;
    let envelopes = post.0.envelopes;
    let receivers = check_form(&envelopes, &me.email, me.device)?;
    let post = Sending { account_id: me.account_id, email: me.email, device: me.device, receivers };
    let account_id = post.account_id;
    let standing = allowed.get(database, post, |connection, post| check_receivers(connection, post).map(Some)).await?;
    let to_contact = standing.unwrap_or(Standing::Stranger);
    let accepted_ms = now.0;
    let items = envelopes.iter().map(|envelope| {
        let is_own = envelope.receiver_email == envelope.sender_email;
        item(envelope, account_id, if is_own { Standing::Own } else { to_contact }, accepted_ms)
    });
    let items = items.collect::<Result<_, _>>()?;
    let enqueued = mailboxes.enqueue(items).await?;
    Ok(HtmlOrJson::new(MessagesSent { timestamp: enqueued.accepted_ms }).created())
}

/// Which devices of which accounts a post is for.
type Receivers = BTreeMap<Address, BTreeSet<DeviceId>>;

/// The sender and the receivers of a post: the same in every post of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sending {
    account_id: i64,
    email: Address,
    device: DeviceId,
    receivers: Receivers,
}

/// The posts that may be sent, and how their sender stands with the contact. Refusals are not kept.
pub type AllowedPosts = VersionedCache<Sending, Standing>;

/// What can be said of the envelopes by looking at them alone.
fn check_form(envelopes: &[Envelope], sender: &Address, sender_device: DeviceId) -> Result<Receivers, ProblemCode> {
    if envelopes.is_empty() {
        return Err(ProblemCode::Malformed);
    }
    if envelopes.len() > ENVELOPES_PER_POST_MAX {
        return Err(ProblemCode::TooLarge);
    }
    let mut receivers = Receivers::new();
    for envelope in envelopes {
        if envelope.v != cliquet_wire::VERSION {
            return Err(ProblemCode::Malformed);
        }
        if envelope.sender_email != *sender || envelope.sender_device != sender_device {
            return Err(ProblemCode::WrongSender);
        }
        check_length(&envelope.ciphertext, CIPHERTEXT_BYTES_MAX)?;
        // Time is the server's. A retry carries the same zero, so that it is recognised.
        if envelope.timestamp != 0 {
            return Err(ProblemCode::Malformed);
        }
        let devices = receivers.entry(envelope.receiver_email.clone()).or_default();
        if !devices.insert(envelope.receiver_device) || envelope.receiver_device == sender_device {
            return Err(ProblemCode::Malformed);
        }
    }
    // One contact, and one's own other devices.
    if receivers.keys().filter(|receiver| *receiver != sender).count() > 1 {
        return Err(ProblemCode::Malformed);
    }
    Ok(receivers)
}

/// Content is padded, so that its length says little: another length comes from a broken client.
pub(super) fn check_length(ciphertext: &Blob, bytes_max: usize) -> Result<(), ProblemCode> {
    let length = ciphertext.0.len();
    if length > bytes_max {
        return Err(ProblemCode::TooLarge);
    }
    if length <= TAG_BYTES || !(length - TAG_BYTES).is_multiple_of(PADDING_STEP_BYTES) {
        return Err(ProblemCode::Malformed);
    }
    Ok(())
}

/// Refuses a receiver who does not take messages from this sender. An address without an account answers like a
/// stranger's: who asks learns nothing. Only who had added an account that was deleted is told so: they knew of it.
/// Returns the receiver's account.
pub(super) fn check_contact(connection: &Connection, sender: i64, receiver: &Address) -> Result<i64, Error> {
    if let Some(account) = accounts::find(connection, receiver)?
        && contacts::may_write(connection, sender, account)?
    {
        return Ok(account);
    }
    let was_contact = deleted_accounts::was_contact(connection, sender, receiver)?;
    Err(if was_contact { ProblemCode::AccountDeleted } else { ProblemCode::NotAContact }.into())
}

/// Whether the sender may write to them, and whether these are their devices, all of them and no other.
fn check_receivers(connection: &Connection, post: &Sending) -> Result<Standing, Error> {
    let mut standing = Standing::Own;
    let Sending { account_id: sender, email: sender_email, device: sender_device, receivers } = post;
    for (receiver, devices) in receivers {
        if receiver != sender_email {
            let account = check_contact(connection, *sender, receiver)?;
            let is_answered = contacts::has_added(connection, account, *sender)?;
            standing = if is_answered { Standing::Accepted } else { Standing::Stranger };
        }
        let active = devices::active(connection, receiver)?;
        let active: BTreeSet<DeviceId> = active.into_iter().filter(|device| device != sender_device).collect();
        if *devices != active {
            return Err(ProblemCode::DevicesChanged.into());
        }
    }
    Ok(standing)
}

/// An envelope as it is posted has this time in it, and as it is kept the server's.
const NO_TIME: &str = "\"timestamp\":0,";

/// The envelope as the mailbox keeps it: one text, written once, in the one way in which all envelopes are written, so that
/// a retry that is spaced otherwise is the same post.
fn item(envelope: &Envelope, account: i64, standing: Standing, accepted_ms: u64) -> Result<Item, Error> {
    let mut json = serde_json::to_string(envelope).map_err(Error::internal)?;
    let mut digest = [0; 16];
    digest.iter_mut().zip(Sha256::digest(&json)).for_each(|(to, from)| *to = from);
    // Only the version and the id come before it.
    let place = json.find(NO_TIME).ok_or_else(|| Error::internal("an envelope had a time"))?;
    json.replace_range(place..place + NO_TIME.len(), &format!("\"timestamp\":{accepted_ms},"));
    if json.len() > ENVELOPE_JSON_BYTES_MAX {
        return Err(ProblemCode::TooLarge.into());
    }
    let (mailbox, sender) = (envelope.receiver_device, envelope.sender_device);
    Ok(Item { mailbox, sender, account, standing, id: envelope.id, digest, accepted_ms, json: json.into() })
}

impl From<EnqueueError> for Error {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::Full => ProblemCode::MailboxFull.into(),
            EnqueueError::Unanswered => ProblemCode::Unanswered.into(),
            EnqueueError::IdReused => ProblemCode::IdReused.into(),
            EnqueueError::Unavailable(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_wire::{bytes::Bytes, ids::EnvelopeId};

    /// With so many bytes of ciphertext, from an address of so many letters.
    fn envelope(bytes: usize, letters: usize) -> Envelope {
        let address = |name: &str| Address::parse(&format!("{name}@example.org")).unwrap();
        Envelope {
            v: cliquet_wire::VERSION,
            id: EnvelopeId::from_parts(1, [1; 10]),
            timestamp: 0,
            sender_email: address(&"a".repeat(letters)),
            sender_device: DeviceId::from_random([1; 16]),
            receiver_email: address("bob"),
            receiver_device: DeviceId::from_random([2; 16]),
            new_ratchet_public_key: Bytes([1; 32]),
            message_number: 1,
            previous_chain_length: 0,
            salt: Bytes([2; 16]),
            ciphertext: Blob(vec![3; bytes]),
            pre_key_message: None,
        }
    }

    #[test]
    fn an_envelope_is_kept_as_it_was_posted_with_the_servers_time() {
        let mut posted = envelope(160 + TAG_BYTES, 5);
        let kept = item(&posted, 1, Standing::Accepted, 1_790_000_000_000).unwrap();
        posted.timestamp = 1_790_000_000_000;
        assert_eq!(&*kept.json, serde_json::to_string(&posted).unwrap());
        let later = item(&envelope(160 + TAG_BYTES, 5), 1, Standing::Accepted, 1_790_000_000_001).unwrap();
        assert_eq!(later.digest, kept.digest, "a retry is known again");
        assert_ne!(later.json, kept.json);
    }

    /// The parts of an envelope have limits of their own, which come to less: this bounds what a later part might add.
    #[test]
    fn r10_an_envelope_is_kept_at_its_largest_and_not_one_byte_past_it() {
        let length = |bytes, letters| {
            item(&envelope(bytes, letters), 1, Standing::Accepted, 1_790_000_000_000).map(|item| item.json.len())
        };
        let shortest = length(0, 1).unwrap();
        let room = ENVELOPE_JSON_BYTES_MAX - shortest;
        // Four characters for three bytes; the rest is letters of the address.
        let (bytes, letters) = (room / 4 * 3, 1 + room % 4);
        assert_eq!(length(bytes, letters).unwrap(), ENVELOPE_JSON_BYTES_MAX);
        assert!(matches!(length(bytes, letters + 1), Err(Error::Refused(ProblemCode::TooLarge))));
        assert!(length(CIPHERTEXT_BYTES_MAX, 64).is_ok(), "the largest that the other limits let through");
    }
}
