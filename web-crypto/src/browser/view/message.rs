//! A message as a line of its conversation.
//!
//! Lines are copies of the page's own templates. What a person wrote becomes text nodes, within the elements of
//! `rich_text`.

use super::{
    avatar, dom, file_line,
    message_words::{Look, name, passed_on, said, why},
    quote, reactions, rich_text, time_left,
    words::{Word, Words},
};
use crate::client::conversation::{DeliveryStatus, Message, MessageBody};
use web_sys::Element;

/// Lines of one author within one minute stand together.
const GROUP_MS: u64 = 60_000;
/// The class of a line that stands with the one above it: it needs no author and no time of its own.
const GROUPED: &str = "grouped";
/// In a group, the class of a line whose author is that of the one above it.
const CONTINUED: &str = "continued";
/// The class of a line whose long text is cut off.
const FOLDED: &str = "folded";
/// On a line whose long text somebody wanted to read.
const UNFOLDED: &str = "data-unfolded";

/// Appends a message to a list of lines, below a line for its day when that is another one.
pub fn append(list: &Element, templates: &Element, message: &Message, look: Look<'_>) {
    let time = message.shown_time();
    let day = look.dates.day_key(time);
    let last = list.last_element_child();
    let last_day = last.as_ref().and_then(|last| last.get_attribute("data-day"));
    if last_day.as_deref() != Some(&day)
        && let Some(line) = template(templates, "#day-template")
    {
        if let Some(time_element) = dom::within(&line, "time") {
            let _ = time_element.set_attribute("datetime", &day);
            time_element.set_text_content(Some(&look.dates.day(time, look.words)));
        }
        let _ = list.append_child(&line);
    }
    let Some(line) = template(templates, "#message-template") else { return };
    let (author, who) = match (message.is_notice(), message.is_own()) {
        (true, _) => ("notice", String::new()),
        (false, true) => ("own", name(&message.sender, look)),
        (false, false) => ("peer", name(&message.sender, look)),
    };
    let _ = line.class_list().add_1(author);
    let minute = (message.sort_time / GROUP_MS).to_string();
    for (name, value) in
        [("data-author", author), ("data-minute", &minute), ("data-day", &day), ("data-order", &order(message))]
    {
        let _ = line.set_attribute(name, value);
    }
    let _ = line.set_attribute("data-key", &message.key());
    if let Some(member) = &message.passed_on_by {
        let _ = line.set_attribute("data-passed-on", member.as_str());
    }
    let is_in_group = message.conversation.group().is_some();
    if is_in_group && author == "peer" {
        let _ = line.set_attribute("data-sender", message.sender.as_str());
        avatar::tint(&line, message.sender.as_str());
    }
    if let Some(last) = last {
        follow(&last, &line);
    }
    dom::set_text(&line, ".author", &who);
    if let Some(status) = dom::within(&line, ".mark") {
        // The log says a message once; how far it came is there for who asks.
        let _ = status.set_attribute("aria-live", "off");
    }
    update(&line, message, look);
    let _ = list.append_child(&line);
}

/// Moves the lines of one list above those of another, which then looks as if all had been appended in their order.
pub fn put_above(older: &Element, list: &Element) {
    if let (Some(above), Some(below)) = (older.last_element_child(), dom::within(list, "[data-author]"))
        && above.get_attribute("data-day") == below.get_attribute("data-day")
        && let Some(day) = list.first_element_child().filter(|first| !first.has_attribute("data-author"))
    {
        // The line of what is unread may stand between the two.
        if below.previous_element_sibling().as_ref() == Some(&day) {
            follow(&above, &below);
        }
        day.remove();
    }
    let first = list.first_element_child();
    while let Some(line) = older.first_element_child() {
        if list.insert_before(&line, first.as_deref()).is_err() {
            break;
        }
    }
}

/// The lower line leaves out what the one above it says already.
fn follow(above: &Element, below: &Element) {
    let same = |name: &&str| above.get_attribute(name) == below.get_attribute(name);
    let both_have = |name: &&str| above.has_attribute(name) && same(name);
    // What somebody else says of its author stands apart from what that author says.
    let is_alike = same(&"data-passed-on");
    if ["data-day", "data-author", "data-minute"].iter().all(both_have) && same(&"data-sender") && is_alike {
        let _ = below.class_list().add_1(GROUPED);
    }
    if ["data-day", "data-sender"].iter().all(both_have) && is_alike {
        let _ = below.class_list().add_1(CONTINUED);
    }
}

/// The first line of a list says everything.
pub fn begin(list: &Element) {
    if let Some(first) = dom::within(list, "[data-author]") {
        let _ = first.class_list().remove_2(GROUPED, CONTINUED);
    }
}

/// Takes a line away, and the line of its day when nothing is left of that.
pub fn remove(line: &Element) {
    let is_message = |line: &Element| line.has_attribute("data-author");
    let (above, below) = (line.previous_element_sibling(), line.next_element_sibling());
    let below = below.filter(is_message);
    // The one below says now what this one said.
    for class in [GROUPED, CONTINUED] {
        if let Some(below) = below.as_ref().filter(|_| !line.class_list().contains(class)) {
            let _ = below.class_list().remove_1(class);
        }
    }
    if let (Some(day), None) = (above.filter(|above| !is_message(above)), below) {
        day.remove();
    }
    line.remove();
}

/// Shows what a message says now, its status and its time.
pub fn update(line: &Element, message: &Message, look: Look<'_>) {
    let text = &*said(message, look);
    if let Some(body) = dom::within(line, ".body") {
        if message.is_notice() {
            // Nothing in it was written by a person, and addresses are names.
            body.set_text_content(Some(text));
        } else {
            rich_text::show(&body, text);
        }
    }
    let folded = rich_text::is_long(text) && !line.has_attribute(UNFOLDED);
    let _ = line.class_list().toggle_with_force(FOLDED, folded);
    if let Some(passed) = dom::within(line, ".passed-on") {
        let words = passed_on(message, look);
        dom::hide(&passed, words.is_none());
        passed.set_text_content(words.as_deref());
    }
    file_line::show(line, message);
    quote::prepare(line, message);
    reactions::show(line, message, look);
    let _ = line.class_list().toggle_with_force("deleted", message.is_deleted());
    let _ = line
        .class_list()
        .toggle_with_force("quiet-notice", matches!(message.body, MessageBody::Timer(_) | MessageBody::Group(_)));
    let _ = line.class_list().toggle_with_force("amended", message.is_edited());
    if let Some(star) = dom::within(line, ".star") {
        dom::hide(&star, !message.is_starred());
    }
    let _ = line.class_list().toggle_with_force("starred", message.is_starred());
    if let Some(pin) = dom::within(line, ".pinned") {
        dom::hide(&pin, message.pinned_at().is_none());
    }
    if let Some(edited) = dom::within(line, ".edited") {
        dom::hide(&edited, !message.is_edited());
        edited.set_text_content(message.is_edited().then(|| look.words.get(Word::Edited)));
    }
    if let Some(time) = dom::within(line, ".time") {
        let _ = time.set_attribute("datetime", &look.dates.iso(message.shown_time()));
        time.set_text_content(Some(&look.dates.time(message.shown_time())));
    }
    show_status(line, message, look.words);
    time_left::show(line, message, look);
}

/// Shows the whole of a long text.
pub fn unfold(line: &Element) {
    let _ = line.set_attribute(UNFOLDED, "");
    let _ = line.class_list().remove_1(FOLDED);
    dom::focus(line);
}

/// What comes after the conversation in a message's key: sorts as the messages do.
pub fn order(message: &Message) -> String {
    let key = message.key();
    key.split_once('/').map_or_else(String::new, |(_, order)| order.to_owned())
}

fn template(templates: &Element, selector: &str) -> Option<Element> {
    dom::copy(&dom::within(templates, selector)?)
}

fn show_status(line: &Element, message: &Message, words: &Words) {
    let (name, word) = match message.status {
        // It went no way that is worth a mark.
        _ if message.body == MessageBody::Expired => ("expired", None),
        DeliveryStatus::Waiting => ("waiting", Some(Word::Waiting)),
        DeliveryStatus::Sent => ("sent", Some(Word::Sent)),
        DeliveryStatus::Delivered => ("delivered", Some(Word::Delivered)),
        DeliveryStatus::Read => ("read", Some(Word::Read)),
        DeliveryStatus::Failed(failure) => ("failed", Some(why(failure))),
        DeliveryStatus::Received => ("received", None),
    };
    if line.get_attribute("data-mark").as_deref() == Some(name) {
        return;
    }
    let _ = line.set_attribute("data-mark", name);
    let Some(status) = dom::within(line, ".mark") else { return };
    status.set_text_content(word.map(|word| words.get(word)));
    if matches!(message.status, DeliveryStatus::Failed(_))
        && let Some(button) = dom::document().and_then(|document| document.create_element("button").ok())
    {
        let _ = button.set_attribute("type", "button");
        let _ = button.set_attribute("data-retry", "");
        button.set_text_content(Some(words.get(Word::Retry)));
        let _ = status.append_with_str_1(" ");
        let _ = status.append_child(&button);
    }
}
