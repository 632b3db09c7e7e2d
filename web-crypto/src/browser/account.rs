//! An account made, or entered, in this browser: what sign-up and sign-in do once the password has given its export key.
//!
//! Owns the order of the steps. Everything that an account or a device needs is on this disk before the server is asked
//! to make it, so an answer that is lost costs nothing. What the server says about an account is believed only as far
//! as the vault, which only the password opens, vouches for it.

use super::{
    account_error::AccountError,
    own_device::{self, KeptDevice, NewDevice},
    platform::{
        http::{self, HttpError},
        lazy::{Boxed, NotLoaded},
        random,
        store::{ACCOUNT_KEY, Store},
        webcrypto::{NewAccountKey, SigningKey, WebVerifier},
    },
};
use crate::{
    client::{
        records::{self, Changes},
        safekeeping::{SAFEKEEPING, first_record},
    },
    crypto::{
        CheckedCard,
        keys::Key,
        vault::{self, OpenVault, Owner, VaultBody, VaultKeys},
    },
};
use cliquet_wire::{
    address::Address,
    bytes::Blob,
    certificate::AccountCard,
    devices::RegisterDevice,
    ids::DeviceId,
    problem::ProblemCode,
    sign_in::{SignInFinish, SignUpFinish, SignedIn, SignedUp},
    vault::ReplaceVault,
};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_split_helpers::wasm_split;
use zeroize::Zeroizing;

/// Whether this browser keeps a device of this address that the server may not know.
#[wasm_bindgen]
pub async fn has_pending(email: &str) -> bool {
    let Ok(email) = Address::parse(email) else { return false };
    let kept = async { KeptDevice::find(&Store::open(&email).await?).await };
    match kept.await {
        Ok(Some(kept)) => kept.pending,
        Ok(None) => {
            // To ask made an empty one: leave no trace of the address.
            let _ = Store::erase(&email).await;
            false
        }
        Err(_) => false,
    }
}

/// Makes the account, its vault and its first device. Says nothing, or what went wrong.
#[wasm_bindgen]
pub async fn finish_sign_up(
    email: &str,
    export_key: Vec<u8>,
    record: Vec<u8>,
    invite: Option<String>,
    may_replace: bool,
) -> Option<String> {
    let (email, export_key) = (email.to_owned(), Zeroizing::new(export_key));
    let begun = begin_sign_up(email, export_key, Blob(record), invite, may_replace).await;
    sentence(begun).await
}

/// Proves the password to the server, opens the vault, and makes this browser a device unless it is one. Says nothing,
/// or what went wrong.
#[wasm_bindgen]
pub async fn finish_sign_in(
    email: &str,
    export_key: Vec<u8>,
    attempt: &str,
    finalization: Vec<u8>,
    may_replace: bool,
) -> Option<String> {
    let (email, export_key) = (email.to_owned(), Zeroizing::new(export_key));
    let begun = begin_sign_in(email, export_key, attempt.to_owned(), Blob(finalization), may_replace).await;
    sentence(begun).await
}

/// What went wrong, if something did.
async fn sentence(begun: Result<Boxed<Result<(), AccountError>>, NotLoaded>) -> Option<String> {
    let done = match begun {
        Ok(work) => work.await,
        Err(not_loaded) => Err(not_loaded.into()),
    };
    done.err().map(|error| error.sentence())
}

/// Fetches what the functions above need, while a person still types. What fails here is tried again by them.
#[wasm_bindgen]
pub async fn prepare() {
    let _ = load_begin().await;
}

/// [`sign_up`], which one does once.
#[wasm_split(begin, fallible, preload(load_begin))]
fn begin_sign_up(
    email: String,
    export_key: Zeroizing<Vec<u8>>,
    record: Blob,
    invite: Option<String>,
    may_replace: bool,
) -> Result<Boxed<Result<(), AccountError>>, NotLoaded> {
    Ok(Box::pin(async move { sign_up(&email, &export_key, record, invite, may_replace).await }))
}

/// [`sign_in`], which one does once a month.
#[wasm_split(begin, fallible)]
fn begin_sign_in(
    email: String,
    export_key: Zeroizing<Vec<u8>>,
    attempt: String,
    finalization: Blob,
    may_replace: bool,
) -> Result<Boxed<Result<(), AccountError>>, NotLoaded> {
    Ok(Box::pin(async move { sign_in(&email, &export_key, &attempt, finalization, may_replace).await }))
}

async fn sign_up(
    email: &str,
    export_key: &[u8],
    record: Blob,
    invite: Option<String>,
    may_replace: bool,
) -> Result<(), AccountError> {
    let email = &Address::parse(email).map_err(|_| AccountError::Misused)?;
    let store = Store::open(email).await?;
    let kept = KeptDevice::find(&store).await?;
    let is_new = kept.is_none();
    let store = match kept {
        // The server has just said that it has no such account.
        Some(kept) if !kept.pending => replaced(store, email, may_replace).await?,
        _ => store,
    };
    let made = make(email, export_key, record, invite, &store).await;
    if is_new && made.as_ref().is_err_and(AccountError::is_final) {
        // Nothing was made, and nothing was here before: leave no trace of the address. A database that cannot be
        // removed is of no use to anyone, and the next sign-up takes it.
        let _ = Store::erase(email).await;
    }
    made
}

/// An empty storage in the place of an account's that is no more. Its history never goes without a word.
async fn replaced(store: Store, email: &Address, may_replace: bool) -> Result<Store, AccountError> {
    if !may_replace {
        return Err(AccountError::EarlierAccount);
    }
    store.close();
    Store::erase(email).await?;
    Ok(Store::open(email).await?)
}

async fn make(
    email: &Address,
    export_key: &[u8],
    record: Blob,
    invite: Option<String>,
    store: &Store,
) -> Result<(), AccountError> {
    let rng = &mut random::system();
    let root = Key::generate(rng);
    let keys = VaultKeys::derive(&root);
    let (signer, wrapped) = NewAccountKey::generate().await?.wrap(keys.wrapping.as_bytes()).await?;
    let device = NewDevice::first(email.clone(), &signer).await?;
    let device_list = device.device_list();
    let account_key = signer.account_key().clone();
    let owner = Owner { email, account_key: &account_key };
    let vault = vault::make(owner, &root, export_key, &wrapped, device_list.counter, rng)?;
    device.keep(store, &signer, &first_record(&keys, 1)).await?;
    let device_id = device.id();
    let device = device.into_upload();
    let finish = SignUpFinish { email: email.clone(), invite, record, account_key, vault, device_list, device };
    let signed_up: SignedUp = http::post("/sign-up/finish", &finish).await.map_err(|error| match error {
        // Each of these may come after the server has made the account.
        HttpError::Offline | HttpError::TimedOut | HttpError::Unreadable => AccountError::AnswerLost,
        HttpError::Problem(_) => AccountError::Server(error),
    })?;
    if signed_up.device != device_id {
        return Err(AccountError::AnswerLost);
    }
    own_device::confirm(store).await;
    Ok(())
}

async fn sign_in(
    email: &str,
    export_key: &[u8],
    attempt: &str,
    finalization: Blob,
    may_replace: bool,
) -> Result<(), AccountError> {
    let email = &Address::parse(email).map_err(|_| AccountError::Misused)?;
    // Not `parse`: its error explains itself, in 4 KB of code that nobody reads.
    let attempt = uuid::Uuid::try_parse(attempt).map_err(|_| AccountError::Misused)?;
    // The password was right, or there would be no export key: a wrong guess leaves no storage behind.
    let store = Store::open(email).await?;
    let kept = KeptDevice::find(&store).await?;
    let device = kept.as_ref().map(|kept| kept.own.device());
    let signed_in: SignedIn = http::post("/sign-in/finish", &SignInFinish { attempt, finalization, device }).await?;
    let entered = enter(email, export_key, signed_in, store, kept, may_replace).await;
    if entered.is_err() {
        // A sign-in that cannot go on is ended, so that no page takes it for one. If even this is lost, it speaks for
        // no device, and ends by itself.
        let _ = http::call("POST", "/sign-out").await;
    }
    entered
}

async fn enter(
    email: &Address,
    export_key: &[u8],
    signed_in: SignedIn,
    store: Store,
    kept: Option<KeptDevice>,
    may_replace: bool,
) -> Result<(), AccountError> {
    if signed_in.card.email != *email {
        return Err(AccountError::CardRefused);
    }
    let owner = Owner { email, account_key: &signed_in.card.account_key };
    let keys = VaultKeys::derive(&vault::root_by_password(owner, export_key, &signed_in.vault)?);
    let vault = vault::open(owner, &keys.body, 0, &signed_in.vault)?;
    let card = CheckedCard::check(signed_in.card, None, vault.body.counter, &WebVerifier).await?;
    let account = Account { card, keys, vault, sealed: signed_in.vault };
    match kept {
        // Another account of this address, made anew after the one that is kept here was gone.
        Some(kept) if kept.own.account_key() != account.card.account_key() => {
            let store = replaced(store, email, may_replace || kept.pending).await?;
            account.register(&store).await
        }
        Some(kept) if signed_in.device == Some(kept.own.device()) => account.resume(&store, kept.own.device()).await,
        _ => account.register(&store).await,
    }
}

/// The account as its vault vouches for it.
#[derive(Debug)]
struct Account {
    card: CheckedCard,
    keys: VaultKeys,
    vault: OpenVault,
    /// The same, as the server keeps it.
    sealed: Blob,
}

impl Account {
    /// This browser was a device already, and still is.
    async fn resume(&self, store: &Store, device: DeviceId) -> Result<(), AccountError> {
        if self.card.certificate(device).is_none() {
            return Err(AccountError::CardRefused);
        }
        if store.key(ACCOUNT_KEY).await?.is_none() {
            let signer = self.signer().await?;
            store.commit_with_keys(&[], &[(ACCOUNT_KEY, signer.stored())]).await?;
        }
        // What it has seen of the vault stays: a server with an older one is noticed.
        if store.get(records::Store::Device.name(), SAFEKEEPING).await?.is_none() {
            store.commit_changes(&Changes { puts: vec![self.safekeeping()], deletes: Vec::new() }).await?;
        }
        own_device::confirm(store).await;
        Ok(())
    }

    /// This browser becomes a device.
    async fn register(mut self, store: &Store) -> Result<(), AccountError> {
        let signer = self.signer().await?;
        let mut registered = self.try_register(store, &signer).await;
        if let Err(AccountError::Server(error)) = &registered
            && error.code() == Some(ProblemCode::ListOutdated)
        {
            // Another device came or went in this very moment.
            let card: AccountCard = http::get(&["/contacts/", self.card.email().as_str()].concat()).await?;
            let (pinned, counter) = (self.card.account_key(), self.card.counter());
            self.card = CheckedCard::check(card, Some(pinned), counter, &WebVerifier).await?;
            registered = self.try_register(store, &signer).await;
        }
        let counter = registered?;
        own_device::confirm(store).await;
        self.remember(counter).await;
        Ok(())
    }

    async fn try_register(&self, store: &Store, signer: &SigningKey) -> Result<u64, AccountError> {
        let device = NewDevice::next(&self.card, signer).await?;
        device.keep(store, signer, &self.safekeeping()).await?;
        let register = RegisterDevice { device_list: device.device_list(), device: device.into_upload() };
        let card: AccountCard = http::post("/devices", &register).await?;
        if card.device_list == register.device_list {
            Ok(card.device_list.counter)
        } else {
            Err(AccountError::CardRefused)
        }
    }

    fn safekeeping(&self) -> records::Record {
        first_record(&self.keys, self.vault.body.generation)
    }

    async fn signer(&self) -> Result<SigningKey, AccountError> {
        let (wrapped, wrapping_key) = (&self.vault.wrapped, self.keys.wrapping.as_bytes());
        // The vault opened, so this key is the one that was sealed; a failure is the vault's.
        let account_key = self.card.account_key().clone();
        SigningKey::unwrap(wrapped, wrapping_key, account_key).await.map_err(|_| AccountError::VaultRefused)
    }

    /// Keeps the list's counter in the vault, so that an older list is recognised by the next new device as well.
    async fn remember(&self, counter: u64) {
        let body = VaultBody { counter, ..self.vault.body.clone() };
        let owner = Owner { email: self.card.email(), account_key: self.card.account_key() };
        let replaced = vault::replace_body(owner, &self.keys.body, &body, &self.sealed, &mut random::system());
        if let Ok(vault) = replaced {
            // The vault as it was still opens, and only knows an older counter: not worth failing for.
            let _ = http::send("PUT", "/vault", &ReplaceVault { vault, replaces: self.sealed.digest() }).await;
        }
    }
}
