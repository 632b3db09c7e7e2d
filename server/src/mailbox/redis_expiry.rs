//! The end of life in the Redis mailbox: what nobody fetched is removed and its sender told, by whichever server comes
//! first.
//!
//! Owns the order in which mailboxes are looked at: by the time at which their oldest envelope ends.

use super::{
    contract::{MailboxId, Unavailable, expiry_notice},
    redis_connection::RedisConnection,
    redis_keys::{BY_EXPIRY, envelopes_key, shares_key, state_key},
    tallies::Tallies,
};
use crate::{clock::Clock, config::MailboxLimits};
use cliquet_wire::ids::EnvelopeId;
use redis::{Script, streams::StreamRangeReply};
use std::{sync::Arc, time::Duration};

/// How often it is looked for. It lives for weeks; a minute more does not matter.
const INTERVAL: Duration = Duration::from_secs(60);
/// Mailboxes at a time, and envelopes of each: posts never wait long behind it.
const MAILBOXES_AT_ONCE: usize = 100;
const ENVELOPES_AT_ONCE: usize = 100;

#[derive(Clone)]
pub(super) struct Expiry {
    connection: RedisConnection,
    script: Arc<Script>,
    limits: MailboxLimits,
    clock: Clock,
    tallies: Arc<Tallies>,
}

impl Expiry {
    pub(super) fn new(connection: RedisConnection, limits: MailboxLimits, clock: Clock, tallies: Arc<Tallies>) -> Self {
        Self { connection, script: Arc::new(Script::new(include_str!("expire.lua"))), limits, clock, tallies }
    }

    fn life_ms(&self) -> u64 {
        self.limits.life_seconds.saturating_mul(1_000)
    }

    /// Until it is aborted.
    pub(super) async fn at_intervals(self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if let Err(error) = self.all().await {
                tracing::warn!(cause = %error, "what is past its life stays for a minute more");
            }
        }
    }

    /// Whatever is due now, a bounded piece of it.
    pub(super) async fn all(&self) -> Result<(), Unavailable> {
        let mut due = redis::cmd("ZRANGEBYSCORE");
        due.arg(BY_EXPIRY)
            .arg("-inf")
            .arg(format!("({}", self.clock.now_ms()))
            .arg("LIMIT")
            .arg(0)
            .arg(MAILBOXES_AT_ONCE);
        let due: Vec<String> = self.connection.query(&due).await?;
        for mailbox in due.iter().filter_map(|text| text.parse().ok()) {
            self.mailbox(mailbox).await?;
        }
        Ok(())
    }

    /// A bounded piece of what is due in one mailbox, from its old end. Tells how many it was.
    pub(super) async fn mailbox(&self, mailbox: MailboxId) -> Result<usize, Unavailable> {
        let oldest_ms = self.clock.now_ms().saturating_sub(self.life_ms());
        let mut command = redis::cmd("XRANGE");
        command.arg(envelopes_key(mailbox)).arg("-").arg("+").arg("COUNT").arg(ENVELOPES_AT_ONCE);
        let page: StreamRangeReply = self.connection.query(&command).await?;
        let mut call = self.script.prepare_invoke();
        call.key(state_key(mailbox)).key(envelopes_key(mailbox)).key(BY_EXPIRY).key(shares_key(mailbox));
        call.arg(mailbox.to_string()).arg(self.clock.now_ms()).arg(self.life_ms());
        call.arg(self.limits.envelopes_max).arg(self.limits.bytes_max);
        let mut due = 0;
        for entry in page.ids {
            if entry.get::<u64>("accepted_ms").is_none_or(|accepted| accepted >= oldest_ms) {
                continue;
            }
            due += 1;
            let id = entry.get::<String>("id").and_then(|text| text.parse::<EnvelopeId>().ok());
            let sender = entry.get::<String>("sender").and_then(|text| text.parse::<MailboxId>().ok());
            match (id, sender) {
                (Some(id), Some(sender)) => {
                    call.key(state_key(sender)).key(envelopes_key(sender));
                    call.arg(entry.id).arg(sender.to_string()).arg(&*expiry_notice(id));
                }
                _ => {
                    call.key(state_key(mailbox)).key(envelopes_key(mailbox));
                    call.arg(entry.id).arg("").arg("");
                }
            }
        }
        let expired: u64 = self.connection.call(&call).await?;
        self.tallies.expired(expired);
        Ok(due)
    }
}
