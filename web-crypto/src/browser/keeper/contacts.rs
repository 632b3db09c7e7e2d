//! What is rarely wished: decisions about contacts, their safety numbers, and the contacts that a new device gets back from the vault.

use super::{KeepError, Keeper, pre_keys, step};
use crate::{
    browser::{
        platform::{
            http::{self, HttpError},
            store::{CONTACTS, TO_RESTORE, Write},
            timer,
            webcrypto::WebVerifier,
        },
        view::{dom, sentences::word},
    },
    client::{messenger::Messenger, peer::Peer, records::Store},
    crypto::{
        safety_number::SafetyNumber,
        vault::{self, Owner},
    },
};
use cliquet_wire::{address::Address, certificate::AccountCard, contacts::Contacts, vault::Vault};
use js_sys::Function;

/// `verb/address/key`, as the page's buttons say it; or the name of what is to be brought back.
pub(super) async fn grant(email: &Address, lend: &Function, wish: &str) -> Result<(), KeepError> {
    if wish == CONTACTS {
        return bring_back(email, lend).await;
    }
    if wish == "pre-keys" {
        return pre_keys::publish(email, lend).await;
    }
    let mut parts = wish.splitn(3, '/');
    let verb = parts.next().unwrap_or_default();
    let address = parts.next().and_then(|address| Address::parse(address).ok()).ok_or(KeepError::PageBroken)?;
    let key = parts.next().unwrap_or_default();
    match verb {
        "number" => show_number(email, &address).await,
        "verified" | "unverified" => {
            let verified = verb == "verified";
            let make = async move |_: &Keeper, messenger: &Messenger| Ok(messenger.verify(&address, verified)?);
            step(lend, email, make).await
        }
        "kept" | "unkept" => {
            let keep = verb == "kept";
            let make = async move |_: &Keeper, messenger: &Messenger| Ok(messenger.keep_history(&address, keep)?);
            step(lend, email, make).await
        }
        "blocked" | "unblocked" => {
            let block = verb == "blocked";
            // The server first: what it refuses is not written down here.
            let path = ["/contacts/", address.as_str(), "/block"].concat();
            http::call(if block { "PUT" } else { "DELETE" }, &path).await?;
            let make = async move |_: &Keeper, messenger: &Messenger| {
                Ok(if block { messenger.block(&address) } else { messenger.unblock(&address) }?)
            };
            step(lend, email, make).await?;
            say(&word(if block { "contact-blocked" } else { "contact-unblocked" }));
            Ok(())
        }
        "key-accepted" => {
            let card = card(&address).await?;
            if card.account_key.hash().to_string() != key {
                // Not the key that the person has seen.
                return Err(KeepError::Altered);
            }
            let make = async move |_: &Keeper, messenger: &Messenger| {
                Ok(messenger.accept_key(card, timer::now_ms(), &WebVerifier).await?)
            };
            step(lend, email, make).await
        }
        _ => Err(KeepError::PageBroken),
    }
}

/// The digits, in the conversation that is open. Where another key was shown, they are of the key that would be accepted.
async fn show_number(email: &Address, address: &Address) -> Result<(), KeepError> {
    let keeper = Keeper::open(email).await?;
    let Some(kept) = keeper.store.get(Store::Peers.name(), address.as_str()).await? else { return Ok(()) };
    let peer = Peer::load(&kept)?;
    let (mut account_key, mut seen) = (peer.account_key, None);
    if peer.key_changed {
        account_key = card(address).await?.account_key;
        seen = Some(account_key.hash().to_string());
    }
    let number = SafetyNumber::of((email, keeper.own.account_key()), (address, &account_key));
    let selector = ["[data-conversation=\"", address.as_str(), "\"]"].concat();
    let Some(open) = dom::find(&selector) else { return Ok(()) };
    if let Some(digits) = dom::within(&open, "[data-digits]") {
        digits.set_text_content(Some(&number.text()));
    }
    if let Some(seen) = seen {
        let _ = open.set_attribute("data-key", &seen);
    }
    Ok(())
}

async fn card(address: &Address) -> Result<AccountCard, KeepError> {
    let card: AccountCard = http::get(&["/contacts/", address.as_str()].concat()).await?;
    if card.email == *address { Ok(card) } else { Err(KeepError::Altered) }
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
    let make =
        async move |_: &Keeper, messenger: &Messenger| Ok(messenger.adopt(&body, &listed.contacts, timer::now_ms()));
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
    say(&said);
}

fn say(sentence: &str) {
    if let Some(line) = dom::by_id("notice") {
        line.set_text_content(Some(sentence));
    }
}
