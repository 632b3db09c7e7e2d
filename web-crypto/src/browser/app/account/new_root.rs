//! A new root for the account's vault, so that a device that is removed has no key of what is kept from then on.
//!
//! Password and recovery key stay what they are. The account key stays the same key, wrapped under the new root: another one
//! would be another account to every contact.

use super::{AccountError, Password, password_proof::PasswordProof};
use crate::{
    browser::{app::api, platform::service::AccountPlatform},
    crypto::{
        keys::Key,
        vault::{self, NewRoot, SharedKeys, VaultKeys},
    },
};
use cliquet_wire::{address::Address, problem::ProblemCode, vault::ReplaceVault};

/// Another device may replace the vault in this very moment. The change is made again at most this often.
const ATTEMPTS: u32 = 4;

/// Gives the vault a new root, proven by the password. `seen`: the highest generation of the vault that is known here; an
/// older one gets none. `keep` makes the new keys durable, before the server gets the vault: if only the answer is lost,
/// they are not.
///
/// # Errors
/// [`AccountError::WrongPassword`], [`AccountError::VaultOlder`], [`AccountError::VaultAltered`]: nothing was changed.
pub async fn give_new_root(
    platform: &impl AccountPlatform,
    email: &Address,
    password: &Password,
    seen: u64,
    keep: impl AsyncFn(SharedKeys) -> Result<(), AccountError>,
) -> Result<(), AccountError> {
    let root = Key::generate(&mut platform.rng());
    let mut left = ATTEMPTS;
    loop {
        let proof = PasswordProof::give(platform, email, password, platform.stretching().and_older()).await?;
        let (owner, old, new) = (proof.owner(), VaultKeys::derive(&proof.root), VaultKeys::derive(&root));
        let before = vault::open(owner, &old.body, seen, &proof.vault)?;
        let wrapped =
            platform.rewrap_account_key(&before.wrapped, &old.wrapping, &new.wrapping, owner.account_key).await;
        // The vault opened, so this key is the one that was sealed; a failure is the vault's.
        let wrapped = wrapped.map_err(|_| AccountError::VaultAltered)?;
        let new_root = NewRoot { root: &root, export_key: proof.export_key.as_bytes(), wrapped: &wrapped };
        let vault = vault::replace_root(owner, &proof.root, new_root, &proof.vault, &mut platform.rng())?;
        // A vault that does not open is never sent.
        let generation = vault::open(owner, &new.body, before.body.generation, &vault)?.body.generation;
        keep(SharedKeys { generation, body: new.body, history: new.history }).await?;
        let replace = ReplaceVault { vault, replaces: proof.vault.digest(), proof: Some(proof.to_wire()) };
        left -= 1;
        match api::send(platform, "PUT", "/vault", &replace).await {
            Err(error) if error.code() == Some(ProblemCode::VaultOutdated) && left > 0 => {}
            done => return Ok(done?),
        }
    }
}
