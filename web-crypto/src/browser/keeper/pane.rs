//! The history's part of the safety pane: when it was last kept, and a check that fetches and opens all of it.

use super::{KeepError, Keeper};
use crate::{
    browser::{
        http, page,
        sentences::{of_server, word},
    },
    client::{
        fields::fill,
        history::messages,
        records::{Records, Store},
    },
    crypto::history::{self, Place},
};
use cliquet_wire::{address::Address, history::History, json};
use std::rc::Rc;
use web_sys::Element;

/// Between two looks at what waits.
const LOOK_AGAIN_MS: u32 = 2_000;

pub(super) fn serve(email: &Address) {
    let Some(pane) = page::find(".safety .history") else { return };
    for (selector, deed) in [("[data-history-check]", Deed::Check), ("[data-export]", Deed::Export)] {
        let Some(button) = page::within(&pane, selector) else { continue };
        let _ = button.remove_attribute("disabled");
        let (email, pane, button) = (Rc::new(email.clone()), pane.clone(), button);
        page::on(&button.clone(), "click", move |_| {
            let (email, pane, button) = (email.clone(), pane.clone(), button.clone());
            let _ = button.set_attribute("disabled", "");
            page::spawn(async move {
                let done = match deed {
                    Deed::Check => check(&email, &pane).await,
                    Deed::Export => super::export::export(&email).await,
                };
                let _ = button.remove_attribute("disabled");
                say(&pane, ".form-error", &done.as_ref().err().map_or_else(String::new, sentence));
            });
        });
    }
    let email = email.clone();
    page::spawn(async move {
        let _ = waiting(&email, &pane).await;
    });
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Check,
    Export,
}

/// How many texts the server lacks, as long as there are some and the pane is there.
async fn waiting(email: &Address, pane: &Element) -> Result<(), KeepError> {
    let keeper = Keeper::open(email).await?;
    let mut waited = false;
    while pane.is_connected() {
        let (mut count, mut after) = (0_u64, String::new());
        while let Some(line) = Records::next(&keeper.store, Store::ToKeep, &after).await? {
            (count, after) = (count + 1, line.key);
        }
        if count > 0 {
            say(pane, "[data-history-state]", &counted("history-waiting", count));
        } else if waited {
            say(pane, "[data-history-state]", &word("history-just-kept"));
            break;
        } else {
            break;
        }
        waited = true;
        page::pause(LOOK_AGAIN_MS).await;
    }
    Ok(())
}

/// Fetches all of it and opens all of it.
async fn check(email: &Address, pane: &Element) -> Result<(), KeepError> {
    let keeper = Keeper::open(email).await?;
    let hash = keeper.own.account_key().hash();
    let (mut texts, mut closed, mut before) = (0_u64, 0_u64, None);
    loop {
        let history: History = http::get(&super::restore::path(before)).await?;
        for segment in &history.segments {
            let place = Place { email: keeper.own.email(), account_key_hash: &hash, id: segment.id };
            let opened = history::open(&keeper.safekeeping.history, place, &segment.segment).ok();
            match opened.and_then(|content| messages(&content).ok()) {
                Some(messages) => texts += messages.len() as u64,
                None => closed += 1,
            }
            before = Some(segment.sequence);
        }
        say(pane, "[data-history-state]", &counted("history-checking", texts));
        if !history.more || history.segments.is_empty() {
            break;
        }
    }
    let (key, count) = if closed > 0 { ("history-altered", closed) } else { ("history-checked", texts) };
    say(pane, "[data-history-state]", &counted(key, count));
    Ok(())
}

fn counted(key: &str, count: u64) -> String {
    fill(&word(key), "count", &json::write(&count))
}

fn say(pane: &Element, selector: &str, sentence: &str) {
    if let Some(line) = page::within(pane, selector) {
        line.set_text_content(Some(sentence));
    }
}

fn sentence(error: &KeepError) -> String {
    match error {
        KeepError::Http(error) => of_server(error),
        KeepError::Altered => word("recovery-altered"),
        KeepError::Store(_) | KeepError::NotWritten | KeepError::PageBroken => word("page-broken"),
    }
}
