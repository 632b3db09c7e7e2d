//! The reactions below a message: each emoji once, with how many set it, and who.

use super::{
    dom,
    message_words::{Look, name},
};
use crate::client::conversation::Message;
use cliquet_wire::address::Address;
use web_sys::Element;

/// Shows the reactions of a message in its line.
pub fn show(line: &Element, message: &Message, look: Look<'_>) {
    let Some(list) = dom::within(line, ".reactions") else { return };
    let mut found: Vec<(&str, Vec<&Address>)> = Vec::new();
    for (sender, emoji) in message.reactions() {
        match found.iter_mut().find(|(known, _)| *known == emoji) {
            Some((_, senders)) => senders.push(sender),
            None => found.push((emoji, vec![sender])),
        }
    }
    if found.is_empty() && list.child_element_count() == 0 {
        return;
    }
    // The keyboard stays where it is.
    let focused = dom::active().filter(|active| list.contains(Some(active)));
    let focused = focused.and_then(|active| active.get_attribute("data-reaction"));
    list.set_text_content(None);
    for (emoji, senders) in found {
        let Some(chip) = chip(emoji, &senders, look) else { continue };
        let _ = list.append_child(&chip);
        if focused.as_deref() == Some(emoji)
            && let Some(button) = dom::within(&chip, "button")
        {
            dom::focus(&button);
        }
    }
}

fn chip(emoji: &str, senders: &[&Address], look: Look<'_>) -> Option<Element> {
    let document = dom::document()?;
    let (item, button) = (document.create_element("li").ok()?, document.create_element("button").ok()?);
    let names: Vec<String> = senders.iter().map(|sender| name(sender, look)).collect();
    let names = names.join(", ");
    let count = if senders.len() > 1 { [" ", &senders.len().to_string()].concat() } else { String::new() };
    let text = [emoji, &count].concat();
    let label = [text.as_str(), ": ", &names].concat();
    let set = if senders.contains(&look.own) { "true" } else { "false" };
    let named = [("type", "button"), ("data-reaction", emoji), ("aria-pressed", set), ("title", &names)];
    for (name, value) in named.into_iter().chain([("aria-label", label.as_str())]) {
        button.set_attribute(name, value).ok()?;
    }
    button.set_text_content(Some(&text));
    item.append_child(&button).ok()?;
    Some(item)
}
