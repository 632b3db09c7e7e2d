//! This browser as a device of an account: found in storage, made anew, kept.
//!
//! Owns the order in which its records become durable. Knows nothing of pages and passwords. A device is kept whole
//! before the server hears of it, marked as pending until the server has answered; so an answer that is lost loses
//! nothing, and the next sign-in with the same storage finds the same keys.

use super::{
    account_error::AccountError,
    app::to_restore::{BEFORE, CONTACTS, TO_RESTORE},
    platform::{
        random,
        store::{ACCOUNT_KEY, Store, StoreError, Write},
        webcrypto::SigningKey,
    },
    view::sentences::word,
};
use crate::{
    client::{
        device::first_records,
        fields,
        messenger::IDENTITY,
        records::{self, Record},
    },
    crypto::{CheckedCard, OwnIdentity, PreKeySecrets, identity::sign_device_list},
};
use cliquet_wire::{
    address::Address,
    certificate::{AccountCard, Certificate, DeviceList},
    devices::DeviceUpload,
    ids::DeviceId,
};

/// The store of the mark that the server has not answered yet. The messenger never reads it.
const SIGN_IN_STORE: &str = "sign_in";
const PENDING: &str = "pending";

/// What an earlier sign-in or sign-up left in this browser.
#[derive(Debug)]
pub struct KeptDevice {
    pub own: OwnIdentity,
    /// The server may not know it.
    pub pending: bool,
}

/// A device that nobody knows yet.
#[derive(Debug)]
pub struct NewDevice {
    own: OwnIdentity,
    pre_keys: PreKeySecrets,
    /// The account as it will be, with this device on it.
    card: AccountCard,
    upload: DeviceUpload,
}

impl KeptDevice {
    pub async fn find(store: &Store) -> Result<Option<Self>, StoreError> {
        let Some(bytes) = store.get(records::Store::Device.name(), IDENTITY).await? else { return Ok(None) };
        let own = OwnIdentity::load(&bytes).map_err(|_| StoreError::Damaged)?;
        Ok(Some(Self { own, pending: store.get(SIGN_IN_STORE, PENDING).await?.is_some() }))
    }
}

impl NewDevice {
    /// The first device of an account that is about to be.
    pub async fn first(email: Address, signer: &SigningKey) -> Result<Self, AccountError> {
        Self::make(email, signer, 0, Vec::new()).await
    }

    /// One more device, on the next list.
    pub async fn next(card: &CheckedCard, signer: &SigningKey) -> Result<Self, AccountError> {
        Self::make(card.email().clone(), signer, card.counter(), card.card().certificates.clone()).await
    }

    async fn make(
        email: Address,
        signer: &SigningKey,
        counter: u64,
        mut certificates: Vec<Certificate>,
    ) -> Result<Self, AccountError> {
        let account_key = signer.account_key().clone();
        let (now, mut rng) = (now_ms(), random::system());
        // A counter that cannot grow was not counted by honest devices.
        let counter = counter.checked_add(1).ok_or(AccountError::CardRefused)?;
        let own = OwnIdentity::create(email.clone(), account_key.clone(), now, counter, signer, &mut rng).await?;
        let pre_keys = PreKeySecrets::generate(now / 1000, &mut rng);
        let devices = certificates.iter().map(|known| known.device).chain([own.device()]).collect();
        certificates.push(own.certificate().clone());
        let device_list = sign_device_list(email.clone(), &account_key, counter, devices, signer).await?;
        let upload = DeviceUpload {
            certificate: own.certificate().clone(),
            name: name(),
            pre_keys: pre_keys.upload_all(&own, signer).await?,
        };
        let card = AccountCard { email, account_key, device_list, certificates };
        Ok(Self { own, pre_keys, card, upload })
    }

    pub fn id(&self) -> DeviceId {
        self.own.device()
    }

    pub fn device_list(&self) -> DeviceList {
        self.card.device_list.clone()
    }

    pub fn into_upload(self) -> DeviceUpload {
        self.upload
    }

    /// Puts the device, its account key and the mark on the disk, in one transaction. What an earlier device of this
    /// browser could do, this one cannot: its sessions and its place in the mailbox go. Contacts, history, and what
    /// waits to be sent stay.
    pub async fn keep(&self, store: &Store, signer: &SigningKey, safekeeping: &Record) -> Result<(), AccountError> {
        let changes = first_records(&self.own, &self.pre_keys, &self.card);
        let mut gone = Vec::new();
        for table in [records::Store::Sessions, records::Store::Cursor] {
            gone.extend(store.all(table.name()).await?.into_iter().map(|record| (table.name(), record.key)));
        }
        // There is nothing to bring back to an account's first device.
        let to_restore: &[&str] = if self.card.device_list.counter > 1 { &[BEFORE, CONTACTS] } else { &[] };
        let writes: Vec<Write<'_>> = gone
            .iter()
            .map(|(table, key)| Write { store: table, key, value: None })
            .chain(changes.puts.iter().chain([safekeeping]).map(|put| Write {
                store: put.store.name(),
                key: &put.key,
                value: Some(put.value.as_slice()),
            }))
            .chain([Write { store: SIGN_IN_STORE, key: PENDING, value: Some(&[]) }])
            .chain(to_restore.iter().map(|key| Write { store: TO_RESTORE, key, value: Some(&[]) }))
            .collect();
        Ok(store.commit_with_keys(&writes, &[(ACCOUNT_KEY, signer.stored())]).await?)
    }
}

/// The server knows the device: takes the mark away. A mark that stays is taken away by the next sign-in, so this is
/// not worth failing for.
pub async fn confirm(store: &Store) {
    let _ = store.commit(&[Write { store: SIGN_IN_STORE, key: PENDING, value: None }]).await;
}

fn name() -> String {
    let user_agent = web_sys::window().and_then(|window| window.navigator().user_agent().ok()).unwrap_or_default();
    fields::device_name(&word("device-name-of"), &word("device-name"), &user_agent)
}

/// Milliseconds since 1970, by this device's clock.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole milliseconds of this era fit 53 bits"
)]
fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}
