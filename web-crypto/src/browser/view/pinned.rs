//! What is pinned above the open conversation: one line with the message that was pinned last. A press goes to that message,
//! and the line then shows the one that was pinned before it.

use super::{
    Engine, conversation::OpenConversation, dom, message_words::Look, quote::excerpt,
    search_results::show_in_conversation,
};
use crate::{
    browser::app::{error::AppError, load_messages},
    client::{
        conversation::{Conversation, MessageRef, Pinned},
        records::simple,
    },
};
use web_sys::Element;

const LINE: &str = "[data-pinned]";
/// On the line: the message that it shows.
const SHOWN: &str = "data-pinned";
/// On the line: all that is pinned, in order.
const ALL: &str = "data-pinned-all";

/// Shows what was pinned last; where nothing else was pinned meanwhile, the message that is shown already.
///
/// # Errors
/// When the storage does not answer.
pub async fn show(
    engine: &Engine,
    open: &OpenConversation,
    conversation: &Conversation,
    look: Look<'_>,
) -> Result<(), AppError> {
    let Some(line) = dom::within(open.section(), LINE) else { return Ok(()) };
    let names: Vec<String> = conversation.pinned.iter().map(|pinned| pinned.of.to_string()).collect();
    let all = names.join(" ");
    let place =
        if line.get_attribute(ALL).as_deref() == Some(&all) { shown(&line, &conversation.pinned) } else { None };
    let _ = line.set_attribute(ALL, &all);
    let last = conversation.pinned.len().checked_sub(1);
    show_one(engine, open, &line, &conversation.pinned, place.or(last), look).await
}

/// Whether the line shows the message with this key.
pub fn shows(open: &OpenConversation, key: &str) -> bool {
    let shown =
        dom::within(open.section(), LINE).and_then(|line| line.get_attribute(SHOWN)?.parse::<MessageRef>().ok());
    shown.is_some_and(|shown| key.ends_with(&simple(shown.id)))
}

/// Goes to the message that the line shows.
///
/// # Errors
/// As [`show`].
pub async fn go_to(engine: &Engine, open: &OpenConversation, look: Look<'_>) -> Result<(), AppError> {
    let Some(line) = dom::within(open.section(), LINE) else { return Ok(()) };
    let Some(conversation) = load_messages::conversation(engine, &open.id).await? else { return Ok(()) };
    let all = &conversation.pinned;
    let Some(place) = shown(&line, all) else { return Ok(()) };
    let Some(pinned) = all.get(place) else { return Ok(()) };
    let message = load_messages::named(engine, &open.id, &pinned.of).await?;
    let before = place.checked_sub(1).or(all.len().checked_sub(1));
    show_one(engine, open, &line, all, before, look).await?;
    if let Some(message) = message {
        show_in_conversation(open.id.text().into_owned(), message.key()).await;
    }
    Ok(())
}

fn shown(line: &Element, all: &[Pinned]) -> Option<usize> {
    let shown: MessageRef = line.get_attribute(SHOWN)?.parse().ok()?;
    all.iter().position(|pinned| pinned.of == shown)
}

/// `place`: of the message among all that is pinned. `None`: nothing is.
async fn show_one(
    engine: &Engine,
    open: &OpenConversation,
    line: &Element,
    all: &[Pinned],
    place: Option<usize>,
    look: Look<'_>,
) -> Result<(), AppError> {
    let Some((place, pinned)) = place.and_then(|place| Some((place, all.get(place)?))) else {
        dom::hide(line, true);
        return Ok(());
    };
    let message = load_messages::named(engine, &open.id, &pinned.of).await?;
    let _ = line.set_attribute(SHOWN, &pinned.of.to_string());
    dom::set_text(line, ".pinned-text", &excerpt(message.as_ref(), look));
    let count =
        if all.len() > 1 { [&(place + 1).to_string(), "/", &all.len().to_string()].concat() } else { String::new() };
    dom::set_text(line, "[data-pinned-count]", &count);
    dom::hide(line, false);
    Ok(())
}
