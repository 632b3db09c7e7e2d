//! How accounts are called on this page: by the name that the person gave them, else by the one that they give themselves,
//! else by their address.
//!
//! Owns the names that this tab has read. The address stays within reach wherever a name is shown: anybody can call
//! themselves anything.

use super::{dom, sentences::word};
use crate::client::peer::Peer;
use cliquet_wire::address::Address;
use std::{cell::RefCell, collections::BTreeMap};
use web_sys::Element;

#[derive(Default, Debug)]
struct Names {
    /// Given by the person here.
    nickname: Option<String>,
    /// Given by the account itself.
    own: Option<String>,
}

thread_local! {
    static NAMES: RefCell<BTreeMap<String, Names>> = const { RefCell::new(BTreeMap::new()) };
    /// This account's address, and how the conversation with it is called.
    static NOTES: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// What a person writes to themselves is under this account's address.
pub fn call_notes(own: &str, name: &str) {
    NOTES.set(Some((own.to_owned(), name.to_owned())));
}

/// How an account, or the conversation with it, is called.
pub fn of(address: &str) -> String {
    let notes =
        NOTES.with_borrow(|notes| notes.as_ref().filter(|(own, _)| own == address).map(|(_, name)| name.clone()));
    if let Some(name) = notes {
        return name;
    }
    NAMES.with_borrow(|names| {
        let known = names.get(address);
        let name = known.and_then(|names| names.nickname.as_ref().or(names.own.as_ref()));
        name.map_or_else(|| address.to_owned(), Clone::clone)
    })
}

/// How an account that a text speaks of is called, behind the sign of a mention.
pub fn of_mentioned(account: &Address) -> String {
    if is_own(account) { word("you") } else { of(account.as_str()) }
}

/// Whether this is this page's own account.
pub fn is_own(account: &Address) -> bool {
    NOTES.with_borrow(|notes| notes.as_ref().is_some_and(|(own, _)| own == account.as_str()))
}

/// What the person calls an account. Whether that changes how it is called.
pub fn learn_nickname(address: &str, nickname: Option<&str>) -> bool {
    learn(address, |names| names.nickname = nickname.map(str::to_owned))
}

/// What an account calls itself. Whether that changes how it is called.
pub fn learn_own(peer: &Peer) -> bool {
    learn(peer.address.as_str(), |names| names.own.clone_from(&peer.profile_name.name))
}

/// How a group is called, by its id. Whether that is new.
pub fn learn_group(id: &str, name: String) -> bool {
    learn(id, |names| names.own = Some(name))
}

fn learn(address: &str, change: impl FnOnce(&mut Names)) -> bool {
    let before = of(address);
    NAMES.with_borrow_mut(|names| change(names.entry(address.to_owned()).or_default()));
    of(address) != before
}

/// Shows the names on a conversation, or on its line in the list; and the address beside a name, where there is a place.
pub fn show(element: &Element) {
    for place in dom::all_within(element, "[data-name]") {
        let address = place.get_attribute("data-name").unwrap_or_default();
        let name = of(&address);
        place.set_text_content(Some(&name));
        if let Some(line) = dom::within(element, "[data-address]") {
            dom::hide(&line, name == address);
            line.set_text_content(Some(&address));
        }
    }
}
