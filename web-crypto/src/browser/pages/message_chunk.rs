//! The menu of messages, in the chunk of what is opened on purpose.

use crate::browser::{
    platform::{lazy::NotLoaded, task},
    view::{
        message_actions::{Gesture, MessageActions},
        message_menu, notices,
        sentences::word,
    },
};
use std::rc::Rc;
use wasm_split_helpers::wasm_split;

/// Fetches the menu, and does what a gesture asks.
pub(super) fn serve(actions: Rc<MessageActions>, gesture: Gesture) {
    task::spawn(async move {
        if let Err(NotLoaded) = load(actions, gesture).await {
            notices::say(&word("part-not-loaded"));
        }
    });
}

#[wasm_split(settings, fallible)]
fn load(actions: Rc<MessageActions>, gesture: Gesture) -> Result<(), NotLoaded> {
    message_menu::serve(actions, gesture);
    Ok(())
}
