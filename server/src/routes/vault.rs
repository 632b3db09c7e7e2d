//! The sealed vault: what the server keeps for recovery and cannot open.

use crate::{
    accounts::{self, Head, VaultError},
    body::Body,
    config::sizes,
    database::{self, Database},
    earlier_vaults,
    error::Error,
    now::Now,
    password::Passwords,
    response::HtmlOrJson,
    routes::proof::Checked,
    signed_in::{Changing, SignedIn},
};
use cliquet_wire::{
    bytes::Blob,
    limits::VAULT_BYTES_MAX,
    problem::ProblemCode,
    vault::{EarlierVaults, ReplaceVault, Vault},
};
use rocket::{Route, State, get, put, response::status::NoContent, routes};

pub fn routes() -> Vec<Route> {
    routes![read, replace, earlier, read_earlier]
}

#[get("/vault")]
async fn read(signed_in: SignedIn, database: &State<Database>) -> Result<HtmlOrJson<Vault>, Error> {
    let vault = database.run(move |connection| accounts::vault(connection, signed_in.account_id)).await?;
    Ok(HtmlOrJson::new(Vault { vault }))
}

/// Replaces the vault that this one was made from, and no other: of two devices at once, one is told to look again. Another
/// head takes a proof: a sign-in that was stolen opens nothing and closes nothing.
#[put("/vault", data = "<body>")]
async fn replace(
    changing: Changing<SignedIn>,
    body: Body<ReplaceVault, { sizes::VAULT }>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<NoContent, Error> {
    let Changing(SignedIn { account_id, email, .. }) = changing;
    let ReplaceVault { vault, replaces, proof } = body.0;
    check_size(&vault)?;
    let (passwords, now_ms) = (Passwords::clone(passwords), now.0);
    let replaced = database.change(move |connection| {
        let proof = proof.map(|proof| Checked::check(&passwords, &email, proof, now_ms)).transpose()?;
        database::write(connection, |transaction| {
            let head = match proof {
                Some(proof) => {
                    proof.still_counts(transaction, account_id, &email)?;
                    Head::MayChange
                }
                None => Head::Stays,
            };
            Ok::<_, Error>(accounts::replace_vault(transaction, account_id, &vault, &replaces, head, now_ms)?)
        })
    });
    replaced.await?;
    Ok(NoContent)
}

/// The vaults that were replaced within thirty days. They are sealed, and opened by what opens the present one.
#[get("/vault/earlier")]
async fn earlier(
    signed_in: SignedIn,
    now: Now,
    database: &State<Database>,
) -> Result<HtmlOrJson<EarlierVaults>, Error> {
    let now_ms = now.0;
    let vaults = database.run(move |connection| earlier_vaults::list(connection, signed_in.account_id, now_ms));
    Ok(HtmlOrJson::new(EarlierVaults { vaults: vaults.await? }))
}

#[get("/vault/earlier/<replaced>")]
async fn read_earlier(
    signed_in: SignedIn,
    replaced: u64,
    now: Now,
    database: &State<Database>,
) -> Result<HtmlOrJson<Vault>, Error> {
    let now_ms = now.0;
    let vault =
        database.run(move |connection| earlier_vaults::read(connection, signed_in.account_id, replaced, now_ms));
    Ok(HtmlOrJson::new(Vault { vault: vault.await?.ok_or(ProblemCode::NotFound)? }))
}

/// Of every vault that is brought, by whichever route.
pub(super) fn check_size(vault: &Blob) -> Result<(), ProblemCode> {
    if vault.0.len() > VAULT_BYTES_MAX { Err(ProblemCode::TooLarge) } else { Ok(()) }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Outdated => ProblemCode::VaultOutdated.into(),
            VaultError::HeadChanged => ProblemCode::ProofNeeded.into(),
            VaultError::Database(error) => error.into(),
        }
    }
}
