//! Voice messages, recorded and heard, in the chunk of what is opened on purpose.

use crate::browser::{
    platform::{lazy::NotLoaded, task},
    view::{
        dom,
        message_actions::MessageActions,
        notices,
        sentences::word,
        voice_player::{self, press_of},
        voice_recorder::{self, Act, Hold},
    },
};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_split_helpers::wasm_split;
use web_sys::{Element, Event, KeyboardEvent, PointerEvent};

const BEGIN: &str = "[data-voice-begin]";
/// What is recorded, or was and is not sent.
const PANEL: &str = "[data-voice]";
const BUTTONS: &str = "[data-voice-do]";

/// Something for one of the two.
enum Served {
    Recorder(Act),
    Player(voice_player::Press),
}

/// Serves the button that records, and the players of the lines.
pub(super) fn listen(actions: &Rc<MessageActions>) {
    let Some(document) = dom::document() else { return };
    let hold = Rc::<Hold>::default();
    for name in ["pointerdown", "pointermove", "pointerup", "pointercancel"] {
        let (actions, hold) = (actions.clone(), hold.clone());
        dom::on(&document, name, move |event| {
            let Some(pointer) = event.dyn_ref::<PointerEvent>() else { return };
            match event.type_().as_str() {
                "pointerdown" => {
                    let is_main = pointer.is_primary() && pointer.button() == 0;
                    if is_main && dom::around(event, BEGIN).is_some_and(|button| is_enabled(&button)) {
                        hold.press(pointer.client_x());
                        serve(actions.clone(), Served::Recorder(Act::Begin(hold.clone())));
                    }
                }
                "pointermove" => hold.go(pointer.client_x()),
                _ => hold.release(),
            }
        });
    }
    // A finger that is held on the button would open the browser's menu.
    dom::on(&document, "contextmenu", |event| {
        if dom::around(event, BEGIN).is_some() {
            event.prevent_default();
        }
    });
    for name in ["click", "keydown"] {
        let (actions, hold) = (actions.clone(), hold.clone());
        dom::on(&document, name, move |event| {
            if let Some(served) = pressed(event, &hold) {
                event.prevent_default();
                serve(actions.clone(), served);
            }
        });
    }
}

fn pressed(event: &Event, hold: &Rc<Hold>) -> Option<Served> {
    // A press on a line selects it then.
    if dom::around(event, "[data-selecting]").is_some() {
        return None;
    }
    let panel = dom::around(event, PANEL);
    if let Some(press) = press_of(event) {
        return Some(if panel.is_some() { Served::Recorder(Act::Listen(press)) } else { Served::Player(press) });
    }
    if let Some(key) = event.dyn_ref::<KeyboardEvent>() {
        let is_shown = dom::find(&[PANEL, ":not([hidden])"].concat()).is_some();
        return (key.key() == "Escape" && is_shown && dom::around(event, "dialog").is_none())
            .then_some(Served::Recorder(Act::Delete));
    }
    // A click of a pointer has been a press already; one of the keyboard has none.
    if dom::around(event, BEGIN).is_some() {
        let by_keyboard = event.dyn_ref::<web_sys::MouseEvent>().is_some_and(|click| click.detail() == 0);
        hold.release();
        return by_keyboard.then(|| Served::Recorder(Act::Begin(hold.clone())));
    }
    let act = match dom::around(event, BUTTONS)?.get_attribute("data-voice-do")?.as_str() {
        "delete" => Act::Delete,
        "pause" => Act::Pause,
        "stop" => Act::Stop,
        "send" => Act::Send,
        _ => return None,
    };
    Some(Served::Recorder(act))
}

fn is_enabled(button: &Element) -> bool {
    button.matches(":enabled").unwrap_or_default()
}

fn serve(actions: Rc<MessageActions>, served: Served) {
    task::spawn(async move {
        if let Err(NotLoaded) = load(actions, served).await {
            notices::say(&word("part-not-loaded"));
        }
    });
}

#[wasm_split(files, fallible)]
fn load(actions: Rc<MessageActions>, served: Served) -> Result<(), NotLoaded> {
    match served {
        Served::Recorder(act) => voice_recorder::serve(actions, act),
        Served::Player(press) => voice_player::serve(actions.engine.clone(), press),
    }
    Ok(())
}
