//! What concerns the whole page: the status line, the line for notices, and what is brought back.

use super::{
    Engine, dom,
    fill::fill,
    group_words,
    sentences::word,
    status,
    words::{Word, Words},
};
use crate::browser::{
    app::{
        alarm::Alarm,
        change::Change,
        engine::{Notice, Signal},
        error::AppError,
        status::Status,
    },
    platform::error::HttpError,
};
use crate::client::messenger::StepError;
use std::rc::Rc;

/// On the line for notices: the alarm that was raised last.
const ALARM: &str = "data-alarm";
/// On the page of the tab that leads.
const BEHIND: &str = "data-behind";

/// Shows what the engine says, for as long as the page lives.
pub fn listen(engine: &Engine, words: Rc<Words>) {
    engine.subscribe(move |signal| match signal {
        Signal::Said(notice) => show(notice, &words),
        // A contact's new device is said in its conversation; one's own account has none.
        Signal::Changed(changes) if changes.contains(&Change::DeviceAdded) => say(words.get(Word::DeviceAdded)),
        Signal::Changed(changes) if changes.contains(&Change::OwnListForked) => say(&word("own-list-forked")),
        Signal::Outdated => {
            let _ = dom::window().map(|window| window.location().reload());
        }
        Signal::Changed(_) | Signal::Asked(_) | Signal::Heard(_) | Signal::Uploading { .. } => {}
    });
}

fn show(notice: &Notice, words: &Words) {
    match notice {
        Notice::Status(status) => status::show(*status, words),
        Notice::Failed(error) => show_error(error, words),
        Notice::Blocked => say(&word("contact-blocked")),
        Notice::Unblocked => say(&word("contact-unblocked")),
        Notice::Restoring(count) => restoring(*count),
        Notice::HistorySound(sound) => history_sound(*sound),
        Notice::Behind(behind) => show_behind(*behind),
    }
}

/// The history's part of the safety pane says it where it is open.
fn show_behind(behind: bool) {
    if let Some(page) = dom::document().and_then(|document| document.document_element()) {
        let _ = page.set_attribute(BEHIND, if behind { "yes" } else { "no" });
    }
}

/// Whether the server may lack something of this browser, as far as this tab knows.
pub fn is_behind() -> bool {
    dom::find(&["[", BEHIND, "=yes]"].concat()).is_some()
}

/// An error as far as a person can do something about it: the storage's on the status line, others as a notice.
pub fn show_error(error: &AppError, words: &Words) {
    match Status::of(error) {
        Some(status) => status::show(status, words),
        None => complain(error),
    }
}

/// An error on the line for notices.
pub fn complain(error: &AppError) {
    let said = match error {
        AppError::Step(StepError::Group(why)) => group_words::refused(*why),
        // The server's own words where there are some.
        AppError::Http(HttpError::Problem(problem)) => [problem.title.as_str(), " ", problem.detail.as_str()].concat(),
        AppError::Http(HttpError::Offline | HttpError::TimedOut | HttpError::Unreadable) => word("server-needed"),
        AppError::Alarm(alarm) => return raise(&word(of_alarm(*alarm))),
        AppError::Altered => word("directory-refused"),
        AppError::KeyMissing => word("page-broken"),
        AppError::FileLost => word("failed-file-lost"),
        AppError::NotLoaded => word("part-not-loaded"),
        AppError::Store(_) | AppError::Step(_) | AppError::NotLeading => return,
    };
    say(&said);
}

/// The sentence for what the server did.
pub fn of_alarm(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::VaultAltered => "vault-altered",
        Alarm::VaultOlder => "vault-older",
        Alarm::VaultLocked => "vault-locked",
        Alarm::VaultPutBack => "vault-put-back",
        Alarm::ListOlder => "list-older",
        Alarm::ListForked => "list-forked",
        Alarm::NotProven => "not-proven",
        Alarm::HistoryWithheld => "history-withheld",
        Alarm::PreKeysInvented => "pre-keys-invented",
    }
}

/// A line that concerns the whole page; empty hides it. An alarm stays in front of it.
pub fn say(sentence: &str) {
    let Some(line) = dom::by_id("notice") else { return };
    let alarm = line.get_attribute(ALARM).unwrap_or_default();
    let said = [alarm.as_str(), sentence].join(" ");
    line.set_text_content(Some(said.trim()));
}

/// An alarm on the line for notices: it stays until the page is left, whatever is said after it.
fn raise(sentence: &str) {
    if let Some(line) = dom::by_id("notice") {
        let _ = line.set_attribute(ALARM, sentence);
    }
    say("");
}

/// A line of which nobody need wait for the end.
fn restoring(count: Option<u64>) {
    if let Some(line) = dom::by_id("keeping") {
        let said = count.map(|count| fill(&word("restoring"), "count", &count.to_string()));
        line.set_text_content(said.as_deref());
    }
}

/// Below the line for notices: the history on the server does not open, and where it can be seen.
fn history_sound(sound: bool) {
    let Some(line) = dom::by_id("history-altered") else { return };
    let link = dom::within(&line, "a");
    if let Some(link) = link.filter(|_| line.has_attribute("hidden") != sound) {
        link.set_text_content(Some(&word("history-altered-notice")));
        dom::hide(&line, sound);
    }
}
