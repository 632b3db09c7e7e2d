//! What whoever types the password may do with the account's vault.
//!
//! Owns the proof: a login (RFC 9807 section 6) that the server has not seen the end of yet. Whoever changes something
//! hands its last message in with the change. Knows nothing of pages.

use super::{
    failure::Failure,
    form::Field,
    platform::{
        http::{self, HttpError},
        random,
    },
};
use crate::{
    client::fields::Password,
    crypto::{
        keys::Key,
        password::{Login, PasswordError},
        vault::{self, Owner},
    },
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::Blob,
    certificate::AccountCard,
    sign_in::{SignInStart, SignInStarted},
    vault::Vault,
};
use uuid::Uuid;

/// The password was right: it opens the vault. Good for a minute, and for one change.
#[derive(Debug)]
pub struct Proven {
    pub attempt: Uuid,
    /// KE3.
    pub finalization: Blob,
    pub vault: Blob,
    pub root: Key,
    email: Address,
    account_key: AccountKey,
}

impl Proven {
    /// `field`: where the password was typed, for what is said when it is wrong.
    pub async fn by(password: &Password, email: &Address, field: Field) -> Result<Self, Failure> {
        let mut rng = random::system();
        let (login, request) = Login::start(password.as_bytes(), &mut rng)?;
        let start = SignInStart { email: email.as_str().to_owned(), request };
        let started: SignInStarted = http::post("/sign-in/start", &start).await?;
        let logged_in =
            login.finish(password.as_bytes(), &started.response, &mut rng).map_err(|error| match error {
                PasswordError::Wrong => Failure::Field(field, "wrong-password"),
                error => error.into(),
            })?;
        let Vault { vault } = http::get("/vault").await?;
        let card: AccountCard = http::get(&["/contacts/", email.as_str()].concat()).await?;
        if card.email != *email {
            return Err(Failure::Server(HttpError::Unreadable));
        }
        let owner = Owner { email, account_key: &card.account_key };
        let root = vault::root_by_password(owner, logged_in.export_key.as_bytes(), &vault)?;
        let (attempt, finalization) = (started.attempt, logged_in.finalization);
        Ok(Self { attempt, finalization, vault, root, email: email.clone(), account_key: card.account_key })
    }

    pub fn owner(&self) -> Owner<'_> {
        Owner { email: &self.email, account_key: &self.account_key }
    }
}
