//! The home page from its first moment: opens the store, loads htmx, waits for its turn to lead.

use super::{
    add_contact,
    home::Home,
    htmx::{self, Answer, Requests},
    keep::Keeping,
    load_messages, long_polling,
    platform::{locks, timer},
    pre_keys, register_message, search_user, status,
    status::State,
    view::dom,
    words::Words,
};
use cliquet_wire::address::Address;
use js_sys::Function;
use std::rc::Rc;
use wasm_bindgen::JsError;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Element};

/// An error leaves everything disabled, and the bootstrap says so. Does nothing on other pages.
/// `open_next` loads the keeper.
pub async fn start(open_next: Function) -> Result<(), JsError> {
    if dom::by_id("poll").is_none() {
        return Ok(());
    }
    let body = dom::document().and_then(|document| document.body());
    let email = body.and_then(|body| body.get_attribute("data-email")).ok_or_else(unnamed)?;
    let email = Address::parse(&email).map_err(|_| unnamed())?;
    let words = Words::read();
    status::show(State::Connecting, &words);
    let home = match Home::open(email, words, Keeping::new(open_next)).await {
        Ok(home) => Rc::new(home),
        Err(state) => {
            status::show(state, &Words::read());
            return Ok(());
        }
    };
    add_contact::listen(&home);
    register_message::listen(&home);
    load_messages::listen(&home);
    long_polling::listen(&home);
    let following = home.clone();
    home.tabs.follow(move |changed| following.changed(&changed));
    htmx::load(home.clone()).await.map_err(|_| JsError::new("htmx did not load"))?;
    search_user::listen();
    load_messages::swapped(&home);
    home.spawn(lead);
    Ok(())
}

fn unnamed() -> JsError {
    JsError::new("the page names no account")
}

/// Waits for its turn to lead, then does for as long as the page lives.
async fn lead(home: Rc<Home>) {
    let waiting = home.clone();
    home.spawn(async move |_| {
        timer::pause(FOLLOWER_AFTER_MS).await;
        if !waiting.leads() {
            waiting.say(State::OtherTabLeads);
        }
    });
    let Ok(end) = locks::lead(home.tabs.account(), home.store.closed()).await else {
        // Without Web Locks two tabs could seal with one state: better none does.
        home.say(State::OtherVersion);
        return;
    };
    while home.keep_what_is_left().await.is_err() {
        // A new device that cannot have its contacts yet hears nobody.
        home.say(State::Reconnecting);
        timer::pause(long_polling::back_off(3)).await;
    }
    if let Err(state) = home.take_the_lead().await {
        home.say(state);
        return;
    }
    home.polling_begins();
    home.pump();
    home.spawn(pre_keys::tend);
    home.spawn(Home::keep_on);
    let _ = JsFuture::from(end).await;
    home.step_down();
}

/// The lead is taken at once when it is free.
const FOLLOWER_AFTER_MS: u32 = 300;

impl Requests for Home {
    fn request(self: Rc<Self>, element: &Element, signal: AbortSignal) -> Option<Answer> {
        if element.id() == "poll" {
            return Some(Box::pin(self.poll(signal)));
        }
        element.has_attribute("data-outbox").then(|| Box::pin(self.post(element.clone(), signal)) as Answer)
    }

    fn ended(self: Rc<Self>, element: &Element) {
        if element.id() == "poll" {
            self.poll_ended();
        } else if element.has_attribute("data-outbox") {
            self.post_ended();
        }
    }

    fn swapped(self: Rc<Self>) {
        load_messages::swapped(&self);
    }
}
