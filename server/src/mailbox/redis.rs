//! The mailbox in Redis: for several servers, or for one that is moved without its disk.
//!
//! Owns the scripts that enqueue, acknowledge and drop, and what is said to the other processes. A wake-up that gets lost is made
//! good by reading again after every (re)subscribe and on a slow timer.
//!
//! Redis must be told to lose nothing: `appendonly yes`, `appendfsync always`, `maxmemory-policy noeviction`.
//!
//! One primary, not a cluster: an enqueue to several devices is one script over the keys of several mailboxes, which is
//! what makes it all or none; a cluster refuses keys of several slots. The keys carry hash tags, so that everything about
//! one mailbox lies in one slot on the day when "all or none" is reached in another way.

use super::{
    contract::{
        AcknowledgeError, Arrived, Depth, EnqueueError, Enqueued, Item, Kind, Mailbox, MailboxId, Offer, Standing,
        Stored, Tally, Unavailable,
    },
    hub::{Hub, Reading},
    redis_connection::{self, RedisConnection},
    redis_depth,
    redis_expiry::Expiry,
    redis_keys::{BY_EXPIRY, envelopes_key, memory_key, shares_key, state_key, strangers_key},
    tallies::Tallies,
    wake::{self, CHANNEL, Process, WakeMessage},
};
use crate::{clock::Clock, config::MailboxLimits};
use cliquet_wire::limits::POLL_DELIVERIES_MAX;
use redis::{Cmd, Script, streams::StreamRangeReply};
use std::{fmt, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::AbortHandle, time::Instant};

/// How often a waiting poll reads again although nothing woke it.
const RECHECK: Duration = Duration::from_secs(10);
/// Posts of ephemeral envelopes that are on their way to Redis at a time; more are dropped.
const OFFERING_MAX: usize = 256;

pub struct RedisMailbox {
    hub: Arc<Hub>,
    connection: RedisConnection,
    expiry: Expiry,
    tallies: Arc<Tallies>,
    enqueue: Script,
    acknowledge: Script,
    drop_sender: Script,
    depth: Script,
    limits: MailboxLimits,
    clock: Clock,
    listening: AbortHandle,
    expiring: AbortHandle,
    process: Process,
    /// Bounds what waits for a Redis that is slow.
    offering: Arc<Semaphore>,
}

/// What the enqueue script does not say.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the store answered in a way that the script does not")]
struct Unexpected;

impl RedisMailbox {
    /// Does not need Redis to be there yet: until it is, everything is `Unavailable`. Needs tokio.
    pub fn open(url: &str, limits: MailboxLimits, clock: Clock) -> Result<Self, Unavailable> {
        let client = redis_connection::client(url)?;
        let connection = RedisConnection::to(client.clone())?;
        let hub = Arc::new(Hub::default());
        let process = Process(getrandom::u64().map_err(Unavailable::new)?);
        let listening = tokio::spawn(wake::listen(client, Arc::downgrade(&hub), process)).abort_handle();
        let enqueue = Script::new(include_str!("enqueue.lua"));
        let acknowledge = Script::new(include_str!("acknowledge.lua"));
        let drop_sender = Script::new(include_str!("drop_sender.lua"));
        let depth = Script::new(include_str!("depth.lua"));
        let offering = Arc::new(Semaphore::new(OFFERING_MAX));
        let tallies = Arc::new(Tallies::default());
        let expiry = Expiry::new(connection.clone(), limits, clock.clone(), Arc::clone(&tallies));
        let expiring = tokio::spawn(expiry.clone().at_intervals()).abort_handle();
        Ok(Self {
            hub,
            connection,
            expiry,
            tallies,
            expiring,
            enqueue,
            acknowledge,
            drop_sender,
            depth,
            limits,
            clock,
            listening,
            process,
            offering,
        })
    }

    async fn read(&self, mailbox: MailboxId, after: u64) -> Result<Vec<Stored>, Unavailable> {
        let living_ms = self.limits.oldest_living_ms(self.clock.now_ms());
        let mut start = after;
        loop {
            let page = self.page(mailbox, start).await?;
            let Some(last) = page.last().map(|(entry, _)| entry.cursor) else { return Ok(Vec::new()) };
            let living: Vec<Stored> =
                page.into_iter().filter(|(_, accepted)| *accepted >= living_ms).map(|(stored, _)| stored).collect();
            // A page past its life hides what came after it.
            if !living.is_empty() {
                return Ok(living);
            }
            start = last;
        }
    }

    /// Removes a piece of what is past its life, without waiting for the minute.
    pub async fn expire(&self) -> Result<(), Unavailable> {
        self.expiry.all().await
    }

    async fn try_enqueue(&self, items: &[Item]) -> Result<Enqueued, EnqueueError> {
        let mut call = self.enqueue.prepare_invoke();
        call.arg(self.clock.now_ms())
            .arg(self.limits.life_seconds.saturating_mul(1_000))
            .arg(self.limits.envelopes_max)
            .arg(self.limits.bytes_max);
        let (share_envelopes, share_bytes) = self.limits.share();
        call.arg(share_envelopes).arg(share_bytes).arg(self.limits.stranger_envelopes);
        for item in items {
            call.key(state_key(item.mailbox)).key(envelopes_key(item.mailbox)).key(memory_key(item));
            call.key(shares_key(item.mailbox)).key(strangers_key(item.mailbox));
            call.arg(item.mailbox.to_string()).arg(hex(&item.digest)).arg(item.accepted_ms).arg(&*item.json);
            call.arg(item.id.to_string()).arg(item.sender.to_string()).arg(item.account).arg(match item.standing {
                Standing::Own => "own",
                Standing::Accepted => "accepted",
                Standing::Bearer => "bearer",
                Standing::Stranger => "stranger",
            });
        }
        call.key(BY_EXPIRY);
        let said: Vec<String> = self.connection.call(&call).await?;
        match said.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["accepted", accepted_ms, fresh] => {
                self.tallies.accepted(fresh.parse().map_err(|_| Unavailable::new(Unexpected))?);
                let accepted_ms = accepted_ms.parse().map_err(|_| Unavailable::new(Unexpected))?;
                // This process's waiters need no detour; the others hear it from Redis.
                items.iter().for_each(|item| self.hub.wake(item.mailbox));
                Ok(Enqueued { accepted_ms })
            }
            ["full", devices @ ..] => Err(EnqueueError::Full(mailboxes(devices)?)),
            ["unanswered", devices @ ..] => Err(EnqueueError::Unanswered(mailboxes(devices)?)),
            ["id-reused"] => Err(EnqueueError::IdReused),
            _ => Err(Unavailable::new(Unexpected).into()),
        }
    }

    /// Entries past the cursor, with their times of acceptance.
    async fn page(&self, mailbox: MailboxId, after: u64) -> Result<Vec<(Stored, u64)>, Unavailable> {
        let mut command = redis::cmd("XRANGE");
        command.arg(envelopes_key(mailbox)).arg(format!("({after}-0")).arg("+").arg("COUNT").arg(POLL_DELIVERIES_MAX);
        let reply: StreamRangeReply = self.connection.query(&command).await?;
        reply
            .ids
            .into_iter()
            .map(|entry| {
                let cursor = entry.id.split('-').next().and_then(|text| text.parse().ok());
                let accepted_ms = entry.get::<u64>("accepted_ms");
                let envelope = entry.get::<String>("envelope").map(|json| (Kind::Envelope, json));
                let found = envelope.or_else(|| Some((Kind::Expired, entry.get::<String>("notice")?)));
                match (cursor, accepted_ms, found) {
                    (Some(cursor), Some(accepted_ms), Some((kind, json))) => {
                        Ok((Stored { cursor, kind, json: json.into() }, accepted_ms))
                    }
                    _ => Err(Unavailable::new(Unexpected)),
                }
            })
            .collect()
    }
}

/// The mailboxes that the script names.
fn mailboxes(devices: &[&str]) -> Result<Vec<MailboxId>, Unavailable> {
    devices.iter().map(|device| device.parse().map_err(|_| Unavailable::new(Unexpected))).collect()
}

fn publish(message: &WakeMessage) -> Cmd {
    let mut command = redis::cmd("PUBLISH");
    command.arg(CHANNEL).arg(message.write());
    command
}

fn hex(digest: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*digest))
}

impl Mailbox for RedisMailbox {
    async fn enqueue(&self, items: Vec<Item>) -> Result<Enqueued, EnqueueError> {
        loop {
            match self.try_enqueue(&items).await {
                // Perhaps only with what is past its life; that makes room piece by piece.
                Err(EnqueueError::Full(mailboxes)) => {
                    let mut made_room = 0;
                    for mailbox in &mailboxes {
                        made_room += self.expiry.mailbox(*mailbox).await?;
                    }
                    if made_room == 0 {
                        return Err(EnqueueError::Full(mailboxes));
                    }
                }
                done => return done,
            }
        }
    }

    async fn wait(&self, mailbox: MailboxId, after: u64, deadline: Instant) -> Result<Arrived, Unavailable> {
        let read = |reading: Reading| async move {
            let found = self.read(mailbox, after).await?;
            // A wait that found nothing is announced to the other processes. If that gets lost, the older wait stays until its deadline: both are
            // given the same, and nothing is removed.
            if reading.is_first && found.is_empty() && Instant::now() < deadline {
                let _: Result<u64, _> =
                    self.connection.query(&publish(&WakeMessage::Waits(mailbox, self.process, reading.waiter))).await;
            }
            Ok(found)
        };
        self.hub.wait(mailbox, deadline, Some(RECHECK), read).await
    }

    /// Goes through Redis to every process, this one too. Each looks for a waiter. `PUBLISH` keeps nothing, on the disk or
    /// elsewhere.
    async fn is_empty(&self, mailbox: MailboxId) -> Result<bool, Unavailable> {
        Ok(self.read(mailbox, 0).await?.is_empty())
    }

    fn offer(&self, offers: Vec<Offer>) {
        let Ok(permit) = Arc::clone(&self.offering).try_acquire_owned() else { return };
        let connection = self.connection.clone();
        tokio::spawn(async move {
            for offer in offers {
                // Redis does not answer: what is ephemeral is dropped.
                let _: Result<u64, _> = connection.query(&publish(&WakeMessage::Offer(offer))).await;
            }
            drop(permit);
        });
    }

    async fn acknowledge(&self, mailbox: MailboxId, cursor: u64) -> Result<(), AcknowledgeError> {
        if cursor == 0 {
            return Ok(());
        }
        let mut call = self.acknowledge.prepare_invoke();
        call.key(state_key(mailbox)).key(envelopes_key(mailbox)).key(shares_key(mailbox)).arg(cursor);
        match self.connection.call(&call).await? {
            Some(envelopes) => {
                self.tallies.delivered(envelopes);
                Ok(())
            }
            None => Err(AcknowledgeError::UnknownCursor),
        }
    }

    async fn drop_sender(&self, mailbox: MailboxId, account: i64) -> Result<(), Unavailable> {
        let mut call = self.drop_sender.prepare_invoke();
        call.key(state_key(mailbox)).key(envelopes_key(mailbox)).key(shares_key(mailbox)).arg(account);
        let _: String = self.connection.call(&call).await?;
        Ok(())
    }

    /// The memory of its ids expires by itself; a device's id is never given to another.
    async fn delete(&self, mailbox: MailboxId) -> Result<(), Unavailable> {
        let mut command = redis::cmd("DEL");
        command.arg(state_key(mailbox)).arg(envelopes_key(mailbox));
        command.arg(shares_key(mailbox)).arg(strangers_key(mailbox));
        let _: u64 = self.connection.query(&command).await?;
        self.end_wait(mailbox);
        Ok(())
    }

    /// Here at once, elsewhere as soon as they hear of it.
    fn end_wait(&self, mailbox: MailboxId) {
        self.hub.end(mailbox);
        let connection = self.connection.clone();
        tokio::spawn(async move {
            if connection.query::<u64>(&publish(&WakeMessage::End(mailbox))).await.is_err() {
                tracing::warn!("a poll that another server may hold for a sign-in that ended ends at its deadline");
            }
        });
    }

    async fn check(&self) -> Result<(), Unavailable> {
        let _: String = self.connection.query(&redis::cmd("PING")).await?;
        Ok(())
    }

    fn held(&self) -> usize {
        self.hub.waiting()
    }

    fn tally(&self) -> Tally {
        self.tallies.read()
    }

    async fn depth(&self) -> Result<Depth, Unavailable> {
        redis_depth::of_all(&self.connection, &self.depth).await
    }
}

impl Drop for RedisMailbox {
    fn drop(&mut self) {
        self.listening.abort();
        self.expiring.abort();
    }
}

impl fmt::Debug for RedisMailbox {
    /// The address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisMailbox").field("limits", &self.limits).finish_non_exhaustive()
    }
}
