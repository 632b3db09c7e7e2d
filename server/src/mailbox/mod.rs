//! Mailboxes: what was accepted for a device waits here until the device has it.

mod contract;
mod expiry;
mod hub;
mod journal;
mod mailboxes;
mod pending;
mod recent;
mod redis;
mod redis_connection;
mod redis_depth;
mod redis_expiry;
mod redis_keys;
mod rows;
mod schema;
mod shares;
mod sqlite;
mod sweep;
mod tables;
mod tallies;
mod wake;
mod writer;

pub use self::{
    contract::{
        AcknowledgeError, Arrived, Depth, EnqueueError, Enqueued, Item, Kind, Mailbox, MailboxId, Offer, Standing,
        Stored, Tally, Unavailable,
    },
    mailboxes::{Mailboxes, OpenError},
    recent::{RECENT_LIMITS, RecentLimits},
    redis::RedisMailbox,
    sqlite::SqliteMailbox,
};
pub(crate) use self::{
    journal::replay,
    schema::{FILE_NAME, MIGRATIONS, SCHEMA, lift},
};
