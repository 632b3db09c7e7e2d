//! The sealed vault: what the server keeps for recovery and cannot open.

use crate::{
    accounts::{self, VaultError},
    answer::Answer,
    body::Body,
    config::sizes,
    database::Database,
    error::Error,
    signed_in::SignedIn,
    throttle::Throttle,
};
use cliquet_wire::{
    limits::VAULT_BYTES_MAX,
    problem::ProblemCode,
    vault::{ReplaceVault, Vault},
};
use rocket::{Route, State, get, put, response::status::NoContent, routes};

pub fn routes() -> Vec<Route> {
    routes![read, replace]
}

#[get("/vault")]
async fn read(signed_in: SignedIn, database: &State<Database>) -> Result<Answer<Vault>, Error> {
    let vault = database.run(move |connection| accounts::vault(connection, signed_in.account_id)).await?;
    Ok(Answer::new(Vault { vault }))
}

/// Replaces the vault that this one was made from, and no other: of two devices at once, one is told to look again.
#[put("/vault", data = "<body>")]
async fn replace(
    signed_in: SignedIn,
    body: Body<ReplaceVault, { sizes::VAULT }>,
    throttle: &State<Throttle>,
    database: &State<Database>,
) -> Result<NoContent, Error> {
    let ReplaceVault { vault, replaces } = body.0;
    if vault.0.len() > VAULT_BYTES_MAX {
        return Err(ProblemCode::TooLarge.into());
    }
    throttle.change_per_account.check(&signed_in.account_id)?;
    database
        .write(move |transaction| accounts::replace_vault(transaction, signed_in.account_id, &vault, &replaces))
        .await?;
    Ok(NoContent)
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Outdated => ProblemCode::VaultOutdated.into(),
            VaultError::Database(error) => error.into(),
        }
    }
}
