//! An earlier vault in the place of one that does not open: what a thief of a sign-in altered, the owner undoes.
//!
//! The server keeps vaults that were replaced. One of them is offered only after the present one did not open, and taken
//! only when the person agreed, because a server could use it to roll decisions back. A browser that has seen a later vault
//! takes none: it puts its own back.

use super::{
    AccountError, Password,
    kept_store::{Unlocking, open_kept},
    login::{OpenLogin, log_in},
    opened_account::sign_out,
    own_device::{KeptDevice, seen},
};
use crate::{
    browser::{
        app::api,
        platform::{error::HttpError, service::AccountPlatform},
    },
    crypto::{
        keys::Key,
        recovery_key::RecoveryKey,
        vault::{self, Owner, VaultKeys},
    },
};
use cliquet_wire::{
    address::Address,
    bytes::Blob,
    proof::Proof,
    recovery::ProveRecovery,
    sign_in::{SignInFinish, SignedIn},
    vault::{EarlierVault, EarlierVaults, ReplaceVault, Vault, head},
};

/// An earlier vault that opens.
#[derive(Debug)]
pub(super) struct Earlier {
    /// When it was replaced, in milliseconds since 1970.
    pub(super) replaced: u64,
    pub(super) vault: Blob,
    pub(super) root: Key,
}

/// The newest that opens with what the password gives. `present`: the one that does not. `seen`: the highest generation
/// that is known here; an older one is not taken.
pub(super) async fn newest(
    platform: &impl AccountPlatform,
    owner: Owner<'_>,
    export_key: &[u8],
    present: &Blob,
    seen: u64,
) -> Result<Option<Earlier>, AccountError> {
    let EarlierVaults { vaults } = api::get(platform, "/vault/earlier").await?;
    let read = async |path: &str| api::get(platform, path).await;
    // A password that was stretched better since then opens the present lock alone, and the root is the same.
    let root = |vault: &Blob| {
        let root = vault::root_by_password(owner, export_key, vault);
        root.or_else(|_| vault::root_by_password(owner, export_key, present)).ok()
    };
    Ok(first_that_opens(owner, seen, vaults, "/vault/earlier/", read, root).await?)
}

/// The same by the recovery key, for somebody who is not signed in.
pub(super) async fn newest_by_recovery_key(
    platform: &impl AccountPlatform,
    owner: Owner<'_>,
    key: &RecoveryKey,
    present: &Blob,
    unlocking: &Unlocking,
) -> Result<Option<Earlier>, AccountError> {
    let prove = ProveRecovery { email: owner.email.clone(), proof: key.proof() };
    let EarlierVaults { vaults } = api::post(platform, "/recovery/earlier", &prove).await?;
    if vaults.is_empty() {
        return Ok(None);
    }
    let store = open_kept(platform, owner.email, unlocking).await?;
    let seen = seen(&store, KeptDevice::find(&store).await?.as_ref(), owner.account_key).await?;
    let read = async |path: &str| api::post(platform, path, &prove).await;
    let root = |vault: &Blob| {
        let root = vault::root_by_recovery_key(owner, key.entropy(), vault);
        root.or_else(|_| vault::root_by_recovery_key(owner, key.entropy(), present)).ok()
    };
    Ok(first_that_opens(owner, seen, vaults, "/recovery/earlier/", read, root).await?)
}

/// `vaults`: newest first. `read`: brings the one under a path, which is `route` and when it was replaced. `root`: what opens
/// it.
async fn first_that_opens(
    owner: Owner<'_>,
    seen: u64,
    vaults: Vec<EarlierVault>,
    route: &str,
    read: impl AsyncFn(&str) -> Result<Vault, HttpError>,
    root: impl Fn(&Blob) -> Option<Key>,
) -> Result<Option<Earlier>, HttpError> {
    for EarlierVault { replaced, .. } in vaults {
        let Vault { vault } = read(&[route, &replaced.to_string()].concat()).await?;
        if let Some(root) = root(&vault)
            && vault::open(owner, &VaultKeys::derive(&root).body, seen, &vault).is_ok()
        {
            return Ok(Some(Earlier { replaced, vault, root }));
        }
    }
    Ok(None)
}

/// Puts the newest one that opens in the place of the present one, which does not. What follows is a sign-in.
///
/// # Errors
/// Nothing was changed, and nobody stays signed in.
pub(super) async fn restore(
    platform: &impl AccountPlatform,
    email: &Address,
    password: &Password,
    unlocking: &Unlocking,
) -> Result<(), AccountError> {
    let OpenLogin { attempt, logged_in, .. } =
        log_in(platform, email, password, platform.stretching().and_older()).await?;
    let export_key = logged_in.export_key.as_bytes();
    let store = open_kept(platform, email, unlocking).await?;
    let finish = SignInFinish { attempt, finalization: logged_in.finalization, device: None };
    let SignedIn { vault: present, directory, .. } = api::post(platform, "/sign-in/finish", &finish).await?;
    let owner = Owner { email, account_key: &directory.account_key };
    let restored = async {
        let seen = seen(&store, KeptDevice::find(&store).await?.as_ref(), owner.account_key).await?;
        let root = vault::root_by_password(owner, export_key, &present);
        if root.is_ok_and(|root| vault::open(owner, &VaultKeys::derive(&root).body, seen, &present).is_ok()) {
            // Another device was faster.
            return Ok(());
        }
        let found = newest(platform, owner, export_key, &present, seen).await?;
        let Earlier { vault, root, .. } = found.ok_or(AccountError::VaultAltered)?;
        let rng = &mut platform.rng();
        let (vault, proof) = if head(&vault) == head(&present) {
            let key = VaultKeys::derive(&root).body;
            let body = vault::open(owner, &key, seen, &vault)?.body;
            (vault::replace_body(owner, &key, &body, &vault, rng)?, None)
        } else {
            let again = log_in(platform, email, password, platform.stretching().and_older()).await?;
            let proof = Proof::Password { attempt: again.attempt, finalization: again.logged_in.finalization };
            (vault::replace_password_lock(owner, &root, export_key, &vault, rng)?, Some(proof))
        };
        let replace = ReplaceVault { vault, replaces: present.digest(), proof };
        Ok(api::send(platform, "PUT", "/vault", &replace).await?)
    };
    let restored = restored.await;
    sign_out(platform).await;
    restored
}
