//! The vault, kept up with what this browser's person decided about contacts; and what a new device takes from it.
//!
//! Another device may have replaced it meanwhile: what it wrote is taken in, and the change made anew.

use super::{
    alarm::Alarm,
    api,
    engine::Engine,
    error::AppError,
    history_sync::safekeeping,
    to_restore::{CONTACTS, TO_RESTORE},
};
use crate::{
    browser::platform::service::{Platform, Storage, Write},
    client::{
        history_chain::{self, own_head, put_head},
        records::Changes,
        safekeeping::Safekeeping,
    },
    crypto::vault::{self, Owner, VaultBody},
};
use cliquet_wire::{
    bytes::Blob,
    contacts::Contacts,
    problem::ProblemCode,
    vault::{ReplaceVault, Vault},
};
use std::cell::RefCell;

/// Two devices that are at it at the same time do not go on for ever.
const ATTEMPTS: u32 = 4;

/// The vault as the server was last seen to have it: most calls find nothing to change.
#[derive(Debug, Default)]
pub struct VaultSync(RefCell<Option<(Blob, VaultBody)>>);

impl VaultSync {
    pub(super) async fn keep<P: Platform>(&self, engine: &Engine<P>) -> Result<(), AppError> {
        let platform = engine.platform();
        for _ in 0..ATTEMPTS {
            let seen = self.0.take();
            let (blob, body) = match seen {
                Some(seen) => seen,
                None => fetch(engine).await?,
            };
            let mut next = engine.read(|messenger| messenger.vault_body(&body)).await?;
            if let Some(head) = own_head(engine.store(), engine.device()).await? {
                put_head(&mut next, &head);
            }
            if next == body {
                self.0.replace(Some((blob, body)));
                return Ok(());
            }
            let key = safekeeping(engine).await?.body;
            let vault =
                vault::replace_body(owner(engine), &key, &next, &blob, &mut platform.rng()).map_err(Alarm::from)?;
            let replace = ReplaceVault { replaces: blob.digest(), vault, proof: None };
            match api::send(platform, "PUT", "/vault", &replace).await {
                Ok(()) => {
                    let body = read(engine, &replace.vault).await?;
                    self.0.replace(Some((replace.vault, body)));
                    return Ok(());
                }
                Err(error) if error.code() == Some(ProblemCode::VaultOutdated) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// The contacts that a new device lacks: whoever the vault vouches for is known by the key that it knows, before anything
/// of theirs is opened.
pub(super) async fn adopt<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    if engine.store().value(TO_RESTORE, CONTACTS).await?.is_none() {
        return Ok(());
    }
    let (platform, safekeeping) = (engine.platform(), safekeeping(engine).await?);
    let Vault { vault } = api::get(platform, "/vault").await?;
    let body = open(engine, &safekeeping, &vault)?;
    let listed: Contacts = api::get(platform, "/contacts").await?;
    engine
        .run(async |messenger| {
            Ok(Some(messenger.adopt(&body, &listed.contacts, engine.store(), platform.now_ms()).await?))
        })
        .await?;
    engine.put(&[Write { store: TO_RESTORE, key: CONTACTS, value: None }]).await
}

async fn fetch<P: Platform>(engine: &Engine<P>) -> Result<(Blob, VaultBody), AppError> {
    let platform = engine.platform();
    let Vault { vault } = api::get(platform, "/vault").await?;
    let body = read(engine, &vault).await?;
    // What another device decided, and whom it knows by which key.
    engine
        .run(async |messenger| {
            let step = messenger.adopt(&body, &[], engine.store(), platform.now_ms()).await?;
            Ok((!step.changes.is_empty()).then_some(step))
        })
        .await?;
    go_on_from(engine, &body).await?;
    Ok((vault, body))
}

/// The vault's body as the server has it now.
pub(super) async fn body<P: Platform>(engine: &Engine<P>) -> Result<VaultBody, AppError> {
    let Vault { vault } = api::get(engine.platform(), "/vault").await?;
    read(engine, &vault).await
}

/// A browser that was put back to an earlier day has made more segments than it knows of.
async fn go_on_from<P: Platform>(engine: &Engine<P>, body: &VaultBody) -> Result<(), AppError> {
    let Some(kept) = body.history.iter().find(|head| head.device == engine.device()) else { return Ok(()) };
    let own = own_head(engine.store(), engine.device()).await?;
    if own.is_none_or(|own| own.number < kept.number) {
        engine.commit(&Changes { puts: vec![history_chain::record(kept)], deletes: Vec::new() }).await?;
    }
    Ok(())
}

/// Opens it, and remembers that no older one may follow.
async fn read<P: Platform>(engine: &Engine<P>, blob: &Blob) -> Result<VaultBody, AppError> {
    let mut safekeeping = safekeeping(engine).await?;
    let body = open(engine, &safekeeping, blob)?;
    if body.generation > safekeeping.generation {
        safekeeping.generation = body.generation;
        engine.commit(&Changes { puts: vec![safekeeping.record()], deletes: Vec::new() }).await?;
    }
    Ok(body)
}

fn open<P: Platform>(engine: &Engine<P>, safekeeping: &Safekeeping, blob: &Blob) -> Result<VaultBody, AppError> {
    let opened = vault::open(owner(engine), &safekeeping.body, safekeeping.generation, blob);
    opened.map(|vault| vault.body).map_err(|error| Alarm::from(error).into())
}

fn owner<P: Platform>(engine: &Engine<P>) -> Owner<'_> {
    Owner { email: engine.email(), account_key: engine.account_key() }
}
