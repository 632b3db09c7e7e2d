//! The mailboxes of this server, in whichever back end the settings name.

use super::{
    contract::{
        AcknowledgeError, Arrived, Depth, EnqueueError, Enqueued, Item, Mailbox, MailboxId, Offer, Tally, Unavailable,
    },
    redis::RedisMailbox,
    sqlite::SqliteMailbox,
};
use crate::{clock::Clock, config::Config};
use std::sync::Arc;
use tokio::time::Instant;

/// The back end that the settings chose. Clones share it.
#[derive(Clone, Debug)]
pub enum Mailboxes {
    Sqlite(Arc<SqliteMailbox>),
    Redis(Arc<RedisMailbox>),
}

/// Why there is no mailbox to open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the setting `mailbox` is `sqlite` or `redis://…`")]
    UnknownKind,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Mailboxes {
    /// What the setting `mailbox` names. Needs tokio.
    pub fn open(config: &Config, clock: Clock) -> Result<Self, OpenError> {
        let limits = config.mailbox_limits;
        match config.mailbox.as_str() {
            "sqlite" => Ok(Self::Sqlite(Arc::new(SqliteMailbox::open(&config.data_dir(), limits, clock)?))),
            url if url.starts_with("redis://") || url.starts_with("redis+unix://") => {
                Ok(Self::Redis(Arc::new(RedisMailbox::open(url, limits, clock)?)))
            }
            _ => Err(OpenError::UnknownKind),
        }
    }
}

/// The same call on whichever it is.
macro_rules! either {
    ($self:ident, $mailbox:ident => $call:expr) => {
        match $self {
            Mailboxes::Sqlite($mailbox) => $call,
            Mailboxes::Redis($mailbox) => $call,
        }
    };
}

impl Mailbox for Mailboxes {
    async fn enqueue(&self, items: Vec<Item>) -> Result<Enqueued, EnqueueError> {
        either!(self, mailbox => mailbox.enqueue(items).await)
    }

    async fn wait(&self, mailbox: MailboxId, after: u64, deadline: Instant) -> Result<Arrived, Unavailable> {
        either!(self, store => store.wait(mailbox, after, deadline).await)
    }

    async fn is_empty(&self, mailbox: MailboxId) -> Result<bool, Unavailable> {
        either!(self, store => store.is_empty(mailbox).await)
    }

    fn offer(&self, offers: Vec<Offer>) {
        either!(self, store => store.offer(offers));
    }

    async fn acknowledge(&self, mailbox: MailboxId, cursor: u64) -> Result<(), AcknowledgeError> {
        either!(self, store => store.acknowledge(mailbox, cursor).await)
    }

    async fn drop_sender(&self, mailbox: MailboxId, account: i64) -> Result<(), Unavailable> {
        either!(self, store => store.drop_sender(mailbox, account).await)
    }

    async fn delete(&self, mailbox: MailboxId) -> Result<(), Unavailable> {
        either!(self, store => store.delete(mailbox).await)
    }

    fn end_wait(&self, mailbox: MailboxId) {
        either!(self, store => store.end_wait(mailbox));
    }

    async fn check(&self) -> Result<(), Unavailable> {
        either!(self, store => store.check().await)
    }

    fn held(&self) -> usize {
        either!(self, store => store.held())
    }

    fn tally(&self) -> Tally {
        either!(self, store => store.tally())
    }

    async fn depth(&self) -> Result<Depth, Unavailable> {
        either!(self, store => store.depth().await)
    }
}
