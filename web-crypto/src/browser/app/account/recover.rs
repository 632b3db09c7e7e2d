//! A forgotten password, replaced with the recovery key: OPAQUE registration of a new one (RFC 9807 section 5), proven by
//! what only the key gives. Neither the words nor the password leave the browser.
//!
//! The vault opens with the key before anything is changed. Where it was altered, an earlier one takes its place if the
//! person agreed. What follows is a sign-in with the new password.

use super::{
    AccountError, Progress,
    earlier_vault::{Earlier, newest_by_recovery_key},
    sign_in::{SignIn, sign_in},
};
use crate::{
    browser::{
        app::api,
        platform::{error::HttpError, service::AccountPlatform},
    },
    crypto::{
        keys::Key,
        password::Registration,
        recovery_key::RecoveryKey,
        vault::{self, Owner, VaultKeys},
    },
};
use cliquet_wire::{
    bytes::Blob,
    recovery::{FinishRecovery, RecoveryStarted, StartRecovery},
};

/// Replaces the password with the one of `sign_in`, and signs in with it.
///
/// # Errors
/// [`AccountError::RecoveryKeyMismatch`], [`AccountError::VaultAltered`] or [`AccountError::EarlierVault`]: nothing was
/// changed.
pub async fn recover(
    platform: &impl AccountPlatform,
    key: &RecoveryKey,
    new: SignIn,
    progress: &dyn Fn(Progress),
) -> Result<(), AccountError> {
    progress(Progress::OpeningWithRecoveryKey);
    let (email, password) = (&new.email, new.password.as_bytes());
    let mut rng = platform.rng();
    let (registration, request) = Registration::start(password, &mut rng)?;
    let proof = key.proof();
    let start = StartRecovery { email: email.as_str().to_owned(), proof: proof.clone(), request };
    let started: RecoveryStarted = api::post(platform, "/recovery/start", &start).await?;
    if started.email != *email || started.directory.email != *email {
        return Err(HttpError::Unreadable.into());
    }
    let owner = Owner { email, account_key: &started.directory.account_key };
    let (root, opened) = open_or_earlier(platform, owner, key, &new, &started.vault).await?;
    platform.painted().await;
    let registered = registration.finish(password, &started.response, platform.stretching(), &mut rng)?;
    let export_key = registered.export_key.as_bytes();
    let vault = vault::replace_password_lock(owner, &root, export_key, &opened, &mut rng)?;
    let replaces = started.vault.digest();
    let (record, credential) = (registered.record, started.credential);
    let finish = FinishRecovery { email: email.clone(), proof, record, credential, vault, replaces };
    api::send(platform, "POST", "/recovery/finish", &finish).await?;
    sign_in(platform, new, progress).await
}

/// The root, and the vault that it opens: the present one, or the newest earlier one that opens if the person agreed to it.
async fn open_or_earlier(
    platform: &impl AccountPlatform,
    owner: Owner<'_>,
    key: &RecoveryKey,
    new: &SignIn,
    present: &Blob,
) -> Result<(Key, Blob), AccountError> {
    let root = vault::root_by_recovery_key(owner, key.entropy(), present);
    let root = root.and_then(|root| vault::open(owner, &VaultKeys::derive(&root).body, 0, present).map(|_| root));
    let error = match root {
        Ok(root) => return Ok((root, present.clone())),
        Err(error) => error,
    };
    match newest_by_recovery_key(platform, owner, key, present, &new.unlocking).await {
        Ok(Some(Earlier { vault, root, .. })) if new.may_restore => Ok((root, vault)),
        Ok(Some(Earlier { replaced, .. })) => Err(AccountError::EarlierVault(replaced)),
        // The vault that does not open is what counts, not why there is no other.
        Ok(None) | Err(_) => Err(error.into()),
    }
}
