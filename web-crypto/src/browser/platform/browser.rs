//! The browser's services for the page of one account.

use super::{
    channel::Channel,
    error::{HttpError, StoreError},
    htmx::Requests,
    http, idb, locks, presence, random,
    service::{Clock, Crypto, Http, NoLocks, Platform, Posts, Presence, Tabs, Tasks},
    store::Store,
    task, timer,
    webcrypto::{SigningKey, WebVerifier},
};
use cliquet_wire::{account_key::AccountKey, address::Address, ids::DeviceId};
use js_sys::Promise;
use rand_core::CryptoRng;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen_futures::JsFuture;

/// The services of this page.
#[derive(Debug)]
pub struct Browser {
    account: String,
    store: Store,
    channel: Channel,
    requests: Rc<Requests>,
    /// Settles when the lead is lost.
    lead: RefCell<Option<Promise>>,
}

impl Browser {
    /// Opens the channel to the account's other tabs. `store` is the account's storage.
    pub fn new(email: &Address, store: Store, requests: Rc<Requests>) -> Self {
        let account = idb::name(email);
        let channel = Channel::open(&account);
        Self { account, store, channel, requests, lead: RefCell::default() }
    }

    pub(super) fn account_store(&self) -> &Store {
        &self.store
    }

    /// The channel to the account's other tabs.
    pub fn channel(&self) -> &Channel {
        &self.channel
    }
}

impl Clock for Browser {
    fn now_ms(&self) -> u64 {
        timer::now_ms()
    }
}

impl Tasks for Browser {
    async fn pause(&self, ms: u32) {
        timer::pause(ms).await;
    }

    fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        task::spawn(work);
    }
}

impl Http for Browser {
    async fn request(&self, method: &str, path: &str, body: Option<String>) -> Result<String, HttpError> {
        http::request(method, path, body.as_deref()).await
    }
}

impl Posts for Browser {
    async fn post(&self, id: &str, body: &str, deadline_ms: u32) -> Result<String, HttpError> {
        self.requests.post(id, body, deadline_ms).await
    }

    fn forget(&self, id: &str) {
        self.requests.forget(id);
    }

    async fn poll(&self, body: String, deadline_ms: u32) -> Result<String, HttpError> {
        self.requests.poll(body, deadline_ms).await
    }

    fn cancel_poll(&self) {
        self.requests.cancel_poll();
    }
}

impl Tabs for Browser {
    fn announce(&self, frame: &[u8]) {
        self.channel.announce(frame);
    }

    async fn lead(&self) -> Result<(), NoLocks> {
        let end = locks::lead(&self.account, self.store.closed()).await.map_err(|_| NoLocks)?;
        self.lead.replace(Some(end));
        Ok(())
    }

    async fn lead_lost(&self) {
        let end = self.lead.borrow().clone();
        if let Some(end) = end {
            let _ = JsFuture::from(end).await;
        }
    }
}

impl Presence for Browser {
    fn is_online(&self) -> bool {
        presence::is_online()
    }

    fn is_visible(&self) -> bool {
        presence::is_visible()
    }
}

impl Crypto for Browser {
    type Verifier = WebVerifier;

    fn verifier(&self) -> &WebVerifier {
        &WebVerifier
    }

    fn rng(&self) -> impl CryptoRng {
        random::system()
    }
}

impl Platform for Browser {
    type Store = Store;
    type Signer = SigningKey;

    fn store(&self) -> &Store {
        &self.store
    }

    fn speak_for(&self, device: DeviceId) {
        http::speak_for(device);
    }

    async fn signer(&self, account_key: AccountKey) -> Result<Option<SigningKey>, StoreError> {
        Ok(self.store.signer(account_key))
    }
}
