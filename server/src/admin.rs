//! The request guard of what is for admins.

use crate::{
    accounts,
    database::{self, Database},
    error::Error,
    signed_in::{Account, SignedIn},
};
use cliquet_wire::{address::Address, problem::ProblemCode};
use rocket::{
    Request,
    outcome::try_outcome,
    request::{FromRequest, Outcome},
};

/// Somebody who is signed in to an admin's account. Everybody else is told that there is nothing.
#[derive(Clone, Debug)]
pub struct Admin {
    pub account_id: i64,
    pub email: Address,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Admin {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let SignedIn { account_id, email, .. } = try_outcome!(SignedIn::from_request(request).await);
        let Some(database) = request.rocket().state::<Database>() else {
            return Outcome::Error(Error::internal("the database is not attached").at_guard(request));
        };
        let is_admin = database.run(move |connection| accounts::is_admin(connection, account_id)).await;
        match is_admin.map_err(|error: database::Error| Error::from(error)) {
            Ok(true) => Outcome::Success(Self { account_id, email }),
            Ok(false) => Outcome::Error(Error::from(ProblemCode::NotFound).at_guard(request)),
            Err(error) => Outcome::Error(error.at_guard(request)),
        }
    }
}

impl Account for Admin {
    fn account_id(&self) -> i64 {
        self.account_id
    }
}
