//! The dialog in which the camera reads a QR code: a contact's, to compare keys, or somebody's link, to add them.

use super::{Engine, dom, sentences::word};
use crate::{
    browser::{
        app::{command::Command, contacts::ShownNumber},
        platform::{
            camera::{self, Camera, CameraError, Frame},
            task, timer,
        },
    },
    client::{
        conversation::ConversationId,
        scanned_code::{Comparison, ScannedCode},
    },
};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlVideoElement};

const DIALOG: &str = "scan-code";
/// Once its buttons are served, and on a button that is.
const SERVED: &str = "data-served";
/// From one look at the camera to the next.
const LOOK_MS: u32 = 150;

thread_local! {
    /// Counts the openings of the dialog: a look that belongs to an earlier one ends.
    static OPENED: Cell<u32> = const { Cell::new(0) };
}

/// What the dialog does with a code that was read.
enum Answer {
    /// It is not what is looked for: say why and look on.
    LookOn(&'static str),
    /// That is all; the dialog says this.
    Done(&'static str),
    /// The code is wrong in a way that the person must know.
    Alarm(&'static str),
    /// Close the dialog: the page goes on.
    Close,
}

/// Shows the button and serves it, if there is a camera. A button that was served before gets the new task.
pub fn offer(button: &Element, scan: impl Fn() + 'static) {
    let Some(parent) = button.parent_node() else { return };
    // A copy has none of the listeners of before.
    let Some(fresh) = button.clone_node_with_deep(true).ok().and_then(|copy| copy.dyn_into::<Element>().ok()) else {
        return;
    };
    let _ = parent.replace_child(&fresh, button);
    dom::on(&fresh, "click", move |_| scan());
    task::spawn(async move {
        if camera::is_there().await {
            dom::hide(&fresh, false);
        }
    });
}

/// Looks for somebody's link. The page goes on as if the link had been opened.
pub fn to_add() {
    open("scan-add-detail", |code| match code {
        ScannedCode::SafetyNumber(_) => Answer::LookOn("scan-is-number"),
        ScannedCode::AddLink(link) => {
            if let Some(window) = dom::window() {
                let _ = window.location().set_hash(&link.fragment());
            }
            Answer::Close
        }
    });
}

/// Compares the contact's code with the number that is shown, and verifies the contact if they are the same.
pub fn to_compare(engine: &Rc<Engine>, id: &ConversationId, number: &ShownNumber) {
    let Some(address) = id.peer().cloned() else { return };
    let (engine, number) = (engine.clone(), number.clone());
    open("scan-number-detail", move |code| match code.compare(&address, &number.key_hash, &number.number) {
        Comparison::Same => {
            let address = address.clone();
            engine.ask(if number.of_new_key {
                Command::AcceptKey { address, key_hash: number.key_hash.0, verified: true }
            } else {
                Command::Verify { address, verified: true }
            });
            Answer::Done("scan-same")
        }
        Comparison::Different => Answer::Alarm("scan-different"),
    });
}

fn open(detail: &str, answer: impl Fn(&ScannedCode) -> Answer + 'static) {
    let Some(dialog) = dom::dialog(DIALOG) else { return };
    serve(&dialog);
    dom::set_text(&dialog, "[data-scan-detail]", &word(detail));
    let opened = OPENED.get().wrapping_add(1);
    OPENED.set(opened);
    say(&dialog, "", "");
    let _ = dialog.show_modal();
    task::spawn(async move { look(&dialog, opened, answer).await });
}

fn serve(dialog: &HtmlDialogElement) {
    if dialog.has_attribute(SERVED) {
        return;
    }
    let _ = dialog.set_attribute(SERVED, "");
    let closing = dialog.clone();
    dom::on(dialog, "click", move |event| {
        if event.target().as_ref() == Some(&closing) || dom::around(event, "[data-close]").is_some() {
            closing.close();
        }
    });
}

/// Until a code was read, or the dialog is closed. The camera is on meanwhile.
async fn look(dialog: &HtmlDialogElement, opened: u32, answer: impl Fn(&ScannedCode) -> Answer) {
    let Some(video) = dom::within(dialog, "video").and_then(|video| video.dyn_into::<HtmlVideoElement>().ok()) else {
        return;
    };
    dom::hide(&video, false);
    let camera = match Camera::open(video.clone()).await {
        Ok(camera) => camera,
        Err(error) => {
            let key = match error {
                CameraError::Refused => "scan-refused",
                CameraError::Missing => "scan-no-camera",
            };
            return end(dialog, &video, &word(key), "");
        }
    };
    let origin = dom::window().and_then(|window| window.location().origin().ok()).unwrap_or_default();
    while dialog.open() && OPENED.get() == opened {
        if let Some(text) = camera.frame().and_then(read) {
            let answer = ScannedCode::read(&text, &origin).as_ref().map_or(Answer::LookOn("scan-unknown"), &answer);
            match answer {
                Answer::LookOn(key) => say(dialog, &word(key), ""),
                Answer::Done(key) => return end(dialog, &video, "", &word(key)),
                Answer::Alarm(key) => return end(dialog, &video, &word(key), ""),
                Answer::Close => return dialog.close(),
            }
        }
        timer::pause(LOOK_MS).await;
    }
}

/// The text of the first code in the picture.
fn read(frame: Frame) -> Option<String> {
    let mut reader = quircs::Quirc::default();
    let texts = reader.identify(frame.width, frame.height, &frame.luma).filter_map(|code| code.ok()?.decode().ok());
    texts.into_iter().find_map(|code| String::from_utf8(code.payload).ok())
}

/// The camera has nothing more to show: the dialog says how it ended.
fn end(dialog: &HtmlDialogElement, video: &HtmlVideoElement, complaint: &str, done: &str) {
    dom::hide(video, true);
    dom::set_text(dialog, "[data-scan-detail]", "");
    say(dialog, complaint, done);
}

fn say(dialog: &HtmlDialogElement, complaint: &str, done: &str) {
    dom::set_text(dialog, ".form-error", complaint);
    dom::set_text(dialog, "[data-scan-done]", done);
}
