//! What the leading tab does seldom. In a browser the code for it is a chunk, fetched when it is first wanted.
//!
//! Owns what belongs to it, and one way in, so that the page decides where the code comes from ([`Run`]).

use super::{
    command::Command,
    contact_deletions, delivery_token,
    delivery_token::UnknownToken,
    engine::{Engine, Notice},
    error::AppError,
    execute::execute,
    fetch::fetch,
    files, groups, history_check, history_follow, history_sync, list_renewal, pre_keys, receive, restore, saved_file,
    vault_sync,
    vault_sync::VaultSync,
};
use crate::{browser::platform::service::Platform, client::encrypt_next::Needs};
use std::{pin::Pin, rc::Rc};

/// One thing to do.
#[derive(Debug)]
pub enum Rare {
    /// A new device takes its contacts from the vault.
    Adopt,
    /// Brings a directory or pre-keys, without which nothing can be encrypted for an account.
    Fetch(Needs),
    /// What a person asked for.
    Execute(Command),
    /// Brings history, vault and delivery token up to date, adds what a saved file or the history has for this browser, and
    /// makes changes of groups again.
    Keep(Rc<VaultSync>, Rc<UnknownToken>),
    /// Checks the newest part of the history, if it is due.
    CheckHistory,
    /// Reads again what an earlier release of this program did not understand.
    ReadUnknown,
    /// Sends the files that messages wait for.
    Upload,
    /// Refills and replaces the pre-keys on the server, renews the account's device list, and looks whether contacts
    /// deleted their accounts.
    Tend,
}

/// The end of it.
pub type Done = Pin<Box<dyn Future<Output = Result<(), AppError>>>>;

/// [`run`] itself, or what fetches its code first and fails with [`AppError::NotLoaded`].
pub type Run<P> = fn(Rc<Engine<P>>, Rare) -> Done;

/// Does it.
pub fn run<P: Platform>(engine: Rc<Engine<P>>, rare: Rare) -> Done {
    Box::pin(async move {
        match rare {
            Rare::Adopt => vault_sync::adopt(&engine).await,
            Rare::Fetch(needs) => fetch(&engine, &needs).await,
            Rare::Execute(command) => execute(&engine, command).await,
            Rare::Keep(vault, unknown) => keep(&engine, &vault, &unknown).await,
            Rare::CheckHistory => {
                history_check::look(&engine).await;
                Ok(())
            }
            Rare::ReadUnknown => receive::read_unknown(&engine).await,
            Rare::Upload => files::uploads::run(&engine).await,
            Rare::Tend => {
                tend(&engine).await;
                Ok(())
            }
        }
    })
}

/// Says what the server should not have done. Any other failure waits for the next time: other devices' messages still
/// arrive meanwhile, and the poll says whether the server is there.
async fn tend<P: Platform>(engine: &Engine<P>) {
    let tended =
        [pre_keys::tend(engine).await, list_renewal::tend(engine).await, contact_deletions::look(engine).await];
    // It is swept again next time.
    let _ = files::sweep(engine).await;
    for tended in tended {
        if let Err(alarm @ AppError::Alarm(_)) = tended {
            engine.say(Notice::Failed(alarm));
        }
    }
}

async fn keep<P: Platform>(engine: &Engine<P>, vault: &VaultSync, unknown: &UnknownToken) -> Result<(), AppError> {
    // Nothing else waits for it.
    let deleted = files::uploads::delete(engine).await;
    // What needs no server goes first.
    saved_file::add_texts(engine).await?;
    groups::admit(engine).await?;
    groups::change_again(engine).await?;
    // Somebody whom another device blocked is not told a new token.
    let token_is_due = delivery_token::is_due(engine).await?;
    if token_is_due {
        vault.forget();
    }
    vault.open(engine).await?;
    if token_is_due {
        delivery_token::make(engine).await?;
    }
    restore::restore(engine).await?;
    let kept = history_sync::keep(engine).await;
    vault.keep(engine).await?;
    if let Some(body) = vault.seen() {
        history_follow::follow(engine, &body).await?;
    }
    // One that came meanwhile has its turn after the vault was read again.
    if token_is_due {
        delivery_token::set(engine, unknown).await?;
    }
    kept.and(deleted)
}
