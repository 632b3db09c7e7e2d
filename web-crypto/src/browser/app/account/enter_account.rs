//! Entering an account: the end of a sign-in.
//!
//! The vault is opened and the device directory checked before anything is stored. This browser then goes on as the
//! device that it is, or becomes one.

use super::{
    AccountError,
    kept_store::{Unlocking, open_kept},
    make_account::replaced,
    opened_account::{OpenedAccount, sign_out},
    own_device::{self, KeptDevice, NewDevice},
};
use crate::{
    browser::{
        app::api,
        platform::{
            error::HttpError,
            service::{AccountPlatform, DeviceStorage as _, Storage as _, Write},
        },
    },
    client::{
        records,
        safekeeping::{SAFEKEEPING, first_record},
    },
    crypto::device_proof,
};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, PublicKey},
    certificate::DeviceDirectory,
    devices::RegisterDevice,
    ids::DeviceId,
    problem::ProblemCode,
    sign_in::{SignInFinish, SignedIn},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A sign-in whose password part is done.
pub struct EnterAccount {
    pub email: Address,
    /// 64 secret bytes that only the password gives. They open the vault.
    pub export_key: Zeroizing<Vec<u8>>,
    /// Names the sign-in that the server remembers.
    pub attempt: Uuid,
    /// By which a device proves itself.
    pub challenge: PublicKey,
    /// OPAQUE's KE3.
    pub finalization: Blob,
    /// See [`AccountError::EarlierAccount`].
    pub may_replace: bool,
    /// What opens this browser's store, if a passphrase locks it.
    pub unlocking: Unlocking,
    /// How this browser is called among the account's devices.
    pub device_name: String,
}

/// Shows no secret and no address.
impl std::fmt::Debug for EnterAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnterAccount(…)")
    }
}

/// Proves the password to the server, opens the vault, and makes this browser a device unless it is one.
///
/// # Errors
/// Nobody stays signed in after an error.
pub async fn enter_account<P: AccountPlatform>(platform: &P, enter: EnterAccount) -> Result<(), AccountError> {
    // The password was right, or there would be no export key: a wrong guess leaves no store behind.
    let store = open_kept(platform, &enter.email, &enter.unlocking).await?;
    let kept = KeptDevice::find(&store).await?;
    let (attempt, finalization) = (enter.attempt, enter.finalization.clone());
    let proof = kept.as_ref().map(|kept| device_proof::prove(&kept.own, &enter.challenge, attempt, &finalization));
    // An honest server's challenge always gives a secret.
    let device = proof.transpose().map_err(|_| HttpError::Unreadable)?;
    let finish = SignInFinish { attempt, finalization, device };
    let signed_in: SignedIn = api::post(platform, "/sign-in/finish", &finish).await?;
    let entered = enter_as(platform, &enter, signed_in, store, kept).await;
    if entered.is_err() {
        sign_out(platform).await;
    }
    entered
}

async fn enter_as<P: AccountPlatform>(
    platform: &P,
    enter: &EnterAccount,
    signed_in: SignedIn,
    store: P::Store,
    kept: Option<KeptDevice>,
) -> Result<(), AccountError> {
    let device = signed_in.device;
    let account = OpenedAccount::check(platform, &enter.email, &enter.export_key, signed_in, None).await?;
    match kept {
        // Another account of this address, made after the one that is kept here was gone.
        Some(kept) if kept.own.account_key() != account.directory.account_key() => {
            let store = replaced(platform, store, &enter.email, enter.may_replace || kept.pending).await?;
            register(platform, &store, account, &enter.device_name).await
        }
        Some(kept) if device == Some(kept.own.device()) => resume(&store, &account, kept.own.device()).await,
        _ => register(platform, &store, account, &enter.device_name).await,
    }
}

/// Goes on as the device that this browser is.
async fn resume<P: AccountPlatform>(
    store: &P::Store,
    account: &OpenedAccount<P>,
    device: DeviceId,
) -> Result<(), AccountError> {
    if account.directory.certificate(device).is_none() {
        return Err(AccountError::DirectoryRefused);
    }
    if !store.has_key().await? {
        store.commit_with_key(&[], &account.signer).await?;
    }
    // What it has seen of the vault stays: a server with an older one is noticed.
    if store.value(records::Store::Device.name(), SAFEKEEPING).await?.is_none() {
        let record = first_record(&account.keys, account.vault.body.generation);
        let write = Write { store: record.store.name(), key: &record.key, value: Some(record.value.as_slice()) };
        store.commit(&[write]).await?;
    }
    own_device::confirm(store).await;
    Ok(())
}

/// Makes this browser a device of the account.
async fn register<P: AccountPlatform>(
    platform: &P,
    store: &P::Store,
    mut account: OpenedAccount<P>,
    device_name: &str,
) -> Result<(), AccountError> {
    let mut registered = try_register(platform, store, &account, device_name).await;
    if let Err(error) = &registered
        && error.code() == Some(ProblemCode::ListOutdated)
    {
        // Another device came or went in this very moment.
        account.fetch_directory(platform).await?;
        registered = try_register(platform, store, &account, device_name).await;
    }
    let counter = registered?;
    own_device::confirm(store).await;
    account.remember_counter(platform, counter).await;
    Ok(())
}

/// Returns the counter of the device list with this device on it.
async fn try_register<P: AccountPlatform>(
    platform: &P,
    store: &P::Store,
    account: &OpenedAccount<P>,
    device_name: &str,
) -> Result<u64, AccountError> {
    let device = NewDevice::next(platform, &account.directory, &account.signer, device_name.to_owned()).await?;
    device.keep(store, &account.signer, &first_record(&account.keys, account.vault.body.generation)).await?;
    let register = RegisterDevice { device_list: device.device_list(), device: device.into_upload() };
    let directory: DeviceDirectory = api::post(platform, "/devices", &register).await?;
    if directory.device_list == register.device_list {
        Ok(directory.device_list.counter)
    } else {
        Err(AccountError::DirectoryRefused)
    }
}
