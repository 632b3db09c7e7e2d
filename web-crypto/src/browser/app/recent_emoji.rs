//! The emoji that this browser's person chose last, sealed like everything that is kept.

use super::{engine::Engine, error::AppError};
use crate::{
    browser::platform::service::{Platform, Storage, Write},
    client::records::Store,
};

/// How many are shown in a message's menu.
pub const QUICK_EMOJI: usize = 6;
/// Shown until a person has chosen others.
const FIRST: [&str; QUICK_EMOJI] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
/// The key in the store of what concerns this device.
const RECENT: &str = "recent_emoji";

/// The emoji to offer, the last chosen first.
///
/// # Errors
/// When the storage does not answer.
pub async fn load<P: Platform>(engine: &Engine<P>) -> Result<Vec<String>, AppError> {
    let kept = engine.store().value(Store::Device.name(), RECENT).await?;
    let kept = kept.and_then(|kept| String::from_utf8(kept.to_vec()).ok()).unwrap_or_default();
    let mut found: Vec<String> = kept.split_whitespace().map(Into::into).collect();
    for emoji in FIRST {
        if !found.iter().any(|known| known == emoji) {
            found.push(emoji.to_owned());
        }
    }
    found.truncate(QUICK_EMOJI);
    Ok(found)
}

/// Takes note that an emoji was chosen. One that is offered already keeps its place, so that fingers find it.
///
/// # Errors
/// When the storage refuses.
pub async fn remember<P: Platform>(engine: &Engine<P>, emoji: &str) -> Result<(), AppError> {
    let mut recent = load(engine).await?;
    if recent.iter().any(|known| known == emoji) {
        return Ok(());
    }
    recent.insert(0, emoji.to_owned());
    recent.truncate(QUICK_EMOJI);
    let value = recent.join(" ");
    engine.put(&[Write { store: Store::Device.name(), key: RECENT, value: Some(value.as_bytes()) }]).await
}
