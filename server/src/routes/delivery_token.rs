//! An account's delivery token, as its devices set it: the server keeps the hash alone.

use crate::{
    body::Body,
    config::sizes,
    database::Database,
    delivery_tokens::{self, ReplaceError},
    error::Error,
    response::HtmlOrJson,
    signed_in::{Changing, SignedInDevice},
};
use cliquet_wire::{
    delivery_token::{DeliveryTokenHash, ReplaceDeliveryToken},
    problem::ProblemCode,
};
use rocket::{Route, State, get, put, response::status::NoContent, routes};

pub fn routes() -> Vec<Route> {
    routes![read, replace]
}

#[get("/delivery-token")]
async fn read(me: SignedInDevice, database: &State<Database>) -> Result<HtmlOrJson<DeliveryTokenHash>, Error> {
    let hash = database.run(move |connection| delivery_tokens::hash(connection, me.account_id)).await?;
    Ok(HtmlOrJson::new(DeliveryTokenHash { hash }))
}

/// Replaces the token that this one is to replace, and no other: of two devices at once, one is told to look again.
#[put("/delivery-token", data = "<body>")]
async fn replace(
    changing: Changing<SignedInDevice>,
    body: Body<ReplaceDeliveryToken, { sizes::SMALL }>,
    database: &State<Database>,
) -> Result<NoContent, Error> {
    let Changing(SignedInDevice { account_id, .. }) = changing;
    let ReplaceDeliveryToken { hash, replaces } = body.0;
    let replaced = database
        .write(move |transaction| delivery_tokens::replace(transaction, account_id, hash.as_ref(), replaces.as_ref()));
    replaced.await?;
    Ok(NoContent)
}

impl From<ReplaceError> for Error {
    fn from(error: ReplaceError) -> Self {
        match error {
            ReplaceError::Outdated => ProblemCode::DeliveryTokenOutdated.into(),
            ReplaceError::Database(error) => error.into(),
        }
    }
}
