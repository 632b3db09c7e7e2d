//! Sending: checks a post of envelopes and puts them into mailboxes, all or none.
//!
//! Owns the rules of who may send what to whom. Cannot read what is sent, and keeps none of it.

use crate::{
    accounts,
    body::Body,
    cache::VersionedCache,
    config::{ENVELOPES_PER_TURN, sizes, turns},
    contacts,
    database::{self, Database},
    deleted_accounts, delivery_tokens, devices,
    error::Error,
    mailbox::{EnqueueError, Item, Mailbox, Mailboxes, Standing},
    now::Now,
    push::Push,
    response::HtmlOrJson,
    signed_in::SignedInDevice,
    storage::RoomForLetters,
    throttle::Throttle,
};
use cliquet_wire::{
    address::Address,
    bytes::Blob,
    delivery_token::DeliveryToken,
    envelope::{Envelope, MessagesSent, SendMessages},
    ids::DeviceId,
    limits::{
        CIPHERTEXT_BYTES_MAX, ENVELOPE_JSON_BYTES_MAX, ENVELOPES_PER_POST_MAX, GROUP_MEMBERS_MAX, PADDING_STEP_BYTES,
    },
    problem::ProblemCode,
};
use rocket::{Route, State, post, routes};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// AES-256-GCM's.
const TAG_BYTES: usize = 16;

pub fn routes() -> Vec<Route> {
    routes![send]
}

#[expect(clippy::too_many_arguments, reason = "what a route needs, it names")]
#[post("/messages", data = "<post>")]
async fn send(
    me: RoomForLetters<SignedInDevice>,
    post: Body<SendMessages, { sizes::MESSAGES }>,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
    now: Now,
    throttle: &State<Throttle>,
    allowed: &State<AllowedPosts>,
    push: &State<Push>,
) -> Result<HtmlOrJson<MessagesSent>, Error> {
    let RoomForLetters(me) = me;
    let SendMessages { envelopes, tokens, urgent } = post.0;
    throttle.post_per_account.check_up_to(&me.account_id, turns(envelopes.len()))?;
    let receivers = check_form(&envelopes, &me.email, me.device)?;
    if tokens.keys().any(|account| !receivers.contains_key(account)) {
        return Err(ProblemCode::Malformed.into());
    }
    let account_id = me.account_id;
    let post = Sending { account_id, email: me.email, device: me.device, receivers, tokens };
    let standings =
        allowed.get(database, post.key(), move |connection, _| check_receivers(connection, &post).map(Some));
    let standings = standings.await?.unwrap_or_default();
    let receivers: BTreeSet<&Address> = envelopes.iter().map(|envelope| &envelope.receiver_email).collect();
    let standings: BTreeMap<&Address, Standing> = receivers.into_iter().zip(standings.iter().copied()).collect();
    let accepted_ms = now.0;
    let mut items = Vec::with_capacity(envelopes.len());
    for (number, envelope) in envelopes.iter().enumerate() {
        let standing = standings.get(&envelope.receiver_email).copied().unwrap_or(Standing::Stranger);
        items.push(item(envelope, account_id, standing, accepted_ms)?);
        // The largest post takes some milliseconds: others have their turn in between.
        if number % ENVELOPES_PER_TURN == ENVELOPES_PER_TURN - 1 {
            tokio::task::yield_now().await;
        }
    }
    let told: Vec<DeviceId> = match urgent {
        true => items.iter().filter(|item| item.standing != Standing::Own).map(|item| item.mailbox).collect(),
        false => Vec::new(),
    };
    let enqueued = mailboxes.enqueue(items).await.map_err(|error| refusal(error, &envelopes))?;
    push.notify(told);
    Ok(HtmlOrJson::new(MessagesSent { timestamp: enqueued.accepted_ms }).created())
}

/// Which devices of which accounts a post is for.
type Receivers = BTreeMap<Address, BTreeSet<DeviceId>>;

/// The sender and the receivers of a post: the same in every post of a conversation.
#[derive(Debug)]
struct Sending {
    account_id: i64,
    email: Address,
    device: DeviceId,
    receivers: Receivers,
    tokens: BTreeMap<Address, DeliveryToken>,
}

/// How the sender stands with each receiver of a post, in the order of their addresses.
type Standings = Arc<[Standing]>;

/// The posts that may be sent, by the digest of their sender and receivers. Refusals are not kept.
pub type AllowedPosts = VersionedCache<[u8; 32], Standings>;

impl Sending {
    /// SHA-256 of all of it: the names of four hundred devices would be kept for each sender of a group.
    fn key(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update(bytes.len().to_be_bytes());
            hash.update(bytes);
        };
        field(&self.account_id.to_be_bytes());
        field(self.device.0.as_bytes());
        for (receiver, devices) in &self.receivers {
            field(receiver.as_str().as_bytes());
            field(self.tokens.get(receiver).map_or(&[][..], |token| token.0.as_ref()));
            field(&devices.len().to_be_bytes());
            devices.iter().for_each(|device| field(device.0.as_bytes()));
        }
        hash.finalize().into()
    }
}

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
    if receivers.len() > GROUP_MEMBERS_MAX {
        return Err(ProblemCode::TooLarge);
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

/// How a sender stands with a receiver who takes their messages, and the receiver's account; or why not. An address
/// without an account is refused like a stranger's: who asks learns nothing. Only who had added an account that was
/// deleted is told so: they knew of it. A token that is not the receiver's is none.
fn reach(
    connection: &Connection,
    sender: i64,
    receiver: &Address,
    token: Option<&DeliveryToken>,
) -> Result<Result<(i64, Standing), ProblemCode>, database::Error> {
    if let Some(account) = accounts::find(connection, receiver)? {
        if let Some(token) = token
            && delivery_tokens::admits(connection, token, sender, account)?
        {
            return Ok(Ok((account, Standing::Bearer)));
        }
        if contacts::may_write(connection, sender, account)? {
            let is_answered = contacts::has_added(connection, account, sender)?;
            return Ok(Ok((account, if is_answered { Standing::Accepted } else { Standing::Stranger })));
        }
    }
    let was_contact = deleted_accounts::was_contact(connection, sender, receiver)?;
    Ok(Err(if was_contact { ProblemCode::AccountDeleted } else { ProblemCode::NotAContact }))
}

/// The receiver's account, if it takes messages from this sender.
pub(super) fn check_contact(
    connection: &Connection,
    sender: i64,
    receiver: &Address,
    token: Option<&DeliveryToken>,
) -> Result<i64, Error> {
    let (account, _) = reach(connection, sender, receiver, token)??;
    Ok(account)
}

/// Whether the sender may write to them, and whether these are their devices, all of them and no other. Returns how
/// the sender stands with each.
fn check_receivers(connection: &Connection, post: &Sending) -> Result<Standings, Error> {
    let mut standings = Vec::with_capacity(post.receivers.len());
    let mut refused = Refused::default();
    let Sending { account_id: sender, email: sender_email, device: sender_device, receivers, tokens } = post;
    for (receiver, devices) in receivers {
        let standing = if receiver == sender_email {
            Ok(Standing::Own)
        } else {
            reach(connection, *sender, receiver, tokens.get(receiver))?.map(|(_, standing)| standing)
        };
        match standing {
            Ok(standing) => standings.push(standing),
            Err(code) => {
                refused.add(code, receiver);
                continue;
            }
        }
        let active = devices::active(connection, receiver)?;
        let active: BTreeSet<DeviceId> = active.into_iter().filter(|device| device != sender_device).collect();
        if *devices != active {
            refused.add(ProblemCode::DevicesChanged, receiver);
        }
    }
    refused.check()?;
    Ok(standings.into())
}

/// The accounts for which a post is refused, by the reason.
#[derive(Debug, Default)]
struct Refused(Vec<(ProblemCode, Address)>);

impl Refused {
    /// What cannot be mended goes first: those accounts are left out. An answer says one reason; the next try tells the
    /// next.
    const ORDER: [ProblemCode; 3] =
        [ProblemCode::AccountDeleted, ProblemCode::NotAContact, ProblemCode::DevicesChanged];

    fn add(&mut self, code: ProblemCode, account: &Address) {
        self.0.push((code, account.clone()));
    }

    fn check(self) -> Result<(), Error> {
        let Some(said) = Self::ORDER.into_iter().find(|said| self.0.iter().any(|(code, _)| code == said)) else {
            return Ok(());
        };
        let accounts = self.0.into_iter().filter(|(code, _)| *code == said).map(|(_, account)| account);
        Err(Error::RefusedFor(said, accounts.collect()))
    }
}

/// What the mailboxes refused, with the accounts whose mailboxes they are.
fn refusal(error: EnqueueError, envelopes: &[Envelope]) -> Error {
    let (code, mailboxes) = match error {
        EnqueueError::Full(mailboxes) => (ProblemCode::MailboxFull, mailboxes),
        EnqueueError::Unanswered(mailboxes) => (ProblemCode::Unanswered, mailboxes),
        EnqueueError::IdReused => return ProblemCode::IdReused.into(),
        EnqueueError::Unavailable(error) => return error.into(),
    };
    let concerned = envelopes.iter().filter(|envelope| mailboxes.contains(&envelope.receiver_device));
    let accounts: BTreeSet<&Address> = concerned.map(|envelope| &envelope.receiver_email).collect();
    Error::RefusedFor(code, accounts.into_iter().cloned().collect())
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
