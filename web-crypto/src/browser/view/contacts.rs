//! The list of contacts, the form that looks somebody up, and the buttons that add somebody.

use super::{
    Engine, archive, avatar,
    conversation::OpenConversation,
    conversation_menu,
    dates::Dates,
    dom, file_words, groups,
    message_words::{self, Look},
    names, notices,
    rich_text::in_short,
    words::{Word, Words},
};
use crate::{
    browser::{
        app::{add_contact, drafts, error::AppError, load_messages},
        platform::{htmx, task, timer},
    },
    client::{
        content::is_blank,
        conversation::{Conversation, ConversationId, MessageBody},
        peer::{Peer, Trust},
        records::sortable,
    },
};
use cliquet_wire::address::Address;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlFieldSetElement, HtmlInputElement, HtmlTemplateElement};

/// On the line of a conversation whose draft is shown.
const HAS_DRAFT: &str = "data-has-draft";
/// Between two looks at whether the list has somebody who was just added.
const LOOK_MS: u32 = 100;
const LOOKS_MAX: u32 = 100;

/// The list of contacts, whose lines come from the server and whose content comes from the store.
#[derive(Debug)]
pub struct Contacts {
    engine: Rc<Engine>,
    words: Rc<Words>,
    dates: Rc<Dates>,
}

impl Contacts {
    pub fn new(engine: Rc<Engine>, words: Rc<Words>, dates: Rc<Dates>) -> Rc<Self> {
        Rc::new(Self { engine, words, dates })
    }

    /// Serves the buttons that add somebody, wherever htmx puts them.
    pub fn listen(self: &Rc<Self>) {
        let Some(document) = dom::document() else { return };
        let contacts = self.clone();
        dom::on(&document, "click", move |event| {
            let Some((button, address)) = to_add(event) else { return };
            event.prevent_default();
            let _ = button.set_attribute("disabled", "");
            let contacts = contacts.clone();
            task::spawn(async move {
                let done = contacts.add(&address).await;
                let _ = button.remove_attribute("disabled");
                if let Err(error) = done {
                    notices::complain(&error);
                }
            });
        });
    }

    /// Opens the form that looks somebody up, and forgets the last answer when another address is typed.
    pub fn open_search(&self) {
        let Some(form) = dom::by_id("add-contact") else { return };
        if let Some(fieldset) = dom::within(&form, "fieldset") {
            fieldset.unchecked_ref::<HtmlFieldSetElement>().set_disabled(false);
        }
        dom::on(&form, "input", |_| show_search_result(""));
    }

    /// Fills every line.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn fill(&self) -> Result<(), AppError> {
        for peer in load_messages::peers(&self.engine).await? {
            self.show_peer(&peer).await?;
        }
        for group in load_messages::groups(&self.engine).await? {
            if let Some(line) = groups::line(&ConversationId::Group(group.id), &group) {
                avatar::show_group(&self.engine, &line, &group).await?;
            }
        }
        let drafts = drafts::all(&self.engine).await?;
        for conversation in load_messages::conversations(&self.engine).await? {
            let draft = drafts.get(&*conversation.id.text()).map_or("", |draft| draft.as_str());
            self.show(&conversation, draft);
        }
        put_in_order();
        Ok(())
    }

    /// What was said last, on a conversation's line, or the draft of one that is not open.
    pub fn show(&self, conversation: &Conversation, draft: &str) {
        let Some(line) = line(&conversation.id).or_else(|| self.line_of_notes(conversation)) else { return };
        let _ = line.set_attribute("data-newest", &sortable(conversation.newest));
        conversation_menu::show(&line, &conversation.settings, conversation.newest);
        if let Some(last) = &conversation.preview {
            let look = Look { words: &self.words, dates: &self.dates, own: self.engine.email() };
            // Who wrote notes to themselves is known.
            let says_who = last.is_own && !conversation.id.is_with(self.engine.email());
            // In a group it may be anybody.
            let other = names::of(last.sender.as_str());
            let is_text = matches!(last.body, MessageBody::Text(_) | MessageBody::Deleted);
            let who = match (says_who, conversation.id.group()) {
                (true, _) => self.words.get(Word::You),
                (false, Some(_)) if is_text => &other,
                (false, _) => "",
            };
            let text = match (&last.body, &last.file) {
                (MessageBody::Text(text), Some(file)) if is_blank(text) => file_words::in_short(file.kind, &file.name),
                (body, _) => in_short(&message_words::body(body, &last.sender, look)).into_owned(),
            };
            show_last(&line, who, &text);
            dom::set_text(&line, ".contact-time", &self.dates.short(last.time));
        } else if conversation.newest > 0 {
            // Everything has disappeared.
            dom::set_text(&line, ".contact-last", "");
            dom::set_text(&line, ".contact-time", "");
        }
        let is_open = OpenConversation::find().is_some_and(|open| open.id == conversation.id);
        let has_draft = !is_open && !draft.trim().is_empty();
        if has_draft {
            show_last(&line, self.words.get(Word::Draft), &in_short(draft));
        } else if conversation.preview.is_none() && line.has_attribute(HAS_DRAFT) {
            dom::set_text(&line, ".contact-last", "");
        }
        let _ = line.toggle_attribute_with_force(HAS_DRAFT, has_draft);
        if let Some(unread) = dom::within(&line, ".contact-unread") {
            let count = if conversation.unread == 0 { String::new() } else { conversation.unread.to_string() };
            let _ = unread.set_attribute("title", self.words.get(Word::Unread));
            unread.set_text_content(Some(&count));
            let _ = unread.class_list().toggle_with_force("mentioned", conversation.is_mentioned());
        }
    }

    /// What is known of an account, on its line. `false`: the list does not have it.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn show_peer(&self, peer: &Peer) -> Result<bool, AppError> {
        names::learn_own(peer);
        let Some(line) = line(&ConversationId::from(&peer.address)) else { return Ok(false) };
        let state = match peer.trust {
            Trust::Requested | Trust::Member => "requested",
            Trust::Blocked => "blocked",
            Trust::Own | Trust::Added => "added",
        };
        let _ = line.set_attribute("data-state", state);
        names::show(&line);
        avatar::show(&self.engine, &line, peer).await?;
        Ok(true)
    }

    /// The line of what the person writes to themselves, once there is something. The server's list has none: it would not
    /// know when.
    fn line_of_notes(&self, conversation: &Conversation) -> Option<Element> {
        let own = self.engine.email();
        if !conversation.id.is_with(own) || conversation.newest == 0 {
            return None;
        }
        let template = dom::by_id("notes-template")?.dyn_into::<HtmlTemplateElement>().ok()?;
        let copy = template.content().clone_node_with_deep(true).ok()?;
        dom::by_id("contacts")?.append_child(&copy).ok()?;
        let line = line(&conversation.id)?;
        htmx::process(&line);
        names::show(&line);
        if let Some(avatar) = dom::within(&line, ".avatar") {
            avatar::draw(&avatar, own.as_str(), &names::of(own.as_str()), None);
        }
        Some(line)
    }

    async fn add(&self, address: &Address) -> Result<(), AppError> {
        add_contact::add(&self.engine, address).await?;
        if listed_as(&address.into()).is_none() {
            show_search_result(self.words.get(Word::ContactAdded));
        }
        if let Some(field) = dom::by_id("search-email").and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) {
            field.set_value("");
        }
        refresh();
        Ok(())
    }
}

/// Whose it is in the page's direction, what was said in its own: `<bdi>`.
fn show_last(line: &Element, whose: &str, said: &str) {
    let separator = if whose.is_empty() { "" } else { ": " };
    dom::set_text(line, ".contact-last", &[whose, separator].concat());
    let text = dom::document().and_then(|document| document.create_element("bdi").ok());
    if let (Some(last), Some(text)) = (dom::within(line, ".contact-last"), text) {
        let _ = text.set_attribute("translate", "no");
        text.set_text_content(Some(said));
        let _ = last.append_child(&text);
    }
}

/// Pinned conversations first, then the newest; and the open one marked.
pub fn put_in_order() {
    let open = OpenConversation::find().map(|open| open.id.to_string());
    let Some(list) = dom::by_id("contacts") else { return };
    let mut lines: Vec<(Element, String)> = dom::all_within(&list, "[data-contact]")
        .into_iter()
        .map(|line| {
            let newest = line.get_attribute("data-newest").unwrap_or_default();
            let place = [if conversation_menu::is_pinned(&line) { "1" } else { "0" }, &newest].concat();
            (line, place)
        })
        .collect();
    // By insertion: mostly one line moves up.
    for at in 1..lines.len() {
        let Some((_, place)) = lines.get(at) else { break };
        if let Some(to) = lines.iter().take(at).position(|(_, other)| other < place) {
            let moved = lines.remove(at);
            let _ = list.insert_before(&moved.0, lines.get(to).map(|(next, _)| next.unchecked_ref()));
            lines.insert(to, moved);
        }
    }
    for (line, _) in &lines {
        let Some(link) = dom::within(line, "a") else { continue };
        let is_open = open.is_some() && line.get_attribute("data-contact") == open;
        let _ =
            if is_open { link.set_attribute("aria-current", "page") } else { link.remove_attribute("aria-current") };
    }
    archive::count();
}

/// The state in which the server's list has a conversation.
pub fn listed_as(id: &ConversationId) -> Option<String> {
    line(id)?.get_attribute("data-state")
}

/// Where a conversation's line says that its contact is typing.
pub fn typing_line(id: &ConversationId) -> Option<Element> {
    dom::within(&line(id)?, ".contact-typing")
}

/// Has htmx fetch the list again.
pub fn refresh() {
    if let Some(list) = dom::by_id("contacts") {
        dom::dispatch(&list, "refresh");
    }
}

/// Opens a conversation as soon as the list has it.
pub async fn open_when_listed(id: ConversationId) {
    for _ in 0..LOOKS_MAX {
        let link = line(&id).and_then(|line| dom::within(&line, "a")?.dyn_into::<HtmlElement>().ok());
        if let Some(link) = link {
            // htmx has the rest of it.
            return link.click();
        }
        timer::pause(LOOK_MS).await;
    }
}

fn line(id: &ConversationId) -> Option<Element> {
    dom::within(&dom::by_id("contacts")?, &["[data-contact=\"", &id.text(), "\"]"].concat())
}

/// The answer below the form that looks somebody up.
fn show_search_result(sentence: &str) {
    if let Some(element) = dom::by_id("search-result") {
        element.set_text_content(Some(sentence));
    }
}

/// A button and whom it adds: the contact it names, or whose conversation is open and asks.
fn to_add(event: &Event) -> Option<(Element, Address)> {
    let button = dom::around(event, "[data-add-contact], [data-accept]")?;
    let address = match button.get_attribute("data-add-contact") {
        Some(address) => Address::parse(&address).ok()?,
        None => OpenConversation::find()?.id.peer()?.clone(),
    };
    Some((button, address))
}
