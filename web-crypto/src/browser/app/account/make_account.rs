//! A new account: its key, its vault and its first device.
//!
//! Everything that the account needs is on this disk before the server is asked to make it, so an answer that is lost
//! costs nothing.

use super::{
    AccountError,
    kept_store::empty,
    own_device::{self, KeptDevice, NewDevice},
};
use crate::{
    browser::{
        app::api,
        platform::{
            error::HttpError,
            service::{AccountPlatform, AccountSigner as _, DeviceStorage as _, Kept, LockedStorage as _},
        },
    },
    client::safekeeping::{first_record, vault_record},
    crypto::{
        keys::Key,
        vault::{self, Owner, VaultKeys},
    },
};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Bytes},
    sign_in::{SignUpFinish, SignedUp},
};
use zeroize::Zeroizing;

/// A sign-up whose password part is done.
pub struct MakeAccount {
    pub email: Address,
    /// 64 secret bytes that only the password gives. They seal the new vault.
    pub export_key: Zeroizing<Vec<u8>>,
    /// OPAQUE's RegistrationRecord.
    pub record: Blob,
    /// Of the sign-up's first answer.
    pub credential: Bytes<32>,
    pub invite: Option<String>,
    /// The person agreed that an earlier account of this address, which this browser keeps, is removed.
    pub may_replace: bool,
    /// How this browser is called among the account's devices.
    pub device_name: String,
}

/// Shows no secret and no address.
impl std::fmt::Debug for MakeAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MakeAccount(…)")
    }
}

/// Makes the account, its vault and its first device.
///
/// # Errors
/// [`AccountError::AnswerLost`]: the server may have made it, and this browser keeps what it needs to enter it.
/// [`AccountError::EarlierAccount`]: nothing was changed. After any other error nothing of the new account is kept, unless
/// something was kept before.
pub async fn make_account<P: AccountPlatform>(platform: &P, make: MakeAccount) -> Result<(), AccountError> {
    let (store, is_new) = match platform.open_store(&make.email).await? {
        Kept::Open(store) => match KeptDevice::find(&store).await? {
            // The server has just said that it has no such account.
            Some(kept) if !kept.pending => (replaced(platform, store, &make.email, make.may_replace).await?, false),
            kept => (store, kept.is_none()),
        },
        // Nor the one that a passphrase locks.
        Kept::Locked(_) if !make.may_replace => return Err(AccountError::EarlierAccount),
        Kept::Locked(locked) => {
            locked.close();
            (empty(platform, &make.email).await?, false)
        }
    };
    let email = make.email.clone();
    let made = make_in(platform, &store, make).await;
    if is_new && made.as_ref().is_err_and(AccountError::is_final) {
        // Nothing was made, and nothing was here before: leave no trace of the address. A database that cannot be
        // removed is of no use to anyone, and the next sign-up takes it.
        store.close();
        let _ = platform.erase_store(&email).await;
    }
    made
}

/// An empty store in the place of the one of an account that is no more. Its history never goes without a word.
pub(super) async fn replaced<P: AccountPlatform>(
    platform: &P,
    store: P::Store,
    email: &Address,
    may_replace: bool,
) -> Result<P::Store, AccountError> {
    if !may_replace {
        return Err(AccountError::EarlierAccount);
    }
    store.close();
    empty(platform, email).await
}

async fn make_in<P: AccountPlatform>(platform: &P, store: &P::Store, make: MakeAccount) -> Result<(), AccountError> {
    let MakeAccount { email, export_key, record, credential, invite, device_name, .. } = make;
    let mut rng = platform.rng();
    let root = Key::generate(&mut rng);
    let keys = VaultKeys::derive(&root);
    let (signer, wrapped) = platform.make_account_key(&keys.wrapping).await?;
    let device = NewDevice::first(platform, email.clone(), &signer, device_name).await?;
    let device_list = device.device_list();
    let account_key = signer.account_key().clone();
    let owner = Owner { email: &email, account_key: &account_key };
    let vault = vault::make(owner, &root, &export_key, &wrapped, device_list.counter, &mut rng)?;
    let body = vault::open(owner, &keys.body, 0, &vault)?.body;
    device.keep(store, &signer, &[first_record(&keys, &body), vault_record(&vault)]).await?;
    let device_id = device.id();
    let device = device.into_upload();
    let finish = SignUpFinish { email, invite, record, credential, account_key, vault, device_list, device };
    let signed_up: SignedUp = api::post(platform, "/sign-up/finish", &finish).await.map_err(|error| match error {
        // Each of these may come after the server has made the account.
        HttpError::Offline | HttpError::TimedOut | HttpError::Unreadable => AccountError::AnswerLost,
        HttpError::Problem(_) => error.into(),
    })?;
    if signed_up.device != device_id {
        return Err(AccountError::AnswerLost);
    }
    own_device::confirm(store).await;
    Ok(())
}
