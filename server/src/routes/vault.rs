//! The sealed vault: what the server keeps for recovery and cannot open.

use crate::{
    accounts::{self, VaultError},
    body::Body,
    config::sizes,
    database::Database,
    error::Error,
    response::HtmlOrJson,
    signed_in::{Changing, SignedIn},
};
use cliquet_wire::{
    bytes::Blob,
    limits::VAULT_BYTES_MAX,
    problem::ProblemCode,
    vault::{ReplaceVault, Vault},
};
use rocket::{Route, State, get, put, response::status::NoContent, routes};

pub fn routes() -> Vec<Route> {
    routes![read, replace]
}

#[get("/vault")]
async fn read(signed_in: SignedIn, database: &State<Database>) -> Result<HtmlOrJson<Vault>, Error> {
    let vault = database.run(move |connection| accounts::vault(connection, signed_in.account_id)).await?;
    Ok(HtmlOrJson::new(Vault { vault }))
}

/// Replaces the vault that this one was made from, and no other: of two devices at once, one is told to look again.
#[put("/vault", data = "<body>")]
async fn replace(
    changing: Changing<SignedIn>,
    body: Body<ReplaceVault, { sizes::VAULT }>,
    database: &State<Database>,
) -> Result<NoContent, Error> {
    let Changing(signed_in) = changing;
    let ReplaceVault { vault, replaces } = body.0;
    check_size(&vault)?;
    database
        .write(move |transaction| accounts::replace_vault(transaction, signed_in.account_id, &vault, &replaces))
        .await?;
    Ok(NoContent)
}

/// Of every vault that is brought, by whichever route.
pub(super) fn check_size(vault: &Blob) -> Result<(), ProblemCode> {
    if vault.0.len() > VAULT_BYTES_MAX { Err(ProblemCode::TooLarge) } else { Ok(()) }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Outdated => ProblemCode::VaultOutdated.into(),
            VaultError::Database(error) => error.into(),
        }
    }
}
