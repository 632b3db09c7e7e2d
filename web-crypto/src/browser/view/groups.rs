//! Groups on the home page: their lines in the list, and how the conversation of one is opened.
//!
//! The server knows of no group, so nothing of one is asked for. Line and conversation are copies of templates, and a
//! group's address is the page's with its id in the fragment, which browsers send to nobody.

use super::{conversation::OpenConversation, dom, fill::fill, names, sentences::word};
use crate::{
    browser::platform::htmx,
    client::{
        conversation::{ConversationId, GroupId},
        group::{Group, Standing, WishState},
    },
};
use cliquet_wire::address::Address;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsValue;
use web_sys::Element;

const FRAGMENT: &str = "#group=";

/// The page on which a group is open.
pub fn address(group: GroupId) -> String {
    ["/home", FRAGMENT, &group.to_string()].concat()
}

thread_local! {
    /// The group to open after the next swap: somebody went back to it.
    static TO_OPEN: RefCell<Option<GroupId>> = const { RefCell::new(None) };
}

/// Opens groups whose lines are pressed. `opened`: the conversation is on the page now. `leaving`: something else is about
/// to take the place of what is shown.
pub fn listen(leaving: impl Fn() + 'static, opened: impl Fn() + 'static) {
    let (Some(document), Some(window)) = (dom::document(), dom::window()) else { return };
    let (leaving, opened) = (Rc::new(leaving), Rc::new(opened));
    let (went, shown) = (leaving.clone(), opened.clone());
    dom::on(&document, "click", move |event| {
        let line = dom::around(event, "[data-open-group]").and_then(|_| dom::around(event, "[data-contact]"));
        let id = line.and_then(|line| line.get_attribute("data-contact")?.parse::<ConversationId>().ok());
        let Some(group) = id.and_then(|id| id.group()) else { return };
        event.prevent_default();
        leaving();
        let address = address(group);
        let state = js_sys::Object::new();
        // Going back is htmx's: it has the page without a conversation, and `swapped` puts the group there.
        let _ = js_sys::Reflect::set(&state, &"htmx".into(), &JsValue::TRUE);
        let history = dom::window().and_then(|window| window.history().ok());
        let _ = history.map(|history| history.push_state_with_url(&state, "", Some(&address)));
        open(group);
        opened();
    });
    dom::on(&window, "popstate", |_| TO_OPEN.set(in_address()));
    // A notification leads to a group without a page of htmx.
    dom::on(&window, "hashchange", move |_| {
        let is_open = |group| OpenConversation::find().is_some_and(|open| open.id == ConversationId::Group(group));
        if let Some(group) = in_address().filter(|group| !is_open(*group)) {
            went();
            open(group);
            shown();
        }
    });
    TO_OPEN.set(in_address());
}

/// After every swap, and at the start: shows the group that the page's address names, if nothing is shown yet.
pub fn swapped() {
    let to_open = TO_OPEN.take().filter(|group| in_address() == Some(*group));
    // What a person asked for meanwhile stays.
    if let Some(group) = to_open.filter(|_| dom::find("#conversation [data-pane]").is_none()) {
        open(group);
    }
}

fn in_address() -> Option<GroupId> {
    let hash = dom::window()?.location().hash().ok()?;
    hash.strip_prefix(FRAGMENT)?.parse::<ConversationId>().ok()?.group()
}

/// Puts a group's conversation on the page, empty.
fn open(group: GroupId) {
    let Some(place) = dom::by_id("conversation") else { return };
    let Some(section) = dom::by_id("group-template").and_then(|template| dom::copy(&template)) else { return };
    let id = group.to_string();
    let _ = section.set_attribute("data-conversation", &id);
    name_places(&section, &id);
    place.set_text_content(None);
    let _ = place.append_child(&section);
    htmx::process(&section);
}

fn name_places(within: &Element, id: &str) {
    for place in dom::all_within(within, "[data-name]") {
        let _ = place.set_attribute("data-name", id);
        place.set_text_content(None);
    }
}

/// The line of a group in the list, made if it is not there. `None`: the group is not known here.
pub fn line(id: &ConversationId, group: &Group) -> Option<Element> {
    let list = dom::by_id("contacts")?;
    let id = id.text();
    let line = match dom::within(&list, &["[data-contact=\"", &*id, "\"]"].concat()) {
        Some(line) => line,
        None => {
            let line = dom::by_id("group-line-template").and_then(|template| dom::copy(&template))?;
            let _ = line.set_attribute("data-contact", &id);
            name_places(&line, &id);
            if let Some(link) = dom::within(&line, "a") {
                let _ = link.set_attribute("href", &address(group.id));
            }
            list.append_child(&line).ok()?;
            line
        }
    };
    learn(group);
    names::show(&line);
    let asks = group.standing == Standing::Asked;
    let state = if asks {
        "requested"
    } else if writes(group) {
        "added"
    } else {
        "read-only"
    };
    let _ = line.set_attribute("data-state", state);
    let says = match (group.standing, group.join_requests.first()) {
        (Standing::Asked, _) => word("group-asks"),
        (Standing::Asking, _) => word("group-wish"),
        (_, Some(who)) => fill(&word("group-join-request"), "name", &names::of(who.as_str())),
        _ => String::new(),
    };
    if !says.is_empty() {
        dom::set_text(&line, ".contact-last", &says);
    }
    Some(line)
}

/// Whether this account may write in it now.
fn writes(group: &Group) -> bool {
    group.standing == Standing::Joined && group.shown.is_in && group.shown.may_write
}

/// How a group is called on this page.
pub fn learn(group: &Group) -> bool {
    let name = if group.shown.name.is_empty() { word("group-unnamed") } else { group.shown.name.clone() };
    names::learn_group(&group.id.to_string(), name)
}

/// Takes away what is shown of a group that was deleted here.
pub fn forget(id: &ConversationId) {
    let line =
        dom::by_id("contacts").and_then(|list| dom::within(&list, &["[data-contact=\"", &id.text(), "\"]"].concat()));
    if let Some(line) = line {
        line.remove();
    }
    if let Some(open) = OpenConversation::find().filter(|open| open.id == *id) {
        open.leave();
    }
}

/// Shows on a group's conversation who is in it, and enables what this account may do.
pub fn show(open: &OpenConversation, group: &Group, own: &Address, kept: bool) {
    let section = open.section();
    learn(group);
    names::show(section);
    let shown = &group.shown;
    let is_joined = group.standing == Standing::Joined;
    let is_asking = group.standing == Standing::Asking;
    let mut state = String::from("group");
    for (word, holds) in [
        (" added", is_joined && shown.is_in),
        (" asked", !is_joined && shown.is_in),
        (" asking", is_asking),
        (" left", !shown.is_in && !is_asking),
        (" alone", is_joined && shown.is_in && shown.members.len() == 1),
        (" may-add", is_joined && shown.may_add),
        (" may-change", is_joined && shown.may_change),
        (" admin", is_joined && shown.is_admin(own)),
        (" only-admins", is_joined && shown.is_in && !shown.may_write && !shown.is_awaited()),
        (" unkept", !kept),
    ] {
        if holds {
            state.push_str(word);
        }
    }
    open.set_state(&state, writes(group));
    let count = match shown.members.len() {
        1 => word("group-count-one"),
        count => fill(&word("group-count"), "count", &count.to_string()),
    };
    if let Some(line) = dom::within(section, "[data-address]") {
        dom::hide(&line, is_asking);
        line.set_text_content(Some(&count));
    }
    if let Some(title) = dom::within(section, "[data-asked-title]") {
        let name = names::of(group.introduced_by.as_str());
        title.set_text_content(Some(&fill(&word("group-asked-title"), "name", &name)));
    }
    if let Some(state) = dom::within(section, "[data-asking-state]") {
        let refused = group.wish.as_ref().is_some_and(|wish| wish.state == WishState::Refused);
        let sentence = word(if refused { "group-wish-refused" } else { "group-wish-waits" });
        let name = names::of(group.introduced_by.as_str());
        state.set_text_content(Some(&fill(&sentence, "name", &name)));
    }
    show_join_requests(section, group);
    if let Some(members) = dom::within(section, "[data-asked-members]") {
        let names: Vec<String> = shown.members.iter().map(|member| names::of(member.address.as_str())).collect();
        members.set_text_content(Some(&names.join(", ")));
    }
}

/// Who asks to join.
fn show_join_requests(section: &Element, group: &Group) {
    let Some(list) = dom::within(section, "[data-join-requests]") else { return };
    let Some(template) = dom::within(section, "#join-request-template") else { return };
    dom::hide(&list, group.join_requests.is_empty());
    list.set_text_content(None);
    for address in &group.join_requests {
        let Some(line) = dom::copy(&template) else { continue };
        let _ = line.set_attribute("data-member", address.as_str());
        let name = names::of(address.as_str());
        dom::set_text(&line, "[data-who]", &fill(&word("group-join-request"), "name", &name));
        let _ = list.append_child(&line);
    }
}
