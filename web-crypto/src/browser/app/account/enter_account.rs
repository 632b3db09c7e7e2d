//! Entering an account: the end of a sign-in.
//!
//! The vault is opened and the device directory checked before anything is stored. This browser then goes on as the
//! device that it is, or becomes one.

use super::{
    AccountError,
    earlier_vault::newest,
    kept_store::{Unlocking, open_kept},
    make_account::replaced,
    opened_account::{OpenedAccount, sign_out},
    own_device::{self, KeptDevice, NewDevice, safekeeping, seen},
};
use crate::{
    browser::{
        app::api,
        platform::{
            error::HttpError,
            service::{AccountPlatform, DeviceStorage as _, Storage as _},
        },
    },
    client::{
        records::{self, Changes, Record},
        safekeeping::{VAULT, first_record, vault_record},
    },
    crypto::{
        device_proof,
        vault::{self, Owner, VaultKeys},
    },
};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, PublicKey},
    certificate::DeviceDirectory,
    devices::RegisterDevice,
    ids::DeviceId,
    problem::ProblemCode,
    sign_in::{SignInFinish, SignedIn},
    vault::{ReplaceVault, head},
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
    let seen = seen(&store, kept.as_ref(), &signed_in.directory.account_key).await?;
    let (email, export_key) = (&enter.email, enter.export_key.as_slice());
    let account = match OpenedAccount::check(platform, email, export_key, signed_in.clone(), seen, None).await {
        Err(error @ (AccountError::VaultAltered | AccountError::VaultLocked | AccountError::VaultOlder)) => {
            match put_back(platform, &store, enter, &signed_in, seen).await? {
                Some(vault) => {
                    let signed_in = SignedIn { vault, ..signed_in };
                    OpenedAccount::check(platform, email, export_key, signed_in, seen, None).await?
                }
                None => return Err(offer_earlier(platform, enter, &signed_in, seen, error).await),
            }
        }
        checked => checked?,
    };
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

/// The vault does not open here, and the one that this browser opened last does: that one takes its place, if it has the
/// same locks.
async fn put_back<P: AccountPlatform>(
    platform: &P,
    store: &P::Store,
    enter: &EnterAccount,
    signed_in: &SignedIn,
    seen: u64,
) -> Result<Option<Blob>, AccountError> {
    let owner = Owner { email: &enter.email, account_key: &signed_in.directory.account_key };
    let kept = store.value(records::Store::Device.name(), VAULT).await?.map(|kept| Blob(kept.to_vec()));
    let Some(kept) = kept.filter(|kept| head(kept) == head(&signed_in.vault)) else { return Ok(None) };
    let Ok(root) = vault::root_by_password(owner, &enter.export_key, &kept) else { return Ok(None) };
    let key = VaultKeys::derive(&root).body;
    let Ok(opened) = vault::open(owner, &key, seen, &kept) else { return Ok(None) };
    let vault = vault::replace_body(owner, &key, &opened.body, &kept, &mut platform.rng())?;
    let replace = ReplaceVault { vault, replaces: signed_in.vault.digest(), proof: None };
    api::send(platform, "PUT", "/vault", &replace).await?;
    Ok(Some(replace.vault))
}

/// What is said of a vault that does not open: that there is an earlier one, or `error`.
async fn offer_earlier(
    platform: &impl AccountPlatform,
    enter: &EnterAccount,
    signed_in: &SignedIn,
    seen: u64,
    error: AccountError,
) -> AccountError {
    let owner = Owner { email: &enter.email, account_key: &signed_in.directory.account_key };
    match newest(platform, owner, &enter.export_key, &signed_in.vault, seen).await {
        Ok(Some(earlier)) => AccountError::EarlierVault(earlier.replaced),
        // The vault that does not open is what counts, not why there is no other.
        Ok(None) | Err(_) => error,
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
    // A device that was not told the keys of a new root has them from the password.
    if safekeeping(store).await?.is_none_or(|kept| kept.body != account.keys.body) {
        store.commit_changes(&Changes { puts: safekeeping_of(account).into(), deletes: Vec::new() }).await?;
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
    device.keep(store, &account.signer, &safekeeping_of(account)).await?;
    let register = RegisterDevice { device_list: device.device_list(), device: device.into_upload() };
    let directory: DeviceDirectory = api::post(platform, "/devices", &register).await?;
    if directory.device_list == register.device_list {
        Ok(directory.device_list.counter)
    } else {
        Err(AccountError::DirectoryRefused)
    }
}

fn safekeeping_of<P: AccountPlatform>(account: &OpenedAccount<P>) -> [Record; 2] {
    [first_record(&account.keys, &account.vault.body), vault_record(&account.sealed)]
}
