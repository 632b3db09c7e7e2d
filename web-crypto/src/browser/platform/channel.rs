//! The channel between an account's tabs.

use gloo_events::EventListener;
use js_sys::Array;
use wasm_bindgen::JsCast;
use web_sys::{BroadcastChannel, MessageEvent};

const CHANNEL: &str = "cliquet";

/// This tab's link to the account's other tabs.
#[derive(Debug)]
pub struct Tabs {
    account: String,
    channel: Option<BroadcastChannel>,
}

impl Tabs {
    /// `account` is the database's name: tabs of another account are not ours.
    pub fn new(account: String) -> Self {
        Self { account, channel: BroadcastChannel::new(CHANNEL).ok() }
    }

    /// The database's name.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Tells the other tabs which records changed.
    pub fn announce<'a>(&self, changed: impl Iterator<Item = &'a str>) {
        let message = Array::of1(&self.account.as_str().into());
        changed.for_each(|name| {
            message.push(&name.into());
        });
        if let Some(channel) = &self.channel {
            let _ = channel.post_message(&message);
        }
    }

    /// Hears what other tabs announce.
    pub fn follow(&self, mut changed: impl FnMut(Vec<String>) + 'static) {
        let Some(channel) = &self.channel else { return };
        let account = self.account.clone();
        EventListener::new(channel, "message", move |event| {
            let Some(data) = event.dyn_ref::<MessageEvent>().map(MessageEvent::data) else { return };
            let mut names =
                data.dyn_ref::<Array>().into_iter().flat_map(Array::iter).filter_map(|name| name.as_string());
            if names.next().as_deref() == Some(account.as_str()) {
                changed(names.collect());
            }
        })
        .forget();
    }
}
