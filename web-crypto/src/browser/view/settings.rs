//! The pane of settings: the account's, which all its devices share, and this browser's.

use super::{
    Engine, dom,
    enter_key::EnterKey,
    fetch_pictures, notices,
    notification_settings::{Says, keep_quiet_hours, keep_says_mentions, quiet_hours, says_mentions},
    quiet_hours::QuietHours,
    words::Words,
};
use crate::{
    browser::{
        app::{change::Change, command::Command, engine::Signal, error::AppError, load_messages},
        platform::{
            notification::{self, Permission},
            task,
        },
    },
    client::settings::AccountSettings,
};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

/// Serves the pane, if it is on the page.
pub fn serve(engine: &Rc<Engine>) {
    let Some(pane) = dom::find(".settings") else { return };
    let (shown, following) = (pane.clone(), engine.clone());
    engine.subscribe(move |signal| {
        // Another device or another tab changed them.
        if matches!(signal, Signal::Changed(changes) if changes.contains(&Change::Settings)) && shown.is_connected() {
            show_soon(&following, &shown);
        }
    });
    show_soon(engine, &pane);
    let (engine, changed) = (engine.clone(), pane.clone());
    dom::on(&pane, "change", move |event| {
        if dom::around(event, "[data-setting]").is_some() {
            engine.ask(Command::SetAccount(typed(&changed)));
        } else if let Some(choice) = dom::around(event, "[data-notify]") {
            notify(&changed, choice.get_attribute("value").unwrap_or_default());
        } else if dom::around(event, "[data-quiet]").is_some() {
            keep_quiet_hours(QuietHours::read(&value(&changed, QUIET_FROM), &value(&changed, QUIET_TO)));
        } else if dom::around(event, MENTIONS).is_some() {
            keep_says_mentions(is_checked(&changed, MENTIONS));
        } else if dom::around(event, "[data-enter]").is_some() {
            EnterKey::from_sends(is_checked(&changed, "[data-enter]")).keep();
        } else if dom::around(event, FETCH_PICTURES).is_some() {
            fetch_pictures::keep(is_checked(&changed, FETCH_PICTURES));
        }
    });
}

fn show_soon(engine: &Rc<Engine>, pane: &Element) {
    let (engine, pane) = (engine.clone(), pane.clone());
    task::spawn(async move {
        if let Err(error) = show(&engine, &pane).await {
            notices::show_error(&error, &Words::read());
        }
    });
}

async fn show(engine: &Engine, pane: &Element) -> Result<(), AppError> {
    let settings = load_messages::settings(engine).await?;
    set(pane, READ_RECEIPTS, settings.read_receipts);
    set(pane, TYPING, settings.typing);
    set(pane, "[data-enter]", EnterKey::kept().sends());
    set(pane, FETCH_PICTURES, fetch_pictures::kept());
    show_notifications(pane);
    for fieldset in dom::all_within(pane, "fieldset:not([data-profile] *)") {
        let _ = fieldset.remove_attribute("disabled");
    }
    Ok(())
}

/// Has the browser ask the person before anything is shown.
fn notify(pane: &Element, choice: String) {
    let Some(says) = Says::named(&choice) else { return };
    let pane = pane.clone();
    task::spawn(async move {
        let refused = says != Says::Nothing && notification::ask().await != Permission::Granted;
        if !refused {
            says.keep();
        }
        show_notifications(&pane);
    });
}

fn show_notifications(pane: &Element) {
    let permission = notification::permission();
    let says = if permission == Permission::Denied { Says::Nothing } else { Says::kept() };
    set(pane, &["[data-notify][value=", says.name(), "]"].concat(), true);
    if let Some(line) = dom::within(pane, "[data-notify-denied]") {
        dom::hide(&line, permission != Permission::Denied);
    }
    set(pane, MENTIONS, says_mentions());
    let (from, to) = quiet_hours().map(QuietHours::times).unwrap_or_default();
    for (selector, time) in [(QUIET_FROM, from), (QUIET_TO, to)] {
        if let Some(field) = input(pane, selector) {
            field.set_value(&time);
        }
    }
}

fn value(pane: &Element, selector: &str) -> String {
    input(pane, selector).map(|field| field.value()).unwrap_or_default()
}

const FETCH_PICTURES: &str = "[data-fetch-pictures]";
const MENTIONS: &str = "[data-mentions]";
const QUIET_FROM: &str = "[data-quiet=from]";
const QUIET_TO: &str = "[data-quiet=to]";
const READ_RECEIPTS: &str = "[data-setting=read-receipts]";
const TYPING: &str = "[data-setting=typing]";

fn typed(pane: &Element) -> AccountSettings {
    let (read_receipts, typing) = (is_checked(pane, READ_RECEIPTS), is_checked(pane, TYPING));
    AccountSettings { read_receipts, typing, ..AccountSettings::default() }
}

fn input(pane: &Element, selector: &str) -> Option<HtmlInputElement> {
    dom::within(pane, selector)?.dyn_into().ok()
}

fn is_checked(pane: &Element, selector: &str) -> bool {
    input(pane, selector).is_some_and(|checkbox| checkbox.checked())
}

fn set(pane: &Element, selector: &str, checked: bool) {
    if let Some(checkbox) = input(pane, selector) {
        checkbox.set_checked(checked);
    }
}
