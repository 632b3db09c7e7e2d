//! The vault, kept up with what this browser's person decided about contacts.
//!
//! Another device may have replaced it meanwhile: what it wrote is taken in, and the change made anew.

use super::{KeepError, Keeper};
use crate::{
    browser::platform::{http, random},
    crypto::vault::{self, Owner, VaultBody},
};
use cliquet_wire::{
    bytes::Blob,
    problem::ProblemCode,
    vault::{ReplaceVault, Vault},
};
use std::cell::RefCell;

/// Two devices that are at it at the same time do not go on for ever.
const ATTEMPTS: u32 = 4;

thread_local! {
    /// As the server was last seen to have it: most calls find nothing to change.
    static SEEN: RefCell<Option<(Blob, VaultBody)>> = const { RefCell::new(None) };
}

pub(super) async fn keep(keeper: &mut Keeper) -> Result<(), KeepError> {
    for _ in 0..ATTEMPTS {
        let (blob, body) = match SEEN.take() {
            Some(seen) => seen,
            None => fetch(keeper).await?,
        };
        let messenger = keeper.messenger().await?;
        let next = messenger.vault_body(&body);
        if next == body {
            SEEN.replace(Some((blob, body)));
            return Ok(());
        }
        let (owner, rng) = (owner(keeper), &mut random::system());
        let vault =
            vault::replace_body(owner, &keeper.safekeeping.body, &next, &blob, rng).map_err(|_| KeepError::Altered)?;
        let replace = ReplaceVault { replaces: blob.digest(), vault };
        match http::send("PUT", "/vault", &replace).await {
            Ok(()) => {
                let body = read(keeper, &replace.vault).await?;
                SEEN.replace(Some((replace.vault, body)));
                return Ok(());
            }
            Err(error) if error.code() == Some(ProblemCode::VaultOutdated) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn fetch(keeper: &mut Keeper) -> Result<(Blob, VaultBody), KeepError> {
    let Vault { vault } = http::get("/vault").await?;
    let body = read(keeper, &vault).await?;
    Ok((vault, body))
}

/// Opens it, and remembers that no older one may follow.
async fn read(keeper: &mut Keeper, blob: &Blob) -> Result<VaultBody, KeepError> {
    let seen = keeper.safekeeping.generation;
    let body = vault::open(owner(keeper), &keeper.safekeeping.body, seen, blob).map_err(|_| KeepError::Altered)?.body;
    if body.generation > seen {
        keeper.safekeeping.generation = body.generation;
        keeper.put(keeper.safekeeping.record()).await?;
    }
    Ok(body)
}

fn owner(keeper: &Keeper) -> Owner<'_> {
    Owner { email: keeper.own.email(), account_key: keeper.own.account_key() }
}
