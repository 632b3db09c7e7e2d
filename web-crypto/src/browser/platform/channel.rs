//! The channel between an account's tabs.

use gloo_events::EventListener;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use web_sys::{BroadcastChannel, MessageEvent};

/// Bytes to and from the other tabs. A browser without channels has one tab that works, and others that must be reloaded.
#[derive(Debug)]
pub struct Channel(Option<BroadcastChannel>);

impl Channel {
    /// `account` is the database's name: tabs of another account do not hear.
    pub fn open(account: &str) -> Self {
        Self(BroadcastChannel::new(account).ok())
    }

    /// Sends to every other tab.
    pub fn announce(&self, bytes: &[u8]) {
        if let Some(channel) = &self.0 {
            let _ = channel.post_message(&Uint8Array::from(bytes));
        }
    }

    /// Hears what other tabs send, for as long as the page lives.
    pub fn follow(&self, mut heard: impl FnMut(&[u8]) + 'static) {
        let Some(channel) = &self.0 else { return };
        EventListener::new(channel, "message", move |event| {
            let data = event.dyn_ref::<MessageEvent>().map(MessageEvent::data);
            if let Some(bytes) = data.as_ref().and_then(|data| data.dyn_ref::<Uint8Array>()) {
                heard(&bytes.to_vec());
            }
        })
        .forget();
    }
}
