//! The one thread that writes the embedded mailbox.
//!
//! Owns group commit: everything that waits is done in one transaction, and is answered after it is on the disk. Each
//! command checks before it writes, so that a refusal leaves nothing behind; a failure of the database undoes the whole
//! group, and everyone in it is told to try again.

use super::{
    contract::{AcknowledgeError, EnqueueError, Enqueued, Item, Kind, MailboxId, Unavailable},
    hub::Hub,
    recent::RecentEnvelopes,
    tables::{Change, Known, Tables},
    tallies::Tallies,
};
use crate::config::MailboxLimits;
use rusqlite::{Connection, TransactionBehavior};
use std::{
    sync::{Arc, Weak},
    thread::JoinHandle,
};
use tokio::sync::{mpsc, oneshot};

/// Commands that wait for the writer. When there are more, posts wait at the door, and not in memory.
pub(super) const WAITING_MAX: usize = 1_024;
/// Commands in one transaction: by then the cost of the disk is spread thin, and the first of them has waited enough.
const GROUP_MAX: usize = 256;
/// Bytes of envelopes in one transaction, and one post more: some tens of milliseconds of the disk. A group of nothing but
/// posts of the largest size would take so long that everybody in it was told that the store is silent.
const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What the writer is asked. Each is answered through its channel, or not at all when the group failed.
#[derive(Debug)]
pub(super) enum Command {
    Enqueue {
        items: Vec<Item>,
        now_ms: u64,
        answer: oneshot::Sender<Result<Enqueued, EnqueueError>>,
    },
    /// Without an answer when memory gave it already.
    Acknowledge {
        mailbox: MailboxId,
        cursor: u64,
        answer: Option<oneshot::Sender<Result<(), AcknowledgeError>>>,
    },
    DropSender {
        mailbox: MailboxId,
        account: i64,
        answer: oneshot::Sender<Result<(), Unavailable>>,
    },
    Delete {
        mailbox: MailboxId,
        answer: oneshot::Sender<Result<(), Unavailable>>,
    },
    /// A piece of what is past its life. The answer: whether there is more to do.
    Expire {
        now_ms: u64,
        answer: oneshot::Sender<bool>,
    },
    /// Brings the tables up to the journal.
    Settle,
}

impl Command {
    /// Of the envelopes that it brings.
    fn bytes(&self) -> usize {
        match self {
            Self::Enqueue { items, .. } => items.iter().map(|item| item.json.len()).sum(),
            _ => 0,
        }
    }
}

/// An answer that waits for the commit.
type Held = Box<dyn FnOnce()>;

/// Runs until every sender is gone, and does all that was asked until then. The hub is held weakly: it does not outlive
/// the mailbox for us.
fn run(
    mut connection: Connection,
    limits: MailboxLimits,
    hub: &Weak<Hub>,
    recent: &RecentEnvelopes,
    tallies: &Tallies,
    mut commands: mpsc::Receiver<Command>,
) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    let mut known = Known::default();
    while next_group(&mut commands, &mut group) {
        match commit(&mut connection, &limits, &mut known, &mut group) {
            Ok((answers, changes)) => publish(answers, changes, hub, recent, tallies),
            // The answers were dropped unsent: everyone in the group learns that the store did not do it. What memory
            // acknowledged in advance comes again with the next poll.
            Err(error) => {
                recent.forget_all();
                known = Known::default();
                tracing::error!(cause = %error, "the mailbox database failed");
            }
        }
        group.clear();
    }
    // So that the next process need not replay the journal.
    if let Err(error) = commit(&mut connection, &limits, &mut known, &mut vec![Command::Settle]) {
        tracing::warn!(cause = %error, "the mailbox closes with a journal");
    }
}

/// Waits for a command and takes what waits behind it, as far as a group goes. False: every sender is gone.
fn next_group(commands: &mut mpsc::Receiver<Command>, group: &mut Vec<Command>) -> bool {
    let Some(first) = commands.blocking_recv() else { return false };
    let mut bytes = first.bytes();
    group.push(first);
    while group.len() < GROUP_MAX
        && bytes < GROUP_BYTES_MAX
        && let Ok(next) = commands.try_recv()
    {
        bytes += next.bytes();
        group.push(next);
    }
    true
}

/// Updates memory, answers the commands, then wakes the waiters, which read that memory.
fn publish(answers: Vec<Held>, changes: Vec<Change>, hub: &Weak<Hub>, recent: &RecentEnvelopes, tallies: &Tallies) {
    let mut to_wake = Vec::new();
    let mut accepted = 0;
    for change in changes {
        match change {
            Change::Appended(mailbox, last_cursor, entry) => {
                accepted += u64::from(entry.kind == Kind::Envelope);
                recent.appended(mailbox, last_cursor, entry);
                to_wake.push(mailbox);
            }
            Change::Removed(mailbox, last_cursor, cursor) => recent.removed(mailbox, last_cursor, cursor),
            Change::Forgotten(mailbox) => recent.forget(mailbox),
            Change::Settled => recent.settled(),
            Change::Delivered(envelopes) => tallies.delivered(envelopes),
            Change::Expired(envelopes) => tallies.expired(envelopes),
        }
    }
    tallies.accepted(accepted);
    answers.into_iter().for_each(|answer| answer());
    if let Some(hub) = hub.upgrade() {
        to_wake.into_iter().for_each(|mailbox| hub.wake(mailbox));
    }
}

/// All commands in one transaction.
fn commit(
    connection: &mut Connection,
    limits: &MailboxLimits,
    known: &mut Known,
    group: &mut Vec<Command>,
) -> rusqlite::Result<(Vec<Held>, Vec<Change>)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut answers: Vec<Held> = Vec::with_capacity(group.len());
    let mut tables = Tables::open(&transaction, limits, known, group.len())?;
    for command in group.drain(..) {
        match command {
            Command::Enqueue { items, now_ms, answer } => {
                let result = tables.enqueue(&items, now_ms)?;
                answers.push(Box::new(move || drop(answer.send(result))));
            }
            Command::Acknowledge { mailbox, cursor, answer } => {
                let result = tables.acknowledge(mailbox, cursor)?;
                if let Some(answer) = answer {
                    answers.push(Box::new(move || drop(answer.send(result))));
                }
            }
            Command::DropSender { mailbox, account, answer } => {
                tables.drop_sender(mailbox, account)?;
                answers.push(Box::new(move || drop(answer.send(Ok(())))));
            }
            Command::Delete { mailbox, answer } => {
                tables.delete(mailbox)?;
                answers.push(Box::new(move || drop(answer.send(Ok(())))));
            }
            Command::Expire { now_ms, answer } => {
                let more = tables.expire(now_ms)?;
                answers.push(Box::new(move || {
                    let _ = answer.send(more);
                }));
            }
            Command::Settle => tables.settle_to_change()?,
        }
    }
    let changes = tables.finish()?;
    transaction.commit()?;
    Ok((answers, changes))
}

/// For the one who opens the mailbox: starts the thread.
pub(super) fn start(
    connection: Connection,
    limits: MailboxLimits,
    hub: &Arc<Hub>,
    recent: &Arc<RecentEnvelopes>,
    tallies: &Arc<Tallies>,
) -> Result<(mpsc::Sender<Command>, JoinHandle<()>), Unavailable> {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let (hub, recent, tallies) = (Arc::downgrade(hub), Arc::clone(recent), Arc::clone(tallies));
    let thread = std::thread::Builder::new()
        .name("mailbox-writer".to_owned())
        .spawn(move || run(connection, limits, &hub, &recent, &tallies, receiver))
        .map_err(Unavailable::new)?;
    Ok((sender, thread))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::Standing;
    use cliquet_wire::ids::EnvelopeId;

    fn post(bytes: usize) -> Command {
        let mailbox = MailboxId::from_random([1; 16]);
        let item = Item {
            mailbox,
            sender: mailbox,
            account: 1,
            standing: Standing::Own,
            id: EnvelopeId::from_parts(1, [1; 10]),
            digest: [0; 16],
            accepted_ms: 1,
            json: " ".repeat(bytes).into(),
        };
        Command::Enqueue { items: vec![item], now_ms: 1, answer: oneshot::channel().0 }
    }

    /// How many of these commands, which all wait, are in the first group, and how many in the next.
    fn groups(waiting: impl Iterator<Item = Command>) -> (usize, usize) {
        let (sender, mut commands) = mpsc::channel(WAITING_MAX);
        waiting.for_each(|command| sender.try_send(command).unwrap());
        drop(sender);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        assert!(next_group(&mut commands, &mut first));
        let goes_on = next_group(&mut commands, &mut second);
        assert_eq!(goes_on, !second.is_empty());
        (first.len(), second.len())
    }

    #[test]
    fn a_group_ends_with_so_many_commands_or_so_many_bytes() {
        let settle = |count| (0..count).map(|_| Command::Settle);
        assert_eq!(groups(settle(GROUP_MAX)), (GROUP_MAX, 0));
        assert_eq!(groups(settle(GROUP_MAX + 1)), (GROUP_MAX, 1));
        let half = GROUP_BYTES_MAX / 2;
        assert_eq!(groups([half, half - 1, 1, 1].map(post).into_iter()), (3, 1));
        assert_eq!(groups([half, half, 1].map(post).into_iter()), (2, 1));
        assert_eq!(groups([3 * GROUP_BYTES_MAX, 1].map(post).into_iter()), (1, 1), "one post is in one group");
    }
}
