//! The history, brought back to a new browser: newest first, some segments in a step. Interrupted, it goes on where it
//! was.

use super::{
    api,
    engine::{Engine, Notice},
    error::AppError,
    history_sync::safekeeping,
    to_restore::{BEFORE, TO_RESTORE},
};
use crate::{
    browser::platform::service::{Platform, Storage, Write},
    client::{conversation::Message, history::messages, safekeeping::Safekeeping},
    crypto::history::{self, Place},
};
use cliquet_wire::history::{History, Segment};

/// Texts in one step: who writes one a minute has a segment of each, and a step for each would take longer than its text.
const TEXTS_AT_ONCE: usize = 200;

pub(super) async fn restore<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let Some(before) = engine.store().value(TO_RESTORE, BEFORE).await? else { return Ok(()) };
    let before = before.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
    engine.say(Notice::Restoring(Some(0)));
    let done = restore_from(engine, before).await;
    engine.say(Notice::Restoring(None));
    done?;
    mark(engine, &[], None).await
}

async fn restore_from<P: Platform>(engine: &Engine<P>, mut before: Option<u64>) -> Result<(), AppError> {
    let safekeeping = safekeeping(engine).await?;
    let mut brought = 0_u64;
    loop {
        let history: History = api::get(engine.platform(), &path(before)).await?;
        let mut texts = Vec::new();
        for segment in &history.segments {
            // One that does not open hides none of the others. The check counts and says it.
            texts.extend(open(engine, &safekeeping, segment).unwrap_or_default());
            before = Some(segment.sequence);
            if texts.len() >= TEXTS_AT_ONCE {
                brought = brought.saturating_add(write(engine, std::mem::take(&mut texts), before).await?);
                engine.say(Notice::Restoring(Some(brought)));
            }
        }
        brought = brought.saturating_add(write(engine, texts, before).await?);
        engine.say(Notice::Restoring(Some(brought)));
        if !history.more || history.segments.is_empty() {
            return Ok(());
        }
    }
}

/// The texts of a segment. `None`: it does not open, or holds something else.
pub(super) fn open<P: Platform>(
    engine: &Engine<P>,
    safekeeping: &Safekeeping,
    segment: &Segment,
) -> Option<Vec<Message>> {
    let hash = engine.account_key().hash();
    let place = Place { email: engine.email(), account_key_hash: &hash, id: segment.id };
    messages(&history::open(&safekeeping.history, place, &segment.segment).ok()?).ok()
}

/// Newest first, from below a sequence.
pub(super) fn path(before: Option<u64>) -> String {
    before.map_or_else(|| "/history".to_owned(), |before| format!("/history?before={before}"))
}

/// Writes texts and then where they came from: what is marked as done is durable. Tells how many texts there were.
async fn write<P: Platform>(engine: &Engine<P>, texts: Vec<Message>, before: Option<u64>) -> Result<u64, AppError> {
    let count = texts.len() as u64;
    if count > 0 {
        engine.run(async |messenger| Ok(Some(messenger.restored(engine.store(), texts).await?))).await?;
    }
    let value = before.map_or_else(Vec::new, |before| before.to_be_bytes().to_vec());
    mark(engine, &value, Some(())).await?;
    Ok(count)
}

/// How far it is. `left`: something is missing still.
async fn mark<P: Platform>(engine: &Engine<P>, value: &[u8], left: Option<()>) -> Result<(), AppError> {
    engine.put(&[Write { store: TO_RESTORE, key: BEFORE, value: left.map(|()| value) }]).await
}
