//! What is of use only now: that somebody is typing, or looks at a conversation. Said to contacts and fellow members who
//! are there, and heard from them.
//!
//! Owns how often it is said, and how long it holds. A signal is lost without harm, so nothing is tried again and no error
//! is shown.

use super::{api, engine::Engine};
use crate::{
    browser::platform::service::Platform,
    client::{conversation::ConversationId, ephemeral::Signal},
};
use cliquet_wire::poll::PollAnswer;

/// While somebody types it is said again this often.
pub const TYPING_SAID_EVERY_MS: u64 = 5_000;
/// That somebody types holds so long, unless it is said again or ended: one word may be lost.
pub const TYPING_HOLDS_MS: u32 = 12_000;
/// While somebody looks at a conversation it is said again this often.
pub const PRESENCE_SAID_EVERY_MS: u32 = 25_000;
/// That somebody looks holds so long, unless it is said again or ended: one word may be lost.
pub const PRESENCE_HOLDS_MS: u32 = 60_000;

/// Says it to the devices of the conversation that hold a poll now. Nothing is said where the settings of the account or of the
/// conversation say so.
pub(super) async fn say<P: Platform>(engine: &Engine<P>, id: &ConversationId, signal: Signal) {
    let platform = engine.platform();
    let post = engine.read(|messenger| {
        let may = messenger.shares_typing(id);
        may.then(|| messenger.signal(id, signal, platform.now_ms(), &mut platform.rng()).ok()).flatten()
    });
    if let Ok(Some(post)) = post.await
        && !post.envelopes.is_empty()
    {
        let _ = api::send(platform, "POST", "/ephemeral", &post).await;
    }
}

/// Tells every tab what others say.
pub(super) async fn hear<P: Platform>(engine: &Engine<P>, answer: &PollAnswer) {
    for envelope in &answer.ephemeral {
        let heard = engine.read(|messenger| {
            let heard = messenger.heard(envelope, engine.platform().now_ms());
            heard.filter(|heard| messenger.shares_typing(&heard.conversation))
        });
        if let Ok(Some(heard)) = heard.await {
            engine.heard(heard);
        }
    }
}
