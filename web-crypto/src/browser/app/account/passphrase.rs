//! A passphrase for this browser, asked for at each start: set, changed and taken away.
//!
//! Without one the browser itself keeps the keys, and a copy of its profile opens everything. With one they are kept only
//! as the passphrase locks them. Each change is one transaction: what is cut off leaves the old state or the new one.

use super::{
    AccountError, Password, Progress,
    kept_store::{keys, unlock},
    opened_account::sign_out,
    own_device::KeptDevice,
    password_proof::PasswordProof,
};
use crate::{
    browser::platform::{
        error::StoreError,
        service::{AccountPlatform, DeviceStorage as _, Kept, LockedStorage as _},
    },
    crypto::{
        keys::Key,
        passphrase::DeviceKeys,
        vault::{self, VaultKeys},
    },
};
use cliquet_wire::address::Address;

/// Whether this browser asks for a passphrase.
///
/// # Errors
/// When the storage does not answer.
pub async fn is_set(platform: &impl AccountPlatform, email: &Address) -> Result<bool, StoreError> {
    Ok(matches!(platform.open_store(email).await?, Kept::Locked(_)))
}

/// Sets one. The account's password is needed: the key that signs for the account is kept so that no program can read it,
/// and the vault, which the password opens, has the only other copy.
///
/// # Errors
/// [`AccountError::WrongPassword`] and the others of a proof; then nothing was changed.
pub async fn set(
    platform: &impl AccountPlatform,
    email: &Address,
    password: &Password,
    passphrase: &Password,
    progress: &dyn Fn(Progress),
) -> Result<(), AccountError> {
    progress(Progress::CheckingPassword);
    let Kept::Open(store) = platform.open_store(email).await? else { return Err(meanwhile()) };
    let proof = PasswordProof::give(platform, email, password, platform.stretching().and_older()).await?;
    let keys = VaultKeys::derive(&proof.root);
    let owner = proof.owner();
    let vault = vault::open(owner, &keys.body, 0, &proof.vault)?;
    let account_key = owner.account_key.clone();
    let kept = KeptDevice::find(&store).await?.ok_or(StoreError::Damaged)?;
    if *kept.own.account_key() != account_key {
        return Err(AccountError::DirectoryRefused);
    }
    // What would not open later is not locked.
    let opens = platform.unwrap_account_key(&vault.wrapped, &keys.wrapping, &account_key).await;
    opens.map_err(|_| AccountError::VaultAltered)?;
    let store_key = Key::from_bytes(*store.store_key().as_bytes());
    progress(Progress::LockingBrowser);
    lock(platform, email, &store, &DeviceKeys::new(store_key, keys.wrapping, vault.wrapped, account_key), passphrase)
        .await
}

/// Replaces it by another.
///
/// # Errors
/// [`AccountError::WrongPassphrase`]; then nothing was changed.
pub async fn change(
    platform: &impl AccountPlatform,
    email: &Address,
    old: &Password,
    new: &Password,
    progress: &dyn Fn(Progress),
) -> Result<(), AccountError> {
    progress(Progress::Unlocking);
    let Kept::Locked(locked) = platform.open_store(email).await? else { return Err(meanwhile()) };
    let (keys, signer) = keys(platform, email, locked.locked(), old).await?;
    let store = locked.open(Key::from_bytes(*keys.store_key.as_bytes()), signer);
    progress(Progress::LockingBrowser);
    lock(platform, email, &store, &keys, new).await
}

/// Takes it away: the browser keeps the keys again.
///
/// # Errors
/// [`AccountError::WrongPassphrase`]; then nothing was changed.
pub async fn remove(
    platform: &impl AccountPlatform,
    email: &Address,
    passphrase: &Password,
    progress: &dyn Fn(Progress),
) -> Result<(), AccountError> {
    progress(Progress::Unlocking);
    let Kept::Locked(locked) = platform.open_store(email).await? else { return Err(meanwhile()) };
    Ok(unlock(platform, email, locked, passphrase).await?.free().await?)
}

/// For anyone who forgot it: removes what this browser keeps of the account, and ends the sign-in. The next one makes this
/// browser another device.
///
/// # Errors
/// When the browser does not let it go; then nothing was changed.
pub async fn forget(platform: &impl AccountPlatform, email: &Address) -> Result<(), AccountError> {
    platform.erase_store(email).await?;
    sign_out(platform).await;
    Ok(())
}

async fn lock<P: AccountPlatform>(
    platform: &P,
    email: &Address,
    store: &P::Store,
    keys: &DeviceKeys,
    passphrase: &Password,
) -> Result<(), AccountError> {
    platform.painted().await;
    let locked = keys.lock(email, passphrase.as_bytes(), platform.stretching(), &mut platform.rng())?;
    Ok(store.lock(&locked).await?)
}

/// Another tab did the same, or the opposite: what this page shows is no longer so.
fn meanwhile() -> AccountError {
    StoreError::OtherVersion.into()
}
