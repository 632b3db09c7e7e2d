//! What a mailbox promises: enqueue, wait, acknowledge.
//!
//! Owns the contract that both back ends keep, and what goes in and out. Knows nothing of HTTP, of accounts, or of what an
//! envelope says: to a mailbox it is a text with an id.

use crate::pool::PoolError;
use cliquet_wire::ids::{DeviceId, EnvelopeId};
use std::{future::Future, sync::Arc};
use tokio::time::Instant;

/// Every device has one mailbox, named like it.
pub type MailboxId = DeviceId;

/// Why a store does not answer. Logged, never shown.
type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// One envelope on its way into one mailbox.
#[derive(Clone, Debug)]
pub struct Item {
    pub mailbox: MailboxId,
    /// Who is told when nobody fetches it.
    pub sender: MailboxId,
    /// Whose device that is.
    pub account: i64,
    pub standing: Standing,
    pub id: EnvelopeId,
    /// SHA-256 of what the sender posted, cut to 16 bytes: tells a retry from an id used twice. `json` cannot, because
    /// it holds the time of acceptance. A second preimage is of no use to anyone: the sender made both.
    pub digest: [u8; 16],
    /// Milliseconds since 1970.
    pub accepted_ms: u64,
    /// What a poll hands out, exactly.
    pub json: Arc<str>,
}

/// What a sender may use of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A device of the same account: all of it.
    Own,
    /// The receiver has added the sender: [`MailboxLimits::sender_percent`] of it.
    ///
    /// [`MailboxLimits::sender_percent`]: crate::config::MailboxLimits::sender_percent
    Accepted,
    /// The sender showed the receiver's delivery token: as much as [`Standing::Accepted`]. It was written to the receiver as
    /// to a member of a group, and stays when a request of the sender is declined.
    Bearer,
    /// The receiver has not answered: [`MailboxLimits::stranger_envelopes`] in all, fetched or not.
    ///
    /// [`MailboxLimits::stranger_envelopes`]: crate::config::MailboxLimits::stranger_envelopes
    Stranger,
}

/// What lies in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub cursor: u64,
    pub kind: Kind,
    pub json: Arc<str>,
}

/// What a wait ends with. Nothing of either: the deadline passed, or the wait was ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// Past the cursor, in their order.
    pub stored: Vec<Stored>,
    /// Ephemeral envelopes that were offered while the wait was held, as JSON. They are gone from the server.
    pub ephemeral: Vec<Arc<str>>,
}

impl Arrived {
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty() && self.ephemeral.is_empty()
    }
}

/// One ephemeral envelope for the wait that is held on a mailbox now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub mailbox: MailboxId,
    /// What a poll hands out, exactly. Without spaces.
    pub json: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Envelope,
    /// The word that an envelope which this mailbox's device sent was fetched by nobody: its id, as JSON.
    Expired,
}

/// The text of a [`Kind::Expired`]. An id needs no escapes.
pub(super) fn expiry_notice(id: EnvelopeId) -> Arc<str> {
    format!("\"{id}\"").into()
}

/// What an enqueue did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// When the oldest of the items was first accepted: for a retry, the time that its first answer said.
    pub accepted_ms: u64,
}

/// What a store did since it was opened, in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Envelopes stored. A retry is none.
    pub accepted: u64,
    /// Envelopes acknowledged by the devices that they were for.
    pub delivered: u64,
    /// Envelopes removed for their age.
    pub expired: u64,
}

/// What lies in all mailboxes: envelopes, and notices of expired ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    pub envelopes: u64,
    pub bytes: u64,
    /// When the oldest of them was accepted, in milliseconds since 1970.
    pub oldest_ms: Option<u64>,
}

/// Why nothing was enqueued.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// These mailboxes, all of them that are named, have no room, or none for this sender. Tell the sender; try again when
    /// the devices were there.
    #[error("a mailbox is full")]
    Full(Vec<MailboxId>),
    /// The sender has used up what these mailboxes take from somebody whom their owners have not added.
    #[error("the receiver has not answered")]
    Unanswered(Vec<MailboxId>),
    /// The id belongs to another envelope of that mailbox. The sender's fault.
    #[error("an id was used for another envelope")]
    IdReused,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why nothing was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AcknowledgeError {
    /// The cursor is past all that the mailbox gave out: it is another mailbox's, or this one was restored from a copy.
    /// The device starts again from zero, and knows by their ids what it already has.
    #[error("the mailbox never gave out this cursor")]
    UnknownCursor,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The store does not answer. Try again with the same arguments: whatever it did before it fell silent is harmless.
#[derive(Debug, thiserror::Error)]
#[error("the mailbox store does not answer")]
pub struct Unavailable(#[source] pub Source);

impl Unavailable {
    pub(super) fn new(source: impl Into<Source>) -> Self {
        Self(source.into())
    }
}

impl From<PoolError> for Unavailable {
    fn from(error: PoolError) -> Self {
        Self::new(error)
    }
}

/// The contract. `server/tests/mailbox.rs` holds every back end to it.
///
/// - **Durable.** When `enqueue` returns, the items survive the end of the process and of the machine.
/// - **All or none.** The items of one `enqueue` are in their mailboxes together or not at all.
/// - **Idempotent.** An item whose (mailbox, id) was enqueued before, with the same digest, is accepted again and not
///   stored again, also when it was delivered and acknowledged since. Ids are remembered for as long as envelopes live,
///   so that an envelope in a mailbox is never doubled; a retry after that time is a new envelope.
/// - **In order.** Cursors grow in the order of acceptance, start above zero, and are never used again, also when the
///   mailbox is empty or its store was lost: a cursor is at least the time of acceptance in milliseconds. Gaps mean
///   nothing.
/// - **Kept.** `wait` only reads. Nothing but `acknowledge`, `drop_sender`, `delete` and age removes, so that an answer that was lost
///   on its way, or a caller that stopped waiting, costs nothing.
/// - **Awake.** An enqueue that returned before or during a wait ends it at once. A wait that finds nothing returns
///   empty at its deadline, not an error.
/// - **One at a time.** A newer wait on a mailbox ends the older one, which returns empty.
/// - **Separate.** Nothing done to one mailbox shows in another.
/// - **Aged by its cursor.** A server whose clock was behind gives what it took meanwhile no shorter life, if the mailbox had
///   been in use before; one that was ahead gives it a longer one.
/// - **Bounded.** Envelopes and bytes have limits; what would pass one is refused and what is there is kept. Neither is
///   counted by a scan. No sender but the receiver's own devices uses more than a share of a mailbox. Envelopes past
///   their life are not handed out and take no room.
/// - **Told.** When an envelope is removed for its age, a notice is put into its sender's mailbox with the same step, and
///   lives there like an envelope; unless that mailbox is full. Nobody is told of the end of a notice, nor of what went with
///   a deleted mailbox.
/// - **Ephemeral.** What is offered goes to the wait that is held on the mailbox at that moment, in whichever process, or
///   nowhere. It is never stored and moves no cursor, and nobody learns whether somebody waited.
pub trait Mailbox: Send + Sync + 'static {
    /// Stores all items, or none.
    fn enqueue(&self, items: Vec<Item>) -> impl Future<Output = Result<Enqueued, EnqueueError>> + Send;

    /// The oldest envelopes past the cursor, at most `limits::POLL_DELIVERIES_MAX`, and what was offered meanwhile; waits
    /// for one of them until the deadline.
    fn wait(
        &self,
        mailbox: MailboxId,
        after: u64,
        deadline: Instant,
    ) -> impl Future<Output = Result<Arrived, Unavailable>> + Send;

    /// Whether everything that came was acknowledged.
    fn is_empty(&self, mailbox: MailboxId) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Hands ephemeral envelopes to the waits that are held now. Returns before it looks for them, so that neither the
    /// result nor the time it takes tells whether there is one. Needs tokio.
    fn offer(&self, offers: Vec<Offer>);

    /// Removes all envelopes up to and including the cursor. Doing it again changes nothing. Zero removes nothing.
    fn acknowledge(&self, mailbox: MailboxId, cursor: u64)
    -> impl Future<Output = Result<(), AcknowledgeError>> + Send;

    /// Removes what this account sent and is not acknowledged, but for what it sent as [`Standing::Bearer`]: its request was
    /// declined. Nobody is told.
    fn drop_sender(&self, mailbox: MailboxId, account: i64) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Forgets the mailbox and ends its wait: its device was revoked.
    fn delete(&self, mailbox: MailboxId) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Ends the wait on a mailbox, which returns empty: its sign-in ended.
    fn end_wait(&self, mailbox: MailboxId);

    /// Whether the store answers.
    fn check(&self) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// How many waits this process holds.
    fn held(&self) -> usize;

    /// What this process did.
    fn tally(&self) -> Tally;

    /// What lies in all mailboxes, of every process; what came or went within the last second may be missing. Looks at
    /// every mailbox: for figures, and not for requests.
    fn depth(&self) -> impl Future<Output = Result<Depth, Unavailable>> + Send;
}
