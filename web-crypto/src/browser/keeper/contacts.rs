//! What is rarely decided about contacts, and the contacts that a new device gets back from the vault.

use super::{KeepError, Keeper, step};
use crate::{
    browser::{
        http::{self, HttpError},
        page,
        rsa::WebVerifier,
        sentences::word,
        store::{CONTACTS, TO_RESTORE, Write},
    },
    client::messenger::Messenger,
    crypto::vault::{self, Owner},
};
use cliquet_wire::{address::Address, certificate::AccountCard, contacts::Contacts, json, vault::Vault};
use js_sys::Function;

/// `verb/address/key`, as the page's buttons say it; or the name of what is to be brought back.
pub(super) async fn grant(email: &Address, lend: &Function, wish: &str) -> Result<(), KeepError> {
    if wish == CONTACTS {
        return bring_back(email, lend).await;
    }
    let mut parts = wish.splitn(3, '/');
    let verb = parts.next().unwrap_or_default();
    let address = parts.next().and_then(|address| Address::parse(address).ok()).ok_or(KeepError::PageBroken)?;
    let key = parts.next().unwrap_or_default();
    match verb {
        "verified" | "unverified" => {
            let verified = verb == "verified";
            let make = async move |_: &Keeper, messenger: &Messenger| Ok(messenger.verify(&address, verified)?);
            step(lend, email, make).await
        }
        "key-accepted" => {
            let card: AccountCard = http::get(&["/contacts/", address.as_str()].concat()).await?;
            if card.email != address || json::write(&card.account_key.hash()) != key {
                // Not the key that the person has seen.
                return Err(KeepError::Altered);
            }
            let make = async move |_: &Keeper, messenger: &Messenger| {
                Ok(messenger.accept_key(card, page::now_ms(), &WebVerifier).await?)
            };
            step(lend, email, make).await
        }
        _ => Err(KeepError::PageBroken),
    }
}

/// Whoever the vault vouches for is known by the key that it knows, before anything of theirs is opened.
async fn bring_back(email: &Address, lend: &Function) -> Result<(), KeepError> {
    let keeper = Keeper::open(email).await?;
    let Vault { vault } = http::get("/vault").await?;
    let owner = Owner { email, account_key: keeper.own.account_key() };
    let body = vault::open(owner, &keeper.safekeeping.body, keeper.safekeeping.generation, &vault)
        .map_err(|_| KeepError::Altered)?
        .body;
    let listed: Contacts = http::get("/contacts").await?;
    let make = async move |_: &Keeper, messenger: &Messenger| {
        Ok(messenger.adopt(&body, &listed.contacts, page::now_ms()))
    };
    step(lend, email, make).await?;
    Ok(keeper.store.commit(&[Write { store: TO_RESTORE, key: CONTACTS, value: None }]).await?)
}

/// On the page's line for what concerns all of it.
pub(super) fn complain(error: &KeepError) {
    let said = match error {
        KeepError::Http(HttpError::Problem(problem)) => [problem.title.as_str(), " ", problem.detail.as_str()].concat(),
        KeepError::Http(_) => word("offline"),
        KeepError::Altered => word("card-refused"),
        KeepError::Store(_) | KeepError::NotWritten | KeepError::PageBroken => word("page-broken"),
    };
    if let Some(line) = page::by_id("notice") {
        line.set_text_content(Some(&said));
    }
}
