//! The history, brought back to a new browser: newest first, some segments in a step. Interrupted, it goes on where it
//! was. What the vault names and the server does not show is said when all else is here.

use super::{
    alarm::Alarm,
    api,
    checked::Checked,
    engine::{Engine, Notice},
    error::AppError,
    history_follow,
    history_segment::opened,
    history_sync::safekeeping,
    to_restore::{BEFORE, EXPECTED, TO_RESTORE},
    vault_sync,
};
use crate::{
    browser::platform::service::{Platform, Storage, Write},
    client::{
        conversation::Message, history_chain::Expected, history_followed::Followed, records::RecordsError,
        safekeeping::Safekeeping,
    },
    crypto::cbor,
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
    let checked = done?;
    checked.keep(engine).await?;
    engine.put(&[BEFORE, EXPECTED].map(|key| Write { store: TO_RESTORE, key, value: None })).await?;
    if checked.missing > 0 {
        // What follows does not wait for it.
        engine.say(Notice::Failed(Alarm::HistoryWithheld.into()));
    }
    Ok(())
}

async fn restore_from<P: Platform>(engine: &Engine<P>, mut before: Option<u64>) -> Result<Checked, AppError> {
    let mut expected = match engine.store().value(TO_RESTORE, EXPECTED).await? {
        Some(kept) => cbor::load(&kept).map_err(RecordsError::from)?,
        // Asked for before the segments: what it names is there by then.
        None => {
            let body = vault_sync::body(engine).await?;
            history_follow::note(engine, &Followed::all(&body, engine.device())).await?;
            Expected::of(&body)
        }
    };
    let safekeeping = safekeeping(engine).await?;
    let mut checked = Checked { all: true, ..Checked::default() };
    loop {
        let history: History = api::get(engine.platform(), &path(before)).await?;
        let mut texts = Vec::new();
        for segment in &history.segments {
            // One that does not open hides none of the others. The check counts and says it.
            match open(engine, &safekeeping, segment, &mut expected) {
                Some(opened) => texts.extend(opened),
                None => checked.closed += 1,
            }
            before = Some(segment.sequence);
            if texts.len() >= TEXTS_AT_ONCE {
                checked.texts += write(engine, std::mem::take(&mut texts), before, &expected).await?;
                engine.say(Notice::Restoring(Some(checked.texts)));
            }
        }
        checked.texts += write(engine, texts, before, &expected).await?;
        engine.say(Notice::Restoring(Some(checked.texts)));
        if !history.more || history.segments.is_empty() {
            checked.missing = expected.missing();
            return Ok(checked);
        }
    }
}

/// The texts of a segment, which is taken off those that are expected. `None`: it does not open, or holds something else.
pub(super) fn open<P: Platform>(
    engine: &Engine<P>,
    safekeeping: &Safekeeping,
    segment: &Segment,
    expected: &mut Expected,
) -> Option<Vec<Message>> {
    let opened = opened(engine, safekeeping, segment)?;
    if let Some(link) = &opened.link {
        expected.take(link, segment.segment.digest());
    }
    Some(opened.messages)
}

/// Newest first, from below a sequence.
pub(super) fn path(before: Option<u64>) -> String {
    before.map_or_else(|| "/history".to_owned(), |before| format!("/history?before={before}"))
}

/// Writes texts and then where they came from: what is marked as done is durable. Tells how many texts there were.
async fn write<P: Platform>(
    engine: &Engine<P>,
    texts: Vec<Message>,
    before: Option<u64>,
    expected: &Expected,
) -> Result<u64, AppError> {
    let count = texts.len() as u64;
    if count > 0 {
        engine.run(async |messenger| Ok(Some(messenger.restored(engine.store(), texts).await?))).await?;
    }
    let before = before.map_or_else(Vec::new, |before| before.to_be_bytes().to_vec());
    let mark = |key, value| Write { store: TO_RESTORE, key, value: Some(value) };
    engine.put(&[mark(BEFORE, &before), mark(EXPECTED, &cbor::save(expected))]).await?;
    Ok(count)
}
