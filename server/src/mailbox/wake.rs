//! The pub/sub connection of the Redis mailbox: hears for which mailboxes something came, from any process, and which
//! waits are over because a newer one began or a sign-in ended elsewhere.
//!
//! Owns that connection, its renewal, and what is said on it. It carries no envelope but ephemeral ones, and proves nothing:
//! everyone woken reads for themselves.

use super::{
    contract::{MailboxId, Offer},
    hub::Hub,
};
use futures_util::StreamExt;
use redis::{
    Client, RedisResult,
    aio::{PubSubSink, PubSubStream},
};
use std::{sync::Weak, time::Duration};
use tokio::time::{interval, sleep, timeout};

pub(super) const CHANNEL: &str = "cliquet:wake";

/// What processes tell each other. Redis hands it to all of them, the sender too, in one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WakeMessage {
    /// Something came. The enqueue script says it, by the device's name alone.
    Wake(MailboxId),
    /// A wait began, in this process and with this number.
    Waits(MailboxId, Process, u64),
    /// Nobody may wait any more.
    End(MailboxId),
    /// An ephemeral envelope for the wait that is held now.
    Offer(Offer),
}

/// Tells the processes on one Redis apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process(pub(super) u64);

impl WakeMessage {
    pub(super) fn write(&self) -> String {
        match self {
            Self::Wake(mailbox) => mailbox.to_string(),
            Self::Waits(mailbox, process, waiter) => format!("{mailbox} waits {} {waiter}", process.0),
            Self::End(mailbox) => format!("{mailbox} end"),
            Self::Offer(Offer { mailbox, json }) => format!("{mailbox} offer {json}"),
        }
    }

    /// Someone else's message on our channel is none.
    fn read(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        match *words.as_slice() {
            [mailbox] => Some(Self::Wake(mailbox.parse().ok()?)),
            [mailbox, "waits", process, waiter] => {
                Some(Self::Waits(mailbox.parse().ok()?, Process(process.parse().ok()?), waiter.parse().ok()?))
            }
            // JSON that serde writes without blanks, about addresses that have none.
            [mailbox, "offer", json] => Some(Self::Offer(Offer { mailbox: mailbox.parse().ok()?, json: json.into() })),
            [mailbox, "end"] => Some(Self::End(mailbox.parse().ok()?)),
            _ => None,
        }
    }

    fn tell(self, hub: &Hub, myself: Process) {
        match self {
            Self::Wake(mailbox) => hub.wake(mailbox),
            Self::Waits(mailbox, process, waiter) if process == myself => hub.announced(mailbox, waiter),
            Self::Waits(mailbox, ..) => hub.waits_elsewhere(mailbox),
            Self::End(mailbox) => hub.end(mailbox),
            Self::Offer(offer) => hub.offer(offer),
        }
    }
}

/// A connection is tried for this long.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// Pause between two tries: short, because polls wait for it; doubled up to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// A silent connection is asked whether it still lives.
const PING_INTERVAL: Duration = Duration::from_secs(3);

/// Until the hub is gone.
pub(super) async fn listen(client: Client, hub: Weak<Hub>, myself: Process) {
    let mut pause = PAUSE_MIN;
    while hub.strong_count() > 0 {
        if let Ok(Ok((sink, stream))) = timeout(CONNECT_MAX, subscribe(&client)).await {
            pause = PAUSE_MIN;
            // What came while nobody listened is found by reading.
            if let Some(hub) = hub.upgrade() {
                hub.wake_all();
            }
            hear(sink, stream, &hub, myself).await;
            tracing::warn!("the connection that wakes polls was lost; a new one is made");
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

async fn subscribe(client: &Client) -> RedisResult<(PubSubSink, PubSubStream)> {
    let (mut sink, stream) = client.get_async_pubsub().await?.split();
    sink.subscribe(CHANNEL).await?;
    // A Redis that still reads its files takes subscriptions but answers nothing: too early to wake anyone.
    sink.ping::<redis::Value>().await?;
    Ok((sink, stream))
}

/// Until the connection ends, or no longer answers.
async fn hear(mut sink: PubSubSink, mut stream: PubSubStream, hub: &Weak<Hub>, myself: Process) {
    let mut ping = interval(PING_INTERVAL);
    loop {
        tokio::select! {
            message = stream.next() => {
                let (Some(message), Some(hub)) = (message, hub.upgrade()) else { return };
                if let Some(message) = message.get_payload::<String>().ok().and_then(|text| WakeMessage::read(&text)) {
                    message.tell(&hub, myself);
                }
            }
            _ = ping.tick() => {
                if !matches!(timeout(CONNECT_MAX, sink.ping::<redis::Value>()).await, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_as_they_were_written_and_nothing_else_does() {
        let mailbox = MailboxId::from_random([7; 16]);
        let offer = WakeMessage::Offer(Offer { mailbox, json: r#"{"v":1}"#.into() });
        for message in [
            WakeMessage::Wake(mailbox),
            WakeMessage::Waits(mailbox, Process(u64::MAX), 3),
            WakeMessage::End(mailbox),
            offer,
        ] {
            assert_eq!(WakeMessage::read(&message.write()), Some(message));
        }
        for text in [
            "",
            "end",
            " end",
            &format!("{mailbox} "),
            &format!("{mailbox} waits 1"),
            &format!("{mailbox} ends"),
            &format!("{mailbox} offer"),
        ] {
            assert_eq!(WakeMessage::read(text), None, "{text}");
        }
    }
}
