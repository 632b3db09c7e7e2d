//! The mailbox in Redis: for several servers, or for one that is moved without its disk.
//!
//! Owns the keys, the scripts that enqueue and acknowledge, and the waking between processes. One multiplexed connection carries commands, one
//! pub/sub connection only wakes; a wake-up that gets lost is made good by reading again after every (re)subscribe and
//! on a slow timer.
//!
//! Keys: `cliquet:{device}:state` (hash: last cursor, bytes), `cliquet:{device}:envelopes` (stream: cursor →
//! `accepted_ms`, `envelope`, the JSON that a poll hands out, `id`, `sender`; or `accepted_ms`, `notice`),
//! `cliquet:{device}:id:<id>` (digest and time, expiring), and `cliquet:by-expiry`.
//!
//! Redis must be told to lose nothing: `appendonly yes`, `appendfsync always`, `maxmemory-policy noeviction`.
//!
//! One primary, not a cluster: an enqueue to several devices is one script over the keys of several mailboxes, which is
//! what makes it all or none; a cluster refuses keys of several slots. The keys carry hash tags, so that everything about
//! one mailbox lies in one slot on the day when "all or none" is reached in another way.

use super::{
    AcknowledgeError, EnqueueError, Enqueued, Item, Kind, Mailbox, MailboxId, Stored, Unavailable,
    hub::{Hub, Turn},
    redis_expiry::{BY_EXPIRY, Expiry},
    wake::{self, CHANNEL, Process, Word},
};
use crate::{clock::Clock, config::MailboxLimits};
use cliquet_wire::limits::POLL_DELIVERIES_MAX;
use redis::{
    Client, Cmd, FromRedisValue, IntoConnectionInfo, RedisResult, Script, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::TcpSettings,
    streams::StreamRangeReply,
};
use std::{fmt, future::Future, sync::Arc, time::Duration};
use tokio::{
    task::AbortHandle,
    time::{Instant, timeout},
};

/// A command is answered in well under a millisecond. Whoever waits for one is told within two seconds that it was not.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// A connection whose bytes nobody confirms for this long is given up, and made anew.
const UNCONFIRMED_MAX: Duration = Duration::from_secs(2);
/// How often a waiting poll reads again although nothing woke it.
const RECHECK: Duration = Duration::from_secs(10);

/// The one connection that carries commands; clones share it.
#[derive(Clone)]
pub(super) struct Asking(ConnectionManager);

impl Asking {
    /// Asks, and waits for the answer, but not long. Everything that is asked here may be asked twice, so a connection
    /// that turns out to be dead costs a second try on the new one, and no one hears of it.
    async fn ask<T, F>(&self, command: impl Fn(ConnectionManager) -> F + Send) -> Result<T, Unavailable>
    where
        T: FromRedisValue + Send,
        F: Future<Output = RedisResult<T>> + Send,
    {
        let asked = timeout(PATIENCE, async {
            match command(self.0.clone()).await {
                Err(error) if error.is_unrecoverable_error() => command(self.0.clone()).await,
                answer => answer,
            }
        });
        // Whatever Redis says instead of an answer (loading, read-only, out of memory) is a reason to come back.
        asked.await.map_err(Unavailable::new)?.map_err(Unavailable::new)
    }

    pub(super) async fn query<T: FromRedisValue + Send>(&self, command: &Cmd) -> Result<T, Unavailable> {
        self.ask(|mut connection| async move { command.query_async(&mut connection).await }).await
    }

    pub(super) async fn call<T: FromRedisValue + Send>(&self, script: &ScriptInvocation<'_>) -> Result<T, Unavailable> {
        self.ask(|mut connection| async move { script.invoke_async(&mut connection).await }).await
    }
}

pub struct RedisMailbox {
    hub: Arc<Hub>,
    asking: Asking,
    expiry: Expiry,
    enqueue: Script,
    acknowledge: Script,
    limits: MailboxLimits,
    clock: Clock,
    listening: AbortHandle,
    expiring: AbortHandle,
    process: Process,
}

/// What the enqueue script does not say.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the store answered in a way that the script does not")]
struct Unexpected;

impl RedisMailbox {
    /// Does not need Redis to be there yet: until it is, everything is `Unavailable`. Needs tokio.
    pub fn open(url: &str, limits: MailboxLimits, clock: Clock) -> Result<Self, Unavailable> {
        let info = url.into_connection_info().map_err(Unavailable::new)?;
        let client = Client::open(info.set_tcp_settings(TcpSettings::default().set_user_timeout(UNCONFIRMED_MAX)));
        let client = client.map_err(Unavailable::new)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(1)))
            .set_response_timeout(Some(PATIENCE))
            // One try: the next command tries again, and the one before it was told to come back.
            .set_number_of_retries(0)
            .set_pipeline_buffer_size(1_024);
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(Unavailable::new)?;
        let hub = Arc::new(Hub::default());
        let process = Process(getrandom::u64().map_err(Unavailable::new)?);
        let listening = tokio::spawn(wake::listen(client, Arc::downgrade(&hub), process)).abort_handle();
        let enqueue = Script::new(include_str!("enqueue.lua"));
        let acknowledge = Script::new(include_str!("acknowledge.lua"));
        let asking = Asking(connection);
        let expiry = Expiry::new(asking.clone(), limits, clock.clone());
        let expiring = tokio::spawn(expiry.clone().at_intervals()).abort_handle();
        Ok(Self { hub, asking, expiry, expiring, enqueue, acknowledge, limits, clock, listening, process })
    }

    async fn read(&self, mailbox: MailboxId, after: u64) -> Result<Vec<Stored>, Unavailable> {
        let living_ms = self.clock.now_ms().saturating_sub(self.limits.life_seconds.saturating_mul(1_000));
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
        for item in items {
            call.key(state_key(item.mailbox)).key(envelopes_key(item.mailbox)).key(memory_key(item));
            call.arg(item.mailbox.to_string()).arg(hex(&item.digest)).arg(item.accepted_ms).arg(&*item.json);
            call.arg(item.id.to_string()).arg(item.sender.to_string());
        }
        call.key(BY_EXPIRY);
        let said: Vec<String> = self.asking.call(&call).await?;
        match said.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["accepted", accepted_ms] => {
                let accepted_ms = accepted_ms.parse().map_err(|_| Unavailable::new(Unexpected))?;
                // This process's waiters need no detour; the others hear it from Redis.
                items.iter().for_each(|item| self.hub.wake(item.mailbox));
                Ok(Enqueued { accepted_ms })
            }
            ["full"] => Err(EnqueueError::Full),
            ["id-reused"] => Err(EnqueueError::IdReused),
            _ => Err(Unavailable::new(Unexpected).into()),
        }
    }

    /// Entries past the cursor, with their times of acceptance.
    async fn page(&self, mailbox: MailboxId, after: u64) -> Result<Vec<(Stored, u64)>, Unavailable> {
        let mut command = redis::cmd("XRANGE");
        command.arg(envelopes_key(mailbox)).arg(format!("({after}-0")).arg("+").arg("COUNT").arg(POLL_DELIVERIES_MAX);
        let reply: StreamRangeReply = self.asking.query(&command).await?;
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

fn say(word: Word) -> Cmd {
    let mut command = redis::cmd("PUBLISH");
    command.arg(CHANNEL).arg(word.write());
    command
}

pub(super) fn state_key(mailbox: MailboxId) -> String {
    format!("cliquet:{{{mailbox}}}:state")
}

pub(super) fn envelopes_key(mailbox: MailboxId) -> String {
    format!("cliquet:{{{mailbox}}}:envelopes")
}

fn memory_key(item: &Item) -> String {
    format!("cliquet:{{{}}}:id:{}", item.mailbox, item.id)
}

fn hex(digest: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*digest))
}

impl Mailbox for RedisMailbox {
    async fn enqueue(&self, items: Vec<Item>) -> Result<Enqueued, EnqueueError> {
        loop {
            match self.try_enqueue(&items).await {
                Err(EnqueueError::Full) => {}
                done => return done,
            }
            // Perhaps only with what is past its life; that makes room piece by piece.
            let mut made_room = 0;
            for item in &items {
                made_room += self.expiry.mailbox(item.mailbox).await?;
            }
            if made_room == 0 {
                return Err(EnqueueError::Full);
            }
        }
    }

    async fn wait(&self, mailbox: MailboxId, after: u64, deadline: Instant) -> Result<Vec<Stored>, Unavailable> {
        let read = |turn: Turn| async move {
            let found = self.read(mailbox, after).await?;
            // Whoever waits longest tells the others. If that gets lost, the older wait stays until its deadline: both are
            // given the same, and nothing is removed.
            if turn.is_first && found.is_empty() && Instant::now() < deadline {
                let _: Result<u64, _> = self.asking.query(&say(Word::Waits(mailbox, self.process, turn.waiter))).await;
            }
            Ok(found)
        };
        self.hub.wait(mailbox, deadline, Some(RECHECK), read).await
    }

    async fn acknowledge(&self, mailbox: MailboxId, cursor: u64) -> Result<(), AcknowledgeError> {
        if cursor == 0 {
            return Ok(());
        }
        let mut call = self.acknowledge.prepare_invoke();
        call.key(state_key(mailbox)).key(envelopes_key(mailbox)).arg(cursor);
        let said: String = self.asking.call(&call).await?;
        match said.as_str() {
            "acknowledged" => Ok(()),
            "unknown-cursor" => Err(AcknowledgeError::UnknownCursor),
            _ => Err(Unavailable::new(Unexpected).into()),
        }
    }

    /// The memory of its ids expires by itself; a device's id is never given to another.
    async fn delete(&self, mailbox: MailboxId) -> Result<(), Unavailable> {
        let mut command = redis::cmd("DEL");
        command.arg(state_key(mailbox)).arg(envelopes_key(mailbox));
        let _: u64 = self.asking.query(&command).await?;
        self.end_wait(mailbox);
        Ok(())
    }

    /// Here at once, elsewhere as soon as they hear of it.
    fn end_wait(&self, mailbox: MailboxId) {
        self.hub.end(mailbox);
        let asking = self.asking.clone();
        tokio::spawn(async move {
            if asking.query::<u64>(&say(Word::End(mailbox))).await.is_err() {
                log::warn!("a poll that another server may hold for a sign-in that ended ends at its deadline");
            }
        });
    }

    async fn check(&self) -> Result<(), Unavailable> {
        let _: String = self.asking.query(&redis::cmd("PING")).await?;
        Ok(())
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
