//! The browser's services for making, entering and changing an account.

use super::{
    error::{HttpError, StoreError},
    http, random,
    service::{AccountPlatform, AccountSigner, Clock, Crypto, Http, Kept},
    store::{LockedStore, Store},
    timer,
    webcrypto::{self, NewAccountKey, SigningKey, WebVerifier},
};
use crate::crypto::{
    keys::Key,
    rsa::{SignError, WrappedAccountKey},
};
use cliquet_wire::{account_key::AccountKey, address::Address};
use rand_core::CryptoRng;

/// This page's browser.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountBrowser;

impl Clock for AccountBrowser {
    fn now_ms(&self) -> u64 {
        timer::now_ms()
    }
}

impl Http for AccountBrowser {
    async fn request(&self, method: &str, path: &str, body: Option<String>) -> Result<String, HttpError> {
        http::request(method, path, body.as_deref()).await
    }
}

impl Crypto for AccountBrowser {
    type Verifier = WebVerifier;

    fn verifier(&self) -> &WebVerifier {
        &WebVerifier
    }

    fn rng(&self) -> impl CryptoRng {
        random::system()
    }
}

impl AccountSigner for SigningKey {
    fn account_key(&self) -> &AccountKey {
        Self::account_key(self)
    }
}

impl AccountPlatform for AccountBrowser {
    type Store = Store;
    type Locked = LockedStore;
    type Signer = SigningKey;

    async fn painted(&self) {
        timer::painted().await;
    }

    async fn open_store(&self, email: &Address) -> Result<Kept<Store, LockedStore>, StoreError> {
        Store::open(email).await
    }

    async fn erase_store(&self, email: &Address) -> Result<(), StoreError> {
        Store::erase(email).await
    }

    async fn make_account_key(&self, wrapping: &Key) -> Result<(SigningKey, WrappedAccountKey), SignError> {
        let key = NewAccountKey::generate().await.map_err(|_| SignError)?;
        key.wrap(wrapping.as_bytes()).await.map_err(|_| SignError)
    }

    async fn unwrap_account_key(
        &self,
        wrapped: &WrappedAccountKey,
        wrapping: &Key,
        account_key: &AccountKey,
    ) -> Result<SigningKey, SignError> {
        SigningKey::unwrap(wrapped, wrapping.as_bytes(), account_key.clone()).await.map_err(|_| SignError)
    }
    async fn rewrap_account_key(
        &self,
        wrapped: &WrappedAccountKey,
        old: &Key,
        new: &Key,
        account_key: &AccountKey,
    ) -> Result<WrappedAccountKey, SignError> {
        let rewrapped = webcrypto::rewrap(wrapped, old.as_bytes(), new.as_bytes(), account_key.clone()).await;
        rewrapped.map_err(|_| SignError)
    }
}
