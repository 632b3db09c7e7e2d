//! How safe an account is against loss, as far as the server can tell: recovery key, vault, history, files.

use crate::{
    accounts::{self, Safekeeping},
    database::Database,
    error::Error,
    files::Files,
    history::{self, Histories, Totals},
    response::HtmlOrJson,
    routes::history::owner,
    signed_in::SignedIn,
};
use cliquet_wire::{address::Address, files::FilesRoom};
use rocket::{Route, State, get, routes};
use serde::Serialize;

pub fn routes() -> Vec<Route> {
    routes![safety]
}

/// What `fragments/safety.html` needs.
#[derive(Clone, Debug, Serialize)]
struct Safety {
    /// Whose account it is: password managers want it in a form that takes a password.
    email: Address,
    /// When the recovery key was set, in milliseconds since 1970. `None`: there is none.
    recovery_set: Option<u64>,
    vault_bytes: u64,
    history: Totals,
    /// How many bytes of history an account may keep. Zero: this server keeps none.
    history_quota: u64,
    /// What the files that the account sent take, and how long each is kept.
    files: FilesRoom,
}

#[get("/safety")]
async fn safety(
    signed_in: SignedIn,
    database: &State<Database>,
    histories: &State<Histories>,
    files: &State<Files>,
) -> Result<HtmlOrJson<Safety>, Error> {
    let account_id = signed_in.account_id;
    let Safekeeping { recovery_set, vault_bytes } =
        database.run(move |connection| accounts::safekeeping(connection, account_id)).await?;
    let owner = owner(database, account_id).await?;
    let history = histories.database.run(move |connection| history::totals(connection, &owner)).await?;
    let files = files.room(owner).await?;
    let email = signed_in.email;
    let safety = Safety { email, recovery_set, vault_bytes, history, history_quota: histories.quota, files };
    Ok(HtmlOrJson::new(safety).page("safety.html").fragment("fragments/safety.html"))
}
