//! Why an account was not made or entered, and the sentence that crosses to the page's module.

use super::{
    platform::{http::HttpError, lazy::NotLoaded, store::StoreError, webcrypto::RsaError},
    view::sentences::{of_server, word},
};
use crate::{
    client::fields::{EARLIER_ACCOUNT, REFUSED},
    crypto::{CardError, rsa::SignError, vault::VaultError},
};
use cliquet_wire::problem::ProblemCode;

/// Unless a variant says otherwise, trying again is harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountError {
    /// The server refused, was not reached, or answered something else.
    Server(HttpError),
    /// The browser's storage.
    Storage(StoreError),
    /// The browser's WebCrypto.
    WebCrypto,
    /// The password is right, but what the server keeps for it does not open: changed, or of another version.
    VaultRefused,
    /// The account's card does not prove what it says, or is older than what the vault saw. Nothing was stored.
    CardRefused,
    /// The answer to a sign-up was lost. What it made is kept here; the same press finishes it.
    AnswerLost,
    /// This browser keeps an account that the server no longer has. A second press removes it and makes a new one.
    EarlierAccount,
    /// What came from the other module does not read.
    Misused,
    /// A part of the program did not load. Nothing was done.
    NotLoaded,
}

impl AccountError {
    /// Whether it is certain that the server made nothing.
    pub fn is_final(&self) -> bool {
        match self {
            Self::AnswerLost => false,
            Self::Server(HttpError::Problem(problem)) => problem.status < 500,
            _ => true,
        }
    }

    /// What a person reads; two of them mean more to the page's module, and cross as their names.
    pub fn sentence(&self) -> String {
        match self {
            Self::Server(error) if error.code() == Some(ProblemCode::SignInRefused) => REFUSED.to_owned(),
            Self::EarlierAccount => EARLIER_ACCOUNT.to_owned(),
            Self::Server(error) => of_server(error),
            Self::Storage(StoreError::Refused) => word("storage-refused"),
            Self::Storage(StoreError::Full) => word("storage-full"),
            Self::Storage(StoreError::OtherVersion) => word("storage-other-version"),
            Self::Storage(StoreError::Damaged) => word("storage-damaged"),
            Self::WebCrypto => word("web-crypto-refused"),
            Self::VaultRefused => word("vault-refused"),
            Self::CardRefused => word("card-refused"),
            Self::AnswerLost => word("sign-up-answer-lost"),
            Self::Misused => word("page-broken"),
            Self::NotLoaded => word("part-not-loaded"),
        }
    }
}

impl From<NotLoaded> for AccountError {
    fn from(_: NotLoaded) -> Self {
        Self::NotLoaded
    }
}

impl From<HttpError> for AccountError {
    fn from(error: HttpError) -> Self {
        Self::Server(error)
    }
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        Self::Storage(error)
    }
}

impl From<RsaError> for AccountError {
    fn from(_: RsaError) -> Self {
        Self::WebCrypto
    }
}

impl From<SignError> for AccountError {
    fn from(_: SignError) -> Self {
        Self::WebCrypto
    }
}

impl From<VaultError> for AccountError {
    fn from(_: VaultError) -> Self {
        Self::VaultRefused
    }
}

impl From<CardError> for AccountError {
    fn from(_: CardError) -> Self {
        Self::CardRefused
    }
}
