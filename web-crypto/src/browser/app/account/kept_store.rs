//! What this browser keeps for an account, opened: at once, or with the passphrase that locks it.

use super::{AccountError, Password};
use crate::{
    browser::platform::service::{AccountPlatform, Kept, LockedStorage as _},
    crypto::passphrase::DeviceKeys,
};
use cliquet_wire::address::Address;
use serde::{Deserialize, Serialize};

/// What a person says about the passphrase of this browser.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Unlocking {
    /// Nobody asked.
    #[default]
    NotAsked,
    With(Password),
    /// What this browser keeps of the account is removed: without the passphrase it is of no use to anyone.
    Forgotten,
}

/// Opens what this browser keeps for the account.
///
/// # Errors
/// [`AccountError::PassphraseNeeded`] or [`AccountError::WrongPassphrase`].
pub async fn open_kept<P: AccountPlatform>(
    platform: &P,
    email: &Address,
    unlocking: &Unlocking,
) -> Result<P::Store, AccountError> {
    let locked = match platform.open_store(email).await? {
        Kept::Open(store) => return Ok(store),
        Kept::Locked(locked) => locked,
    };
    match unlocking {
        Unlocking::NotAsked => Err(AccountError::PassphraseNeeded),
        Unlocking::With(passphrase) => unlock(platform, email, locked, passphrase).await,
        Unlocking::Forgotten => {
            locked.close();
            empty(platform, email).await
        }
    }
}

/// Opens what a passphrase locks. It takes as long as a sign-in.
///
/// # Errors
/// [`AccountError::WrongPassphrase`]; then nothing was changed.
pub async fn unlock<P: AccountPlatform>(
    platform: &P,
    email: &Address,
    locked: P::Locked,
    passphrase: &Password,
) -> Result<P::Store, AccountError> {
    match keys(platform, email, locked.locked(), passphrase).await {
        Ok((keys, signer)) => Ok(locked.open(keys.store_key, signer)),
        Err(error) => {
            locked.close();
            Err(error)
        }
    }
}

/// The keys that a passphrase locked, and the account key ready to sign.
pub(super) async fn keys<P: AccountPlatform>(
    platform: &P,
    email: &Address,
    locked: &[u8],
    passphrase: &Password,
) -> Result<(DeviceKeys, P::Signer), AccountError> {
    platform.painted().await;
    let keys = DeviceKeys::unlock(email, passphrase.as_bytes(), locked)?;
    let wrapped = keys.wrapped_account_key();
    let signer = platform.unwrap_account_key(&wrapped, &keys.wrapping_key, &keys.account_key).await?;
    Ok((keys, signer))
}

/// An empty store in the place of what was kept, whose store is closed.
///
/// # Errors
/// When the browser does not let it go.
pub(super) async fn empty<P: AccountPlatform>(platform: &P, email: &Address) -> Result<P::Store, AccountError> {
    platform.erase_store(email).await?;
    match platform.open_store(email).await? {
        Kept::Open(store) => Ok(store),
        // Another tab made and locked it in this very moment.
        Kept::Locked(_) => Err(AccountError::PassphraseNeeded),
    }
}
