//! What the store has, on the page: the open conversation, and the list of contacts.
//!
//! htmx swaps in the skeleton of a conversation; this fills it. Every tab reads the store alike.

use super::{
    add_contact::{Verb, Wish},
    home::{self, Home},
    platform::store::StoreError,
    show::{self, Conversation, Placed},
    view::dom,
};
use crate::client::{
    conversation::{self, ConversationId, Message},
    peer::{Peer, Trust},
    records::{RecordsError, Store},
};
use cliquet_wire::address::Address;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// Lines that are laid out at first.
const PAGE_LINES: u32 = 60;
/// So near to the first line, older ones are fetched.
const NEAR_START_PIXELS: i32 = 200;
/// On a conversation's element once it is filled.
const FILLED: &str = "data-filled";

/// After every swap: fills what is new.
pub fn swapped(home: &Rc<Home>) {
    home.spawn(async move |home: Rc<Home>| {
        let done = async {
            contacts(&home).await?;
            open(&home).await
        };
        if let Err(error) = done.await {
            home.say(error.into());
        }
    });
}

/// Fills a conversation that was just swapped in.
async fn open(home: &Rc<Home>) -> Result<(), StoreError> {
    let Some(conversation) = Conversation::on_page() else { return Ok(()) };
    if conversation.section.has_attribute(FILLED) {
        return Ok(());
    }
    let _ = conversation.section.set_attribute(FILLED, "");
    lay_out(home, &conversation, PAGE_LINES).await?;
    allow(home, &conversation).await?;
    show::focus_draft(&conversation);
    if home::in_sight() {
        home.wish(&Wish::new(Verb::Read, &conversation.address));
    }
    if let Some(list) = conversation.list() {
        let home = home.clone();
        let busy = Rc::new(Cell::new(false));
        dom::on(&list.clone(), "scroll", move |_| {
            if list.scroll_top() < NEAR_START_PIXELS && !busy.replace(true) {
                let (busy, conversation) = (busy.clone(), conversation.clone());
                home.spawn(async move |home: Rc<Home>| {
                    older(&home, &conversation).await;
                    busy.set(false);
                });
            }
        });
    }
    Ok(())
}

async fn lay_out(home: &Rc<Home>, conversation: &Conversation, lines: u32) -> Result<(), StoreError> {
    let messages = messages(home, &conversation.address, lines).await?;
    conversation.lay_out(&messages, &home.words, &home.dates);
    Ok(())
}

async fn messages(home: &Home, address: &Address, lines: u32) -> Result<Vec<Message>, StoreError> {
    let records = home.store.last(Store::Messages.name(), address.as_str(), lines).await?;
    // One that does not read is left out rather than hiding all the others.
    Ok(records.iter().filter_map(|record| Message::load(&record.value).ok()).collect())
}

async fn older(home: &Rc<Home>, conversation: &Conversation) {
    let shown = conversation.lines();
    // Twice as many: all are laid out anew, so that a page more each time would cost a long way up its square.
    let wanted = shown.max(PAGE_LINES).saturating_mul(2);
    let Ok(messages) = messages(home, &conversation.address, wanted).await else { return };
    // What is shown may have been laid out anew meanwhile.
    if messages.len() > conversation.lines() as usize {
        conversation.keep_place(|| conversation.lay_out(&messages, &home.words, &home.dates));
    }
}

/// Enables what may be done with this contact.
async fn allow(home: &Rc<Home>, conversation: &Conversation) -> Result<(), StoreError> {
    let id = ConversationId::from(&conversation.address);
    let peer = load(home, Store::Peers, conversation.address.as_str(), Peer::load).await?;
    if let Some(peer) = peer {
        let kept = load(home, Store::Conversations, &id.text(), conversation::Conversation::load).await?;
        let kept = kept.is_none_or(|kept| kept.keep_history);
        conversation.allow(Some(peer.trust), peer.verified, peer.key_changed, kept);
        return Ok(());
    }
    // The server knows them, and this browser has not met them yet.
    let state = match show::listed_as(&conversation.address).as_deref() {
        Some("added") => {
            home.wish(&Wish::new(Verb::Added, &conversation.address));
            None
        }
        Some("requested") => Some(Trust::Requested),
        Some("blocked") => Some(Trust::Blocked),
        _ => None,
    };
    conversation.allow(state, false, false, true);
    Ok(())
}

/// A record, read by its type's `load`.
async fn load<T>(
    home: &Home,
    store: Store,
    key: &str,
    read: impl Fn(&[u8]) -> Result<T, RecordsError>,
) -> Result<Option<T>, StoreError> {
    let value = home.store.get(store.name(), key).await?;
    value.map(|value| read(&value).map_err(|_| StoreError::Damaged)).transpose()
}

/// Fills every line of the list.
async fn contacts(home: &Rc<Home>) -> Result<(), StoreError> {
    for record in home.store.all(Store::Peers.name()).await? {
        if let Ok(peer) = Peer::load(&record.value) {
            show::peer(&peer);
        }
    }
    for record in home.store.all(Store::Conversations.name()).await? {
        if let Ok(conversation) = conversation::Conversation::load(&record.value) {
            show::conversation(&conversation, &home.words, &home.dates);
        }
    }
    show::order_contacts(Conversation::on_page().map(|open| open.address).as_ref());
    Ok(())
}

/// What changed and is not shown yet. Whatever comes while something is shown is shown together: eight tabs that write,
/// or a history that comes back, change more lines than a page can lay out one by one.
#[derive(Debug, Default)]
pub struct Unseen {
    names: RefCell<Vec<String>>,
    showing: Cell<bool>,
}

/// Follows a commit: `messages/…`, `peers/…` and `conversations/…`, by name.
pub fn changed(home: &Rc<Home>, name: &String) {
    let mut names = home.unseen.names.borrow_mut();
    if !names.contains(name) {
        names.push(name.clone());
    }
    if !home.unseen.showing.replace(true) {
        home.spawn(async move |home: Rc<Home>| {
            loop {
                let names = home.unseen.names.take();
                if names.is_empty() {
                    break;
                }
                if let Err(error) = follow(&home, &names).await {
                    home.say(error.into());
                }
            }
            home.unseen.showing.set(false);
        });
    }
}

async fn follow(home: &Rc<Home>, names: &[String]) -> Result<(), StoreError> {
    let open = Conversation::on_page();
    let mut between = false;
    for name in names {
        let Some((store, key)) = name.split_once('/') else { continue };
        let id = key.split('/').next().unwrap_or_default();
        let here = open.as_ref().filter(|open| open.address.as_str() == id);
        if store == Store::Peers.name() {
            let Some(peer) = load(home, Store::Peers, key, Peer::load).await? else { continue };
            if peer.trust == Trust::Own {
                continue;
            }
            if !show::peer(&peer) {
                show::refresh_contacts();
            }
            if let Some(open) = here {
                allow(home, open).await?;
            }
        } else if store == Store::Conversations.name() {
            let kept = load(home, Store::Conversations, key, conversation::Conversation::load).await?;
            let Some(conversation) = kept else { continue };
            show::conversation(&conversation, &home.words, &home.dates);
            if let Some(open) = here {
                allow(home, open).await?;
                if conversation.unread > 0 && home::in_sight() {
                    home.wish(&Wish::new(Verb::Read, &open.address));
                }
            }
        } else if !between
            && let Some(open) = here
            && let Some(value) = home.store.get(Store::Messages.name(), key).await?
            && let Ok(message) = Message::load(&value)
        {
            between = open.show(&message, PAGE_LINES, &home.words, &home.dates) == Placed::Between;
        }
    }
    if between && let Some(open) = &open {
        // The end is shown then, so what is far above it can be fetched again. The other lines that came are there with it.
        lay_out(home, open, PAGE_LINES).await?;
    }
    show::order_contacts(open.map(|open| open.address).as_ref());
    Ok(())
}

/// The panel with the digits, which the keeper computes.
pub fn listen(home: &Rc<Home>) {
    let Some(document) = dom::document() else { return };
    let home = home.clone();
    dom::on(&document, "click", move |event| {
        if dom::around(event, "[data-safety-number]").is_none() {
            return;
        }
        let Some(conversation) = Conversation::on_page() else { return };
        if conversation.toggle_safety_number() {
            home.spawn(async move |home: Rc<Home>| {
                let wish = ["number/", conversation.address.as_str(), "/"].concat();
                let _ = home.call_keeper(&wish).await;
            });
        }
    });
}
