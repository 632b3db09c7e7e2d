//! Several tabs of one person: one leads, the others follow.
//!
//! The leader holds a Web Lock for as long as it lives; it alone owns the ratchet, the poll and the outbox. Every commit
//! is announced to the other tabs by the names of what changed, never by what it says.

use super::page;
use js_sys::{Array, Function, Promise};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, MessageEvent};

const CHANNEL: &str = "cliquet";

#[wasm_bindgen]
extern "C" {
    /// web-sys has Web Locks only behind an unstable setting.
    type NavigatorWithLocks;
    #[wasm_bindgen(method, getter)]
    fn locks(this: &NavigatorWithLocks) -> LockManager;

    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, callback: &Function) -> Result<Promise, JsValue>;
}

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

    /// Returns when this tab leads: at once, or when the tab that leads is closed. It does until it is gone, or until
    /// `end` settles; then what is returned settles, too.
    pub async fn lead(&self, end: Promise) -> Result<Promise, JsValue> {
        let navigator = page::window().ok_or(JsValue::UNDEFINED)?.navigator();
        let locks = navigator.unchecked_ref::<NavigatorWithLocks>().locks();
        let mut granted = None;
        let leading = Promise::new(&mut |resolve: Function, _| granted = Some(resolve));
        let granted = granted.ok_or(JsValue::UNDEFINED)?;
        let callback = Closure::once_into_js(move || {
            let _ = granted.call0(&JsValue::UNDEFINED);
            end
        });
        let held = locks.request(&[&self.account, "-leader"].concat(), callback.unchecked_ref())?;
        JsFuture::from(Promise::race(&Array::of2(&leading, &held))).await?;
        Ok(held)
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
        page::on(channel, "message", move |event| {
            let Some(data) = event.dyn_ref::<MessageEvent>().map(MessageEvent::data) else { return };
            let mut names =
                data.dyn_ref::<Array>().into_iter().flat_map(Array::iter).filter_map(|name| name.as_string());
            if names.next().as_deref() == Some(account.as_str()) {
                changed(names.collect());
            }
        });
    }
}

/// Lets one step at a time change this tab's messenger, in the order of asking.
#[derive(Debug)]
pub struct Turns(RefCell<Promise>);

/// Held for the length of a step; the next one begins when it is dropped.
#[derive(Debug)]
pub struct Turn(Option<Function>);

impl Default for Turns {
    fn default() -> Self {
        Self(RefCell::new(Promise::resolve(&JsValue::UNDEFINED)))
    }
}

impl Turns {
    pub async fn take(&self) -> Turn {
        let mut release = None;
        let mine = Promise::new(&mut |resolve: Function, _| release = Some(resolve));
        let turn = Turn(release);
        let before = self.0.replace(mine);
        let _ = JsFuture::from(before).await;
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(release) = &self.0 {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}
