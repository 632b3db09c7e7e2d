//! The home page from its first moment: opens the store, loads htmx, waits for its turn to lead.

use super::{
    add_link, codes_chunk, file_chunk, group_chunk, message_chunk, panes, rare_chunk, safety_pane, shared, unlock_pane,
    voice_chunk,
};
use crate::browser::{
    app::{engine::Engine, history_watch, leader::Leader, status::Status},
    platform::{
        browser::Browser,
        htmx::{self, Requests},
        presence::{self, Change},
        service::Kept,
        store::Store,
        task,
    },
    view::{
        archive,
        composer::Composer,
        contact_presence::ContactPresence,
        contacts::Contacts,
        conversation_menu,
        conversations::Conversations,
        dates::Dates,
        disappearing, dom, file_actions, groups, mention_list,
        message_actions::{self, MessageActions},
        notices,
        notifications::Notifications,
        status, typing,
        words::Words,
    },
};
use cliquet_wire::address::Address;
use std::rc::Rc;
use wasm_bindgen::JsError;

/// Makes the page work. Does nothing on other pages.
///
/// # Errors
/// When the page names no account, or htmx does not load: everything stays disabled, and the bootstrap says so.
pub async fn start() -> Result<(), JsError> {
    if dom::by_id("poll").is_none() {
        return Ok(());
    }
    let body = dom::document().and_then(|document| document.body());
    let email = body.and_then(|body| body.get_attribute("data-email"));
    let email = email.and_then(|email| Address::parse(&email).ok());
    let email = email.ok_or_else(|| JsError::new("the page names no account"))?;
    let (words, dates) = (Rc::new(Words::read()), Rc::new(Dates::of_page()));
    status::show(Status::Connecting, &words);
    let requests = Rc::<Requests>::default();
    let engine = match open(email, requests.clone()).await {
        Ok(engine) => engine,
        Err(status) => {
            status::show(status, &words);
            return Ok(());
        }
    };
    notices::listen(&engine, words.clone());
    typing::listen(&engine);
    let presence = ContactPresence::new(engine.clone());
    presence.listen();
    conversation_menu::listen(&engine);
    disappearing::listen(&engine);
    Notifications::new(engine.clone(), words.clone()).listen();
    archive::listen();
    let composer = Composer::new(engine.clone(), words.clone());
    let contacts = Contacts::new(engine.clone(), words.clone(), dates.clone());
    let actions = MessageActions { engine: engine.clone(), words: words.clone(), composer: composer.clone() };
    let conversations = Conversations::new(
        engine.clone(),
        words,
        dates,
        contacts.clone(),
        composer.clone(),
        (codes_chunk::show, file_chunk::show),
    );
    mention_list::listen(&engine);
    composer.listen();
    contacts.listen();
    conversations.listen();
    let actions = Rc::new(actions);
    message_actions::listen(&actions, message_chunk::serve);
    file_actions::listen(&actions, file_chunk::serve);
    let leader = Leader::new(engine.clone(), rare_chunk::run);
    follow_person(&leader, &conversations, &composer);
    let hearing = engine.clone();
    engine.platform().channel().follow(move |bytes| hearing.hear(bytes));
    group_chunk::listen(&engine);
    voice_chunk::listen(&actions);
    let (kept, opened, looked) = (composer.clone(), conversations.clone(), presence.clone());
    let leaving = move || kept.keep_draft();
    groups::listen(leaving, move || {
        opened.swapped();
        looked.look();
    });
    let (filled, served, looked) = (conversations.clone(), engine.clone(), presence.clone());
    let after_swap = move || {
        groups::swapped();
        filled.swapped();
        looked.look();
        panes::serve(&served);
        safety_pane::swapped();
    };
    htmx::load(requests, move || composer.keep_draft(), after_swap)
        .await
        .map_err(|_| JsError::new("htmx did not load"))?;
    contacts.open_search();
    groups::swapped();
    conversations.swapped();
    presence.look();
    panes::serve(&engine);
    safety_pane::swapped();
    add_link::listen(&engine);
    shared::look(&actions);
    task::spawn(leader.run());
    task::spawn(history_watch::watch(engine, rare_chunk::run));
    Ok(())
}

async fn open(email: Address, requests: Rc<Requests>) -> Result<Rc<Engine<Browser>>, Status> {
    let store = match Store::open(&email).await? {
        Kept::Open(store) => store,
        Kept::Locked(locked) => unlock_pane::ask(&email, &locked).await,
    };
    Engine::open(Browser::new(&email, store, requests), email).await
}

fn follow_person(leader: &Rc<Leader<Browser>>, conversations: &Rc<Conversations>, composer: &Rc<Composer>) {
    let (leader, conversations, composer) = (leader.clone(), conversations.clone(), composer.clone());
    presence::follow(move |change| match change {
        Change::Online => leader.returned(),
        Change::Offline => leader.lost(),
        Change::Visible => {
            leader.returned();
            conversations.seen();
        }
        Change::Focused => conversations.seen(),
        Change::Hidden => composer.keep_draft(),
    });
}
