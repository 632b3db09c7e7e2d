//! The history, brought back to a new browser: newest first, some segments in a step. Interrupted, it goes on where it was.

use super::{KeepError, Keeper, step};
use crate::{
    browser::{
        platform::{
            http,
            store::{BEFORE, Store, TO_RESTORE, Write},
        },
        view::{dom, sentences::word},
    },
    client::{conversation::Message, fields::fill, history::messages, messenger::Messenger},
    crypto::history::{self, Place},
};
use cliquet_wire::history::{History, Segment};
use js_sys::Function;

/// Texts in one step: who writes one a minute has a segment of each, and a step for each would take longer than its text.
const TEXTS_AT_ONCE: usize = 200;

pub(super) async fn go_on(keeper: &Keeper, lend: &Function) -> Result<(), KeepError> {
    let Some(before) = keeper.store.get(TO_RESTORE, BEFORE).await? else { return Ok(()) };
    let mut before = before.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
    let mut brought = 0_u64;
    let done = loop {
        say(brought);
        let history: History = match http::get(&path(before)).await {
            Ok(history) => history,
            Err(error) => break Err(error.into()),
        };
        let mut texts = Vec::new();
        for segment in &history.segments {
            // One that does not open hides none of the others. The check counts and says it.
            texts.extend(open(keeper, segment).unwrap_or_default());
            before = Some(segment.sequence);
            if texts.len() >= TEXTS_AT_ONCE {
                brought = brought.saturating_add(write(keeper, lend, std::mem::take(&mut texts), before).await?);
                say(brought);
            }
        }
        brought = brought.saturating_add(write(keeper, lend, texts, before).await?);
        if !history.more || history.segments.is_empty() {
            break Ok(());
        }
    };
    if done.is_ok() {
        mark(&keeper.store, None).await?;
    }
    silence();
    done
}

/// The texts of a segment. `None`: it does not open, or holds something else.
pub(super) fn open(keeper: &Keeper, segment: &Segment) -> Option<Vec<Message>> {
    let hash = keeper.own.account_key().hash();
    let place = Place { email: keeper.own.email(), account_key_hash: &hash, id: segment.id };
    messages(&history::open(&keeper.safekeeping.history, place, &segment.segment).ok()?).ok()
}

/// Newest first, from below a sequence.
pub(super) fn path(before: Option<u64>) -> String {
    match before {
        Some(before) => ["/history?before=", &before.to_string()].concat(),
        None => "/history".to_owned(),
    }
}

async fn mark(store: &Store, before: Option<u64>) -> Result<(), KeepError> {
    let value = before.map(u64::to_be_bytes);
    let value = value.as_ref().map(<[u8; 8]>::as_slice);
    Ok(store.commit(&[Write { store: TO_RESTORE, key: BEFORE, value }]).await?)
}

/// Tells how many texts there were. What is marked as done is durable.
async fn write(keeper: &Keeper, lend: &Function, texts: Vec<Message>, before: Option<u64>) -> Result<u64, KeepError> {
    let count = texts.len() as u64;
    if count > 0 {
        step(lend, keeper.own.email(), async move |keeper: &Keeper, messenger: &Messenger| {
            Ok(messenger.restored(&keeper.store, texts).await?)
        })
        .await?;
    }
    mark(&keeper.store, before).await?;
    Ok(count)
}

/// A line on the page, of which nobody need wait for the end.
fn say(brought: u64) {
    if let Some(line) = dom::by_id("keeping") {
        line.set_text_content(Some(&fill(&word("restoring"), "count", &brought.to_string())));
    }
}

fn silence() {
    if let Some(line) = dom::by_id("keeping") {
        line.set_text_content(None);
    }
}
