//! The one thread that writes the embedded mailbox.
//!
//! Owns group commit: everything that waits is done in one transaction, and is answered after it is on the disk. Each
//! command checks before it writes, so that a refusal leaves nothing behind; a failure of the database undoes the whole
//! group, and everyone in it is told to try again.

use super::{
    contract::{AcknowledgeError, EnqueueError, Enqueued, Item, MailboxId, Unavailable},
    hub::Hub,
    recent::RecentEnvelopes,
    tables::{Change, Known, Tables},
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

/// An answer that waits for the commit.
type Held = Box<dyn FnOnce()>;

/// Runs until every sender is gone, and does all that was asked until then. The hub is held weakly: it does not outlive
/// the mailbox for us.
fn run(
    mut connection: Connection,
    limits: MailboxLimits,
    hub: &Weak<Hub>,
    recent: &RecentEnvelopes,
    mut commands: mpsc::Receiver<Command>,
) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    let mut known = Known::default();
    while commands.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        match commit(&mut connection, &limits, &mut known, &mut group) {
            Ok((answers, changes)) => publish(answers, changes, hub, recent),
            // The answers were dropped unsent: everyone in the group learns that the store did not do it. What memory
            // acknowledged in advance comes again with the next poll.
            Err(error) => {
                recent.forget_all();
                known = Known::default();
                log::error!("the mailbox database failed: {error}");
            }
        }
        group.clear();
    }
    // So that the next process need not replay the journal.
    if let Err(error) = commit(&mut connection, &limits, &mut known, &mut vec![Command::Settle]) {
        log::warn!("the mailbox closes with a journal: {error}");
    }
}

/// Updates memory, answers the commands, then wakes the waiters, which read that memory.
fn publish(answers: Vec<Held>, changes: Vec<Change>, hub: &Weak<Hub>, recent: &RecentEnvelopes) {
    let mut to_wake = Vec::new();
    for change in changes {
        match change {
            Change::Appended(mailbox, last_cursor, entry) => {
                recent.appended(mailbox, last_cursor, entry);
                to_wake.push(mailbox);
            }
            Change::Removed(mailbox, last_cursor, cursor) => recent.removed(mailbox, last_cursor, cursor),
            Change::Forgotten(mailbox) => recent.forget(mailbox),
            Change::Settled => recent.settled(),
        }
    }
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
) -> Result<(mpsc::Sender<Command>, JoinHandle<()>), Unavailable> {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let (hub, recent) = (Arc::downgrade(hub), Arc::clone(recent));
    let thread = std::thread::Builder::new()
        .name("mailbox-writer".to_owned())
        .spawn(move || run(connection, limits, &hub, &recent, receiver))
        .map_err(Unavailable::new)?;
    Ok((sender, thread))
}
