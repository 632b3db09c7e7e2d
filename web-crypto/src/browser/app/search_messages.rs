//! Reading all texts of this account, newest first, in slices. What is looked for is the view's.

use super::{
    engine::Engine,
    error::AppError,
    to_restore::{BEFORE, TO_RESTORE},
};
use crate::{
    browser::platform::service::{Platform, Ranges, Storage},
    client::{conversation::Message, records::Store},
};

/// Read in one go.
pub const SLICE: usize = 200;

/// The hidden names of all messages, newest first.
///
/// # Errors
/// When the storage does not answer. So for each of these functions.
pub async fn names<P: Platform>(engine: &Engine<P>) -> Result<Vec<String>, AppError> {
    let mut names = engine.store().names(Store::Messages.name()).await?;
    names.sort_unstable_by(|one, other| compare(one, other));
    Ok(names)
}

/// How many messages there are.
///
/// # Errors
/// As [`names`].
pub async fn count<P: Platform>(engine: &Engine<P>) -> Result<usize, AppError> {
    Ok(engine.store().count(Store::Messages.name()).await?)
}

/// Whether older texts are still being brought back.
///
/// # Errors
/// As [`names`].
pub async fn is_restoring<P: Platform>(engine: &Engine<P>) -> Result<bool, AppError> {
    Ok(engine.store().value(TO_RESTORE, BEFORE).await?.is_some())
}

/// The messages with these names. Of one conversation they are neighbours, because the names follow the time.
///
/// # Errors
/// As [`names`].
pub async fn read<P: Platform>(engine: &Engine<P>, names: &[&String]) -> Result<Vec<Message>, AppError> {
    let mut ranges: Vec<(&str, &str)> = Vec::new();
    for name in names {
        let with = name.strip_suffix(order(name));
        match ranges.iter_mut().find(|(first, _)| first.strip_suffix(order(first)) == with) {
            Some((first, _)) => *first = name,
            None => ranges.push((name, name)),
        }
    }
    let (mut messages, now) = (Vec::with_capacity(names.len()), engine.platform().now_ms());
    for (first, last) in ranges {
        let records = engine.store().between(Store::Messages.name(), first, last).await?;
        // One that does not read hides none of the others.
        let loaded = records.iter().filter_map(|record| Message::load(&record.value).ok());
        messages.extend(loaded.filter(|message| !message.is_over(now)));
    }
    Ok(messages)
}

/// The newest first, whatever conversation they are in.
pub fn compare(one: &str, other: &str) -> std::cmp::Ordering {
    order(other).cmp(order(one)).then(other.cmp(one))
}

/// Without the conversation: `messages/conversation/time/id`.
fn order(name: &str) -> &str {
    name.splitn(3, '/').nth(2).unwrap_or_default()
}
