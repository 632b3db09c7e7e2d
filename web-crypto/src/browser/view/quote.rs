//! The message that a line replies to, in short, above its text. Only its name comes with the reply: what it says is what
//! this device has of it, so that nobody quotes what was not said, and what is deleted is gone here as well.

use super::{
    Engine, dom,
    message_words::{Look, in_short, name, said},
    rich_text,
    words::Word,
};
use crate::{
    browser::app::{error::AppError, load_messages},
    client::{
        conversation::{ConversationId, Message, MessageBody, MessageRef},
        records::simple,
    },
};
use web_sys::Element;

/// Characters of a quote that are shown.
const QUOTE_CHARS_MAX: usize = 160;
/// On a line that replies: the message that it replies to.
const QUOTES: &str = "data-quotes";
/// On a line whose quote is not filled yet.
const EMPTY: &str = "data-quote-empty";

/// Makes room for the quote of a reply. [`fill`] fills it.
pub fn prepare(line: &Element, message: &Message) {
    let Some(place) = dom::within(line, ".quote") else { return };
    dom::hide(&place, message.quote.is_none());
    match &message.quote {
        Some(quote) => {
            let _ = line.set_attribute(QUOTES, &quote.to_string());
            let _ = line.set_attribute(EMPTY, "");
        }
        None => {
            let _ = line.remove_attribute(QUOTES);
        }
    }
}

/// Fills the quotes of the lines in a list that are not filled yet.
///
/// # Errors
/// When the storage does not answer.
pub async fn fill(engine: &Engine, id: &ConversationId, list: &Element, look: Look<'_>) -> Result<(), AppError> {
    for line in dom::all_within(list, &["[", EMPTY, "]"].concat()) {
        let _ = line.remove_attribute(EMPTY);
        let quote = line.get_attribute(QUOTES).and_then(|name| name.parse().ok());
        let Some(quote) = quote else { continue };
        let quoted = load_messages::named(engine, id, &quote).await?;
        dom::set_text(&line, ".quote-author", &name(&quote.sender, look));
        dom::set_text(&line, ".quote-text", &excerpt(quoted.as_ref(), look));
    }
    Ok(())
}

/// A message changed, or is gone: the quotes of it are to be filled again.
pub fn outdate(list: &Element, key: &str) {
    for line in dom::all_within(list, &["[", QUOTES, "]"].concat()) {
        if of_line(&line).is_some_and(|quoted| key.ends_with(&simple(quoted.id))) {
            let _ = line.set_attribute(EMPTY, "");
        }
    }
}

/// The message that a line replies to.
pub fn of_line(line: &Element) -> Option<MessageRef> {
    line.get_attribute(QUOTES)?.parse().ok()
}

/// The beginning of a message on one line. `None`: it is not on this device.
pub fn excerpt(quoted: Option<&Message>, look: Look<'_>) -> String {
    let Some(quoted) = quoted else { return look.words.get(Word::QuotedGone).to_owned() };
    let text = match &quoted.body {
        MessageBody::Text(_) => in_short(quoted, look.words),
        _ => rich_text::in_short(&said(quoted, look)).into_owned(),
    };
    let mut words = text.split_whitespace();
    let mut short = String::new();
    while let Some(word) = words.next().filter(|_| short.chars().count() < QUOTE_CHARS_MAX) {
        if !short.is_empty() {
            short.push(' ');
        }
        short.extend(word.chars().take(QUOTE_CHARS_MAX));
    }
    if words.next().is_some() {
        short.push('…');
    }
    short
}
