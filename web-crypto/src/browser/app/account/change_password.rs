//! A password that is registered again (RFC 9807 section 5): a new one, or the same one stretched better. The old one
//! proves itself, and the vault's key slot follows in the same step. What the vault holds stays sealed as it was.

use super::{AccountError, Password, Progress, password_proof::PasswordProof};
use crate::{
    browser::{app::api, platform::service::AccountPlatform},
    crypto::{password::Registration, vault},
};
use cliquet_wire::{
    address::Address,
    opaque::Stretching,
    password::{ChangePassword, PasswordStarted, StartPassword},
};

/// Replaces the password. Every other sign-in of the account ends.
///
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
    let proof = PasswordProof::give(platform, email, old, platform.stretching().and_older()).await?;
    register(platform, proof, new, true).await
}

/// Registers the same password under the current parameters. `from`: what it was registered with. Other sign-ins stay.
///
/// # Errors
/// Nothing was changed, unless only the answer was lost: then the next sign-in finds it done.
pub async fn raise_stretching(
    platform: &impl AccountPlatform,
    email: &Address,
    password: &Password,
    from: Stretching,
) -> Result<(), AccountError> {
    let proof = PasswordProof::give(platform, email, password, &[from]).await?;
    register(platform, proof, password, false).await
}

async fn register(
    platform: &impl AccountPlatform,
    proof: PasswordProof,
    new: &Password,
    end_sign_ins: bool,
) -> Result<(), AccountError> {
    let mut rng = platform.rng();
    let (registration, request) = Registration::start(new.as_bytes(), &mut rng)?;
    let (attempt, finalization) = (proof.attempt, proof.finalization.clone());
    let start = StartPassword { attempt, finalization, request };
    let started: PasswordStarted = api::post(platform, "/password/start", &start).await?;
    platform.painted().await;
    let registered = registration.finish(new.as_bytes(), &started.response, platform.stretching(), &mut rng)?;
    let export_key = registered.export_key.as_bytes();
    let vault = vault::replace_password_lock(proof.owner(), &proof.root, export_key, &proof.vault, &mut rng)?;
    let replaces = proof.vault.digest();
    let (change, record) = (started.change, registered.record);
    let change = ChangePassword { change, record, vault, replaces, end_sign_ins };
    Ok(api::send(platform, "PUT", "/password", &change).await?)
}
