//! The history's part of the safety pane: when it was last kept and checked, and the check that a person asks for.

use super::{
    Engine, dom,
    fill::fill,
    notices::{is_behind, of_alarm},
    relative_time::RelativeTime,
    saved_file,
    sentences::{of_server, word},
};
use crate::browser::{
    app::{checked::Checked, error::AppError, history_check::check, history_sync::waiting},
    platform::{task, timer},
};
use std::rc::Rc;
use web_sys::Element;

/// Between two looks at what waits.
const LOOK_AGAIN_MS: u32 = 2_000;

#[derive(Clone, Copy, Debug)]
enum Action {
    Check,
    Export,
}

/// Serves this part of the pane, if it is on the page.
pub fn serve(engine: &Rc<Engine>) {
    let Some(pane) = dom::find(".safety .history") else { return };
    for (selector, action) in [("[data-history-check]", Action::Check), ("[data-export]", Action::Export)] {
        let Some(button) = dom::within(&pane, selector) else { continue };
        let _ = button.remove_attribute("disabled");
        let (engine, pane) = (engine.clone(), pane.clone());
        dom::on(&button.clone(), "click", move |_| {
            let (engine, pane, button) = (engine.clone(), pane.clone(), button.clone());
            let _ = button.set_attribute("disabled", "");
            task::spawn(async move {
                let done = match action {
                    Action::Check => check_all(&engine, &pane).await,
                    Action::Export => saved_file::export(&engine).await,
                };
                let _ = button.remove_attribute("disabled");
                dom::say(&pane, ".form-error", &done.as_ref().err().map_or_else(String::new, sentence));
            });
        });
    }
    let engine = engine.clone();
    task::spawn(async move {
        let _ = follow(&engine, &pane).await;
    });
}

/// What is kept and checked, for as long as the pane is there: how long ago, and how many texts the server lacks.
async fn follow(engine: &Engine, pane: &Element) -> Result<(), AppError> {
    let times = RelativeTime::of_page();
    let (mut waited, mut was_behind) = (0, false);
    while pane.is_connected() {
        let (count, behind) = (waiting(engine).await?, is_behind());
        if count > 0 {
            dom::say(pane, "[data-history-state]", &counted("history-waiting", count));
        } else if waited > 0 {
            dom::say(pane, "[data-history-state]", &word("history-just-kept"));
            just_kept(pane);
        } else if behind && !was_behind {
            dom::say(pane, "[data-history-state]", &word("history-behind"));
        } else if was_behind && !behind {
            dom::say(pane, "[data-history-state]", "");
        }
        (waited, was_behind) = (count, behind);
        say_when(pane, &times, Checked::last(engine).await?.as_ref());
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

fn say_when(pane: &Element, times: &RelativeTime, checked: Option<&Checked>) {
    if let Some(time) = dom::within(pane, "[data-history-kept]")
        && let Some(at_ms) = time.get_attribute("data-history-kept").and_then(|at_ms| at_ms.parse().ok())
    {
        let _ = time.set_attribute("datetime", &times.iso(at_ms));
        let _ = time.set_attribute("title", &times.exact(at_ms));
        dom::say(pane, "[data-history-kept]", &times.ago(at_ms));
    }
    let Some(line) = dom::within(pane, "[data-history-checked]") else { return };
    let Some(checked) = checked else {
        dom::say(pane, "[data-history-checked]", &word("history-never-checked"));
        return;
    };
    let (key, count) = match checked {
        Checked { closed: 1.., .. } => ("history-last-failed", checked.closed),
        Checked { missing: 1.., .. } => ("history-last-missing", checked.missing),
        Checked { all: true, .. } => ("history-last-checked", checked.texts),
        Checked { all: false, .. } => ("history-last-checked-newest", checked.texts),
    };
    let ago = times.ago(checked.at_ms);
    dom::say(pane, "[data-history-checked]", &fill(&counted(key, count), "ago", &ago));
    let _ = line.set_attribute("title", &times.exact(checked.at_ms));
    let _ = line.set_attribute("data-history-checked", if checked.is_sound() { "good" } else { "failed" });
}

/// Fetches all of it and opens all of it.
async fn check_all(engine: &Engine, pane: &Element) -> Result<(), AppError> {
    dom::say(pane, "[data-history-state]", &word("history-checking"));
    let checked = check(engine, true).await;
    dom::say(pane, "[data-history-state]", "");
    let checked = checked?;
    let (key, count) = match checked {
        Checked { closed: 1.., .. } => ("history-altered", checked.closed),
        Checked { missing: 1.., .. } => ("history-missing", checked.missing),
        Checked { .. } => ("history-checked", checked.texts),
    };
    dom::say(pane, "[data-history-state]", &counted(key, count));
    say_when(pane, &RelativeTime::of_page(), Some(&checked));
    Ok(())
}

fn counted(key: &str, count: u64) -> String {
    fill(&word(key), "count", &count.to_string())
}

fn sentence(error: &AppError) -> String {
    match error {
        AppError::Http(error) => of_server(error),
        AppError::Alarm(alarm) => word(of_alarm(*alarm)),
        AppError::Altered => word("vault-altered"),
        _ => word("page-broken"),
    }
}
