//! New pre-keys: made, durable here, and only then published.

use super::{KeepError, Keeper, step};
use crate::{
    browser::platform::{http, random, store::ACCOUNT_KEY, timer, webcrypto::SigningKey},
    client::messenger::Messenger,
};
use cliquet_wire::{
    address::Address,
    pre_keys::{PreKeyStock, PreKeyUpload},
};
use js_sys::Function;
use std::{cell::Cell, rc::Rc};

pub(super) async fn publish(email: &Address, lend: &Function) -> Result<(), KeepError> {
    let keeper = Keeper::open(email).await?;
    let key = keeper.store.key(ACCOUNT_KEY).await?.ok_or(KeepError::PageBroken)?;
    let signer = SigningKey::from_stored(key, keeper.own.account_key().clone());
    let stock: PreKeyStock = http::get("/devices/self/pre-keys").await?;
    let due = Rc::new(Cell::new(None));
    let made = due.clone();
    step(lend, email, async move |_: &Keeper, messenger: &Messenger| {
        let tended = messenger.tend_pre_keys(&stock, timer::now_ms(), &signer, &mut random::system()).await?;
        Ok(tended.map(|(step, upload)| {
            made.set(Some(upload));
            step
        }))
    })
    .await?;
    // The secret halves are durable: now the public ones may be handed out.
    let upload: Option<PreKeyUpload> = due.take();
    if let Some(upload) = upload {
        http::send("PUT", "/devices/self/pre-keys", &upload).await?;
    }
    Ok(())
}
