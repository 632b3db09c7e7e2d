//! The pub/sub connection of the Redis mailbox: hears for which mailboxes something came, from any process.
//!
//! Owns that connection and its renewal. It carries no envelope and proves nothing: everyone woken reads for themselves.

use super::{MailboxId, hub::Hub};
use futures_util::StreamExt;
use redis::{
    Client, RedisResult,
    aio::{PubSubSink, PubSubStream},
};
use std::{sync::Weak, time::Duration};
use tokio::time::{interval, sleep, timeout};

const CHANNEL: &str = "cliquet:wake";
/// A connection is tried for this long.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// Pause between two tries: short, because polls wait for it; doubled up to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// A silent connection is asked whether it still lives.
const PING_INTERVAL: Duration = Duration::from_secs(3);

/// Until the hub is gone.
pub(super) async fn listen(client: Client, hub: Weak<Hub>) {
    let mut pause = PAUSE_MIN;
    while hub.strong_count() > 0 {
        if let Ok(Ok((sink, stream))) = timeout(CONNECT_MAX, subscribe(&client)).await {
            pause = PAUSE_MIN;
            // What came while nobody listened is found by reading.
            if let Some(hub) = hub.upgrade() {
                hub.wake_all();
            }
            hear(sink, stream, &hub).await;
            log::warn!("the connection that wakes polls was lost; it is made anew");
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
async fn hear(mut sink: PubSubSink, mut stream: PubSubStream, hub: &Weak<Hub>) {
    let mut ping = interval(PING_INTERVAL);
    loop {
        tokio::select! {
            message = stream.next() => {
                let (Some(message), Some(hub)) = (message, hub.upgrade()) else { return };
                // Someone else's message on our channel wakes nobody.
                if let Some(mailbox) = message.get_payload::<String>().ok().and_then(|text| text.parse::<MailboxId>().ok()) {
                    hub.wake(mailbox);
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
