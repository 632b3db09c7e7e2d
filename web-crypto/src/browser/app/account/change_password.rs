//! A change of password: the old one proves itself, the new one is registered (RFC 9807 section 5), and the vault's key
//! slot follows in the same step. What the vault holds stays sealed as it was.

use super::{AccountError, Password, Progress, password_proof::PasswordProof};
use crate::{
    browser::{app::api, platform::service::AccountPlatform},
    crypto::{password::Registration, vault},
};
use cliquet_wire::{
    address::Address,
    password::{ChangePassword, PasswordStarted, StartPassword},
};

/// # Errors
/// [`AccountError::WrongPassword`] when `old` is not the account's.
pub async fn change_password(
    platform: &impl AccountPlatform,
    email: &Address,
    old: &Password,
    new: &Password,
    progress: &dyn Fn(Progress),
) -> Result<(), AccountError> {
    progress(Progress::ChangingPassword);
    let mut rng = platform.rng();
    let proof = PasswordProof::give(platform, email, old).await?;
    let (registration, request) = Registration::start(new.as_bytes(), &mut rng)?;
    let (attempt, finalization) = (proof.attempt, proof.finalization.clone());
    let start = StartPassword { attempt, finalization, request };
    let started: PasswordStarted = api::post(platform, "/password/start", &start).await?;
    let registered = registration.finish(new.as_bytes(), &started.response, &mut rng)?;
    let export_key = registered.export_key.as_bytes();
    let vault = vault::replace_password_lock(proof.owner(), &proof.root, export_key, &proof.vault, &mut rng)?;
    let replaces = proof.vault.digest();
    let change = ChangePassword { change: started.change, record: registered.record, vault, replaces };
    Ok(api::send(platform, "PUT", "/password", &change).await?)
}
