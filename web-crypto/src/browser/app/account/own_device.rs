//! This browser as a device of an account: found in the store, or made and kept.
//!
//! Owns the order in which its records become durable. A device is kept whole before the server hears of it, marked as
//! pending until the server has answered. So an answer that is lost loses nothing, and the next sign-in with the same
//! store finds the same keys.

use super::AccountError;
use crate::{
    browser::{
        app::to_restore::{BEFORE, CONTACTS, TO_RESTORE},
        platform::{
            error::StoreError,
            service::{AccountPlatform, AccountSigner, DeviceStorage, Kept, Write},
        },
    },
    client::{
        device::first_records,
        messenger::IDENTITY,
        records::{self, Record},
        safekeeping::{SAFEKEEPING, Safekeeping},
    },
    crypto::{CheckedDirectory, OwnIdentity, PreKeySecrets, cbor, identity::sign_device_list},
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    certificate::{Certificate, DeviceDirectory, DeviceList},
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

impl KeptDevice {
    /// The device of this store, if it has one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when its record does not read.
    pub async fn find(store: &impl DeviceStorage) -> Result<Option<Self>, StoreError> {
        let Some(bytes) = store.value(records::Store::Device.name(), IDENTITY).await? else { return Ok(None) };
        let own = OwnIdentity::load(&bytes).map_err(|_| StoreError::Damaged)?;
        Ok(Some(Self { own, pending: store.value(SIGN_IN_STORE, PENDING).await?.is_some() }))
    }
}

/// The highest generation of this account's vault that this browser has seen.
pub(super) async fn seen(
    store: &impl DeviceStorage,
    kept: Option<&KeptDevice>,
    account_key: &AccountKey,
) -> Result<u64, StoreError> {
    match kept {
        Some(kept) if kept.own.account_key() == account_key => {
            Ok(safekeeping(store).await?.map_or(0, |kept| kept.generation))
        }
        // Another account's vaults say nothing about this one's.
        _ => Ok(0),
    }
}

/// What this browser keeps for the vault. `None`: nothing yet.
pub(super) async fn safekeeping(store: &impl DeviceStorage) -> Result<Option<Safekeeping>, StoreError> {
    let kept = store.value(records::Store::Device.name(), SAFEKEEPING).await?;
    kept.map(|kept| cbor::load(&kept)).transpose().map_err(|_| StoreError::Damaged)
}

/// Whether this browser keeps a device of this address that the server may not know.
pub async fn is_pending<P: AccountPlatform>(platform: &P, email: &Address) -> bool {
    // A passphrase locks only what the server knows.
    let Ok(Kept::Open(store)) = platform.open_store(email).await else { return false };
    match KeptDevice::find(&store).await {
        Ok(Some(kept)) => kept.pending,
        Ok(None) => {
            // To ask made an empty one: leave no trace of the address.
            store.close();
            let _ = platform.erase_store(email).await;
            false
        }
        Err(_) => false,
    }
}

/// The server knows the device: takes the mark away. A mark that stays is taken away by the next sign-in, so this is
/// not worth failing for.
pub async fn confirm(store: &impl DeviceStorage) {
    let _ = store.commit(&[Write { store: SIGN_IN_STORE, key: PENDING, value: None }]).await;
}

/// A device that nobody knows yet.
#[derive(Debug)]
pub struct NewDevice {
    own: OwnIdentity,
    pre_keys: PreKeySecrets,
    /// The account's directory as it will be, with this device in it.
    directory: DeviceDirectory,
    upload: DeviceUpload,
}

impl NewDevice {
    /// The first device of an account that is about to be made.
    pub async fn first(
        platform: &impl AccountPlatform,
        email: Address,
        signer: &impl AccountSigner,
        name: String,
    ) -> Result<Self, AccountError> {
        Self::make(platform, email, signer, 0, Vec::new(), name).await
    }

    /// One more device, on the next device list.
    pub async fn next(
        platform: &impl AccountPlatform,
        directory: &CheckedDirectory,
        signer: &impl AccountSigner,
        name: String,
    ) -> Result<Self, AccountError> {
        let certificates = directory.as_wire().certificates.clone();
        Self::make(platform, directory.email().clone(), signer, directory.counter(), certificates, name).await
    }

    async fn make(
        platform: &impl AccountPlatform,
        email: Address,
        signer: &impl AccountSigner,
        counter: u64,
        mut certificates: Vec<Certificate>,
        name: String,
    ) -> Result<Self, AccountError> {
        let account_key = signer.account_key().clone();
        let (now, mut rng) = (platform.now_ms(), platform.rng());
        // A counter that cannot grow was not counted by honest devices.
        let counter = counter.checked_add(1).ok_or(AccountError::DirectoryRefused)?;
        let own = OwnIdentity::create(email.clone(), account_key.clone(), now, counter, signer, &mut rng).await?;
        let pre_keys = PreKeySecrets::generate(now / 1000, &mut rng);
        let devices = certificates.iter().map(|known| known.device).chain([own.device()]).collect();
        certificates.push(own.certificate().clone());
        let device_list = sign_device_list(email.clone(), &account_key, counter, devices, now, signer).await?;
        let pre_key_upload = pre_keys.upload_all(&own, signer).await?;
        let upload = DeviceUpload { certificate: own.certificate().clone(), name, pre_keys: pre_key_upload };
        let directory = DeviceDirectory { email, account_key, device_list, certificates };
        Ok(Self { own, pre_keys, directory, upload })
    }

    pub fn id(&self) -> DeviceId {
        self.own.device()
    }

    pub fn device_list(&self) -> DeviceList {
        self.directory.device_list.clone()
    }

    /// What the server is told of it.
    pub fn into_upload(self) -> DeviceUpload {
        self.upload
    }

    /// Puts the device, its account key and the mark on the disk, in one transaction.
    ///
    /// What an earlier device of this browser could do, this one cannot: its sessions and its place in the mailbox go.
    /// Contacts, history, and what waits to be sent stay.
    pub async fn keep<D: DeviceStorage>(
        &self,
        store: &D,
        signer: &D::Signer,
        safekeeping: &[Record],
    ) -> Result<(), AccountError> {
        let changes = first_records(&self.own, &self.pre_keys, &self.directory);
        let mut gone = Vec::new();
        for table in [records::Store::Sessions, records::Store::Cursor] {
            gone.extend(store.all(table.name()).await?.into_iter().map(|record| (table.name(), record.key)));
        }
        // There is nothing to bring back to an account's first device.
        let to_restore: &[&str] = if self.directory.device_list.counter > 1 { &[BEFORE, CONTACTS] } else { &[] };
        let writes: Vec<Write<'_>> = gone
            .iter()
            .map(|(table, key)| Write { store: table, key, value: None })
            .chain(changes.puts.iter().chain(safekeeping).map(|put| Write {
                store: put.store.name(),
                key: &put.key,
                value: Some(put.value.as_slice()),
            }))
            .chain([Write { store: SIGN_IN_STORE, key: PENDING, value: Some(&[]) }])
            .chain(to_restore.iter().map(|key| Write { store: TO_RESTORE, key, value: Some(&[]) }))
            .collect();
        Ok(store.commit_with_key(&writes, signer).await?)
    }
}
