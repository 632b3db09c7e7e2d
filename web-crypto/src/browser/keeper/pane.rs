//! The history's part of the safety pane: when it was last kept and checked, and the check that a person asks for.

use super::{KeepError, Keeper, check::Checked, moments::Moments};
use crate::{
    browser::{
        platform::{task, timer},
        view::{
            dom,
            sentences::{of_server, word},
        },
    },
    client::{
        fields::fill,
        records::{Records, Store},
    },
};
use cliquet_wire::address::Address;
use std::rc::Rc;
use web_sys::Element;

/// Between two looks at what waits.
const LOOK_AGAIN_MS: u32 = 2_000;

pub(super) fn serve(email: &Address) {
    let Some(pane) = dom::find(".safety .history") else { return };
    for (selector, deed) in [("[data-history-check]", Deed::Check), ("[data-export]", Deed::Export)] {
        let Some(button) = dom::within(&pane, selector) else { continue };
        let _ = button.remove_attribute("disabled");
        let (email, pane, button) = (Rc::new(email.clone()), pane.clone(), button);
        dom::on(&button.clone(), "click", move |_| {
            let (email, pane, button) = (email.clone(), pane.clone(), button.clone());
            let _ = button.set_attribute("disabled", "");
            task::spawn(async move {
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
    task::spawn(async move {
        let _ = follow(&email, &pane).await;
    });
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Check,
    Export,
}

/// What is kept and checked, for as long as the pane is there: how long ago, and how many texts the server lacks.
async fn follow(email: &Address, pane: &Element) -> Result<(), KeepError> {
    let keeper = Keeper::open(email).await?;
    let moments = Moments::of_page();
    let mut waited = 0;
    while pane.is_connected() {
        let (mut count, mut after) = (0_u64, String::new());
        while let Some(line) = Records::next(&keeper.store, Store::ToKeep, &after).await? {
            (count, after) = (count + 1, line.key);
        }
        if count > 0 {
            say(pane, "[data-history-state]", &counted("history-waiting", count));
        } else if waited > 0 {
            say(pane, "[data-history-state]", &word("history-just-kept"));
            just_kept(pane);
        }
        waited = count;
        say_when(pane, &moments, Checked::last(&keeper.store).await?.as_ref());
        timer::pause(LOOK_AGAIN_MS).await;
    }
    Ok(())
}

fn just_kept(pane: &Element) {
    if let Some(time) = dom::within(pane, "[data-history-kept]") {
        let _ = time.set_attribute("data-history-kept", &timer::now_ms().to_string());
    }
    for (selector, hidden) in [("[data-history-last]", false), ("[data-history-none]", true)] {
        if let Some(line) = dom::within(pane, selector) {
            dom::hide(&line, hidden);
        }
    }
}

fn say_when(pane: &Element, moments: &Moments, checked: Option<&Checked>) {
    if let Some(time) = dom::within(pane, "[data-history-kept]")
        && let Some(at) = time.get_attribute("data-history-kept").and_then(|at| at.parse().ok())
    {
        let _ = time.set_attribute("datetime", &moments.iso(at));
        let _ = time.set_attribute("title", &moments.exact(at));
        set(&time, &moments.ago(at));
    }
    let Some(line) = dom::within(pane, "[data-history-checked]") else { return };
    let Some(checked) = checked else {
        set(&line, &word("history-never-checked"));
        return;
    };
    let (key, count) = match checked {
        Checked { closed: 1.., .. } => ("history-last-failed", checked.closed),
        Checked { all: true, .. } => ("history-last-checked", checked.texts),
        Checked { all: false, .. } => ("history-last-checked-newest", checked.texts),
    };
    set(&line, &fill(&counted(key, count), "ago", &moments.ago(checked.at)));
    let _ = line.set_attribute("title", &moments.exact(checked.at));
    let _ = line.set_attribute("data-history-checked", if checked.closed > 0 { "failed" } else { "good" });
}

/// Fetches all of it and opens all of it.
async fn check(email: &Address, pane: &Element) -> Result<(), KeepError> {
    say(pane, "[data-history-state]", &word("history-checking"));
    let checked = super::check::check(&Keeper::open(email).await?, true).await;
    say(pane, "[data-history-state]", "");
    let checked = checked?;
    let (key, count) =
        if checked.closed > 0 { ("history-altered", checked.closed) } else { ("history-checked", checked.texts) };
    say(pane, "[data-history-state]", &counted(key, count));
    say_when(pane, &Moments::of_page(), Some(&checked));
    Ok(())
}

fn counted(key: &str, count: u64) -> String {
    fill(&word(key), "count", &count.to_string())
}

fn say(pane: &Element, selector: &str, sentence: &str) {
    if let Some(line) = dom::within(pane, selector) {
        set(&line, sentence);
    }
}

/// What says the same again is not read out again.
fn set(line: &Element, sentence: &str) {
    if line.text_content().as_deref() != Some(sentence) {
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
