//! A file of one's own that is on its way to the server, in its line: how far it is, and the buttons that pause and end it.

use super::{
    Engine, dom,
    file_line::{STATE, WAITING},
    file_state::{line_of, set_state, show_percent},
    file_words, notices,
    words::Words,
};
use crate::browser::{
    app::{
        files::{Progress, uploads},
        load_messages,
    },
    platform::task,
};
use std::rc::Rc;
use web_sys::Element;

/// Shows whether an upload goes on or was paused.
pub async fn show(engine: &Engine, file: &Element, key: &str) {
    let upload = async {
        match load_messages::message(engine, key).await? {
            Some(message) => uploads::upload_of(engine, &message).await,
            None => Ok(None),
        }
    };
    let upload = match upload.await {
        Ok(Some(upload)) => upload,
        // It is there already, and its message goes next.
        Ok(None) => return set_state(file, "here", ""),
        Err(error) => return notices::show_error(&error, &Words::read()),
    };
    if file.has_attribute(WAITING) {
        let percent = percent(file).max(upload.percent.into());
        show_percent(file, if upload.paused { "paused" } else { "sending" }, percent);
    }
}

/// Shows how far the upload of a message's file is.
pub fn show_progress(key: &str, progress: Progress) {
    let Some(file) = line_of(key).filter(|file| file.has_attribute(WAITING)) else { return };
    let is_paused = file.get_attribute(STATE).as_deref() == Some("paused");
    show_percent(&file, if is_paused { "paused" } else { "sending" }, file_words::percent(progress));
}

/// Does what a button at an upload asks.
pub fn press(engine: &Rc<Engine>, file: &Element, key: String, what: &str) {
    let (engine, file) = (engine.clone(), file.clone());
    let paused_at = match what {
        "pause" => Some(Some(u8::try_from(percent(&file)).unwrap_or_default())),
        "go-on" => Some(None),
        "cancel" => None,
        _ => return,
    };
    task::spawn(async move {
        let done = async {
            let Some(message) = load_messages::message(&engine, &key).await? else { return Ok(()) };
            match paused_at {
                Some(paused_at) => uploads::set_paused(&engine, &message, paused_at).await,
                None => uploads::cancel(&engine, &message).await,
            }
        };
        match done.await {
            Ok(()) => show(&engine, &file, &key).await,
            Err(error) => notices::show_error(&error, &Words::read()),
        }
    });
}

fn percent(file: &Element) -> u64 {
    let bar = dom::within(file, "progress").and_then(|bar| bar.get_attribute("value"));
    bar.and_then(|value| value.parse().ok()).unwrap_or(0)
}
