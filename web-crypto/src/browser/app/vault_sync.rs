//! The vault, kept up with what this browser's person decided about contacts; and what a new device takes from it.
//!
//! Another device may have replaced it meanwhile: what it wrote is taken in, and the change made again. A vault with a new
//! root, because a device was removed, opens with the keys that were told.

use super::{
    alarm::Alarm,
    api,
    engine::{Engine, Notice},
    error::AppError,
    history_sync::safekeeping,
    load_messages,
    to_restore::{CONTACTS, TO_RESTORE},
};
use crate::{
    browser::platform::service::{Platform, Storage, Write},
    client::{
        history_chain::{self, own_head, put_head},
        records::Changes,
        safekeeping::{Safekeeping, kept_vault, vault_record},
        vault_keys::{Offer, offers},
    },
    crypto::{
        keys::Key,
        vault::{self, Owner, VaultBody, VaultError},
    },
};
use cliquet_wire::{
    bytes::Blob,
    contacts::Contacts,
    problem::ProblemCode,
    vault::{ReplaceVault, Vault, head},
};
use std::cell::RefCell;

/// Two devices that are at it at the same time do not go on for ever.
const ATTEMPTS: u32 = 4;

/// The device that gave the vault a new root tells the others at once.
const TOLD_WITHIN_MS: u32 = 20_000;

/// The vault as the server was last seen to have it: most calls find nothing to change.
#[derive(Debug, Default)]
pub struct VaultSync(RefCell<Option<Seen>>);

#[derive(Debug)]
struct Seen {
    vault: Blob,
    body: VaultBody,
    /// What the body is sealed with.
    key: Key,
}

impl VaultSync {
    /// Makes sure that this browser has the keys of the vault that the server has: nothing is sealed with keys that were
    /// given up because a device was removed.
    pub(super) async fn open<P: Platform>(&self, engine: &Engine<P>) -> Result<(), AppError> {
        let safekeeping = safekeeping(engine).await?;
        let is_open = self.0.borrow().as_ref().is_some_and(|seen| seen.key == safekeeping.body);
        if !is_open || !offered(engine, &safekeeping).await?.is_empty() {
            let seen = fetch(engine).await?;
            self.0.replace(Some(seen));
        }
        Ok(())
    }

    /// The vault is read again before it is next compared.
    pub(super) fn forget(&self) {
        self.0.take();
    }

    /// The vault's body as it was last seen.
    pub(super) fn seen(&self) -> Option<VaultBody> {
        self.0.borrow().as_ref().map(|seen| seen.body.clone())
    }

    pub(super) async fn keep<P: Platform>(&self, engine: &Engine<P>) -> Result<(), AppError> {
        let (platform, mut kept) = (engine.platform(), Ok(()));
        for _ in 0..ATTEMPTS {
            self.open(engine).await?;
            let Some(Seen { vault, body, key }) = self.0.take() else { return Ok(()) };
            let mut next = engine.read(|messenger| messenger.vault_body(&body)).await?;
            if let Some(head) = own_head(engine.store(), engine.device()).await? {
                put_head(&mut next, &head);
            }
            if next == body {
                self.0.replace(Some(Seen { vault, body, key }));
                return Ok(());
            }
            let replaced = vault::replace_body(owner(engine), &key, &next, &vault, &mut platform.rng());
            let replaces = vault.digest();
            let replace = ReplaceVault { replaces, vault: replaced.map_err(Alarm::from)?, proof: None };
            match api::send(platform, "PUT", "/vault", &replace).await {
                Ok(()) => {
                    let body = read(engine, &replace.vault).await?;
                    self.0.replace(Some(Seen { vault: replace.vault, body, key }));
                    return Ok(());
                }
                // Another device was faster.
                Err(error) if error.code() == Some(ProblemCode::VaultOutdated) => kept = Err(error.into()),
                Err(error) => return Err(error.into()),
            }
        }
        kept
    }
}

/// The contacts that a new device lacks: those for whom the vault vouches are known by the key that it knows, before anything
/// of theirs is opened.
pub(super) async fn adopt<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    if engine.store().value(TO_RESTORE, CONTACTS).await?.is_none() {
        return Ok(());
    }
    let platform = engine.platform();
    let body = body(engine).await?;
    let listed: Contacts = api::get(platform, "/contacts").await?;
    engine
        .run(async |messenger| {
            Ok(Some(messenger.adopt(&body, &listed.contacts, engine.store(), platform.now_ms()).await?))
        })
        .await?;
    engine.put(&[Write { store: TO_RESTORE, key: CONTACTS, value: None }]).await
}

async fn fetch<P: Platform>(engine: &Engine<P>) -> Result<Seen, AppError> {
    let platform = engine.platform();
    let Vault { mut vault } = api::get(platform, "/vault").await?;
    let mut opened = read(engine, &vault).await;
    if opened == Err(Alarm::VaultLocked.into()) {
        platform.pause(TOLD_WITHIN_MS).await;
        Vault { vault } = api::get(platform, "/vault").await?;
        opened = read(engine, &vault).await;
    }
    let (vault, body) = match opened {
        Ok(body) => (vault, body),
        Err(AppError::Alarm(alarm)) => put_back(engine, &vault, alarm).await?,
        Err(error) => return Err(error),
    };
    // What another device decided, and whom it knows by which key.
    engine
        .run(async |messenger| {
            let step = messenger.adopt(&body, &[], engine.store(), platform.now_ms()).await?;
            Ok((!step.changes.is_empty()).then_some(step))
        })
        .await?;
    go_on_from(engine, &body).await?;
    Ok(Seen { vault, body, key: safekeeping(engine).await?.body })
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

/// Opens it, and remembers that no older one may follow. With other keys, when a device was removed and these were told.
async fn read<P: Platform>(engine: &Engine<P>, blob: &Blob) -> Result<VaultBody, AppError> {
    let mut safekeeping = safekeeping(engine).await?;
    let mut changes = Changes::default();
    let body = match open(engine, &safekeeping.body, safekeeping.generation, blob) {
        Err(VaultError::Altered) => {
            let offers = offered(engine, &safekeeping).await?.into_iter();
            let mut opened = offers.filter_map(|offer| {
                let body = open(engine, &offer.keys.body, offer.keys.generation, blob).ok()?;
                Some((offer, body))
            });
            let Some((offer, body)) = opened.next() else { return Err(not_opened(engine, blob).await?.into()) };
            safekeeping = safekeeping.under(offer.keys);
            changes = offer.then;
            body
        }
        opened => opened.map_err(Alarm::from)?,
    };
    if safekeeping.has_seen(&body) {
        changes.puts.extend([safekeeping.record(), vault_record(blob)]);
        engine.commit(&changes).await?;
    }
    Ok(body)
}

/// Why nothing opens it. Other locks mean that it may have other keys: a device was removed, and nobody told this one.
async fn not_opened<P: Platform>(engine: &Engine<P>, blob: &Blob) -> Result<Alarm, AppError> {
    let kept = kept_vault(engine.store()).await?;
    let (before, now) = (kept.as_ref().and_then(head), head(blob));
    let has_other_locks = before.is_some() && now.is_some() && before != now;
    Ok(if has_other_locks { Alarm::VaultLocked } else { Alarm::VaultAltered })
}

/// The server has an altered vault, or an older one. The last one that was opened here takes its place, unless it has other
/// locks: those only the password changes.
async fn put_back<P: Platform>(engine: &Engine<P>, found: &Blob, alarm: Alarm) -> Result<(Blob, VaultBody), AppError> {
    let (platform, key) = (engine.platform(), safekeeping(engine).await?.body);
    let Some(kept) = kept_vault(engine.store()).await?.filter(|kept| head(kept) == head(found)) else {
        return Err(alarm.into());
    };
    let opened = open(engine, &key, 0, &kept).map_err(|_| alarm)?;
    let vault = vault::replace_body(owner(engine), &key, &opened, &kept, &mut platform.rng()).map_err(|_| alarm)?;
    let replace = ReplaceVault { replaces: found.digest(), vault, proof: None };
    if api::send(platform, "PUT", "/vault", &replace).await.is_err() {
        return Err(alarm.into());
    }
    engine.say(Notice::Failed(Alarm::VaultPutBack.into()));
    let body = read(engine, &replace.vault).await?;
    Ok((replace.vault, body))
}

/// The keys that other devices told, and those that this one made, of a later vault than was seen.
async fn offered<P: Platform>(engine: &Engine<P>, safekeeping: &Safekeeping) -> Result<Vec<Offer>, AppError> {
    let own = load_messages::peer(engine, engine.email()).await?;
    let listed = own.and_then(|own| own.listed).unwrap_or_default();
    Ok(offers(engine.store(), &listed, safekeeping.generation).await?)
}

fn open<P: Platform>(engine: &Engine<P>, key: &Key, seen: u64, blob: &Blob) -> Result<VaultBody, VaultError> {
    vault::open(owner(engine), key, seen, blob).map(|vault| vault.body)
}

fn owner<P: Platform>(engine: &Engine<P>) -> Owner<'_> {
    Owner { email: engine.email(), account_key: engine.account_key() }
}
