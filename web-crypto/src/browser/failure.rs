//! Why a sign-in or a sign-up did not succeed, and the sentence that says so.
//!
//! Owns the way from a failure to words of the page. Knows nothing of the steps that fail.

use super::{
    form::{Field, word},
    http::HttpError,
    rsa::RsaError,
    store::StoreError,
};
use crate::crypto::{CardError, password::PasswordError, rsa::SignError, vault::VaultError};
use cliquet_wire::{address::Address, problem::Problem};

/// Why there is no sign-in. Unless a variant says otherwise, trying again is harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A field, and the word that says what is wrong with it. Nothing was sent.
    Field(Field, &'static str),
    /// The server refused, was not reached, or answered something else.
    Server(HttpError),
    /// Wrong password or unknown address: nobody can tell which, here or on the wire.
    Refused,
    /// The browser's storage.
    Storage(StoreError),
    /// The browser's WebCrypto.
    WebCrypto(RsaError),
    /// The password is right, but what the server keeps for it does not open: changed, or of another version.
    VaultRefused,
    /// The account's card does not prove what it says, or is older than what the vault saw. Nothing was stored.
    CardRefused,
    /// The answer to a sign-up was lost. What it made is kept here; the same press finishes it.
    AnswerLost,
    /// This browser keeps an account that the server no longer has. A second press removes it and makes a new one.
    EarlierAccount(Address),
    /// OPAQUE could not be computed: not a message of it, or no memory for Argon2id.
    PasswordStep,
    /// The page lacks a part of the form.
    PageBroken,
}

impl Failure {
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Field(field, _) => Some(*field),
            Self::Refused => Some(Field::Password),
            _ => None,
        }
    }

    /// Whether it is certain that the server made nothing.
    pub fn is_final(&self) -> bool {
        match self {
            Self::AnswerLost => false,
            Self::Server(HttpError::Problem(problem)) => problem.status < 500,
            _ => true,
        }
    }

    /// What a person reads. Problems come from the server in the page's language.
    pub fn sentence(&self) -> String {
        match self {
            Self::Server(HttpError::Problem(problem)) => problem_sentence(problem),
            _ => word(self.key()),
        }
    }

    fn key(&self) -> &'static str {
        match self {
            Self::Field(_, key) => key,
            Self::Server(HttpError::Offline | HttpError::Problem(_)) => "no-connection",
            Self::Server(HttpError::TimedOut) => "no-answer",
            Self::Server(HttpError::Unreadable) => "answer-unreadable",
            Self::Refused => "sign-in-refused",
            Self::Storage(StoreError::Refused) => "storage-refused",
            Self::Storage(StoreError::Full) => "storage-full",
            Self::Storage(StoreError::OtherVersion) => "storage-other-version",
            Self::Storage(StoreError::Damaged) => "storage-damaged",
            Self::WebCrypto(RsaError::Missing) => "insecure-page",
            Self::WebCrypto(RsaError::Refused | RsaError::WrongForm) => "web-crypto-refused",
            Self::VaultRefused => "vault-refused",
            Self::CardRefused => "card-refused",
            Self::AnswerLost => "sign-up-answer-lost",
            Self::EarlierAccount(_) => "earlier-account",
            Self::PasswordStep => "password-step-failed",
            Self::PageBroken => "page-broken",
        }
    }
}

fn problem_sentence(problem: &Problem) -> String {
    let mut sentence = format!("{} {}", problem.title, problem.detail);
    if let Some(seconds) = problem.retry_after {
        // Over two minutes a person counts in minutes; so neither word ever says "1".
        let (key, count) = if seconds <= 120 {
            ("retry-in-seconds", seconds.max(2))
        } else {
            ("retry-in-minutes", seconds.div_ceil(60))
        };
        sentence.push(' ');
        sentence.push_str(&word(key).replace("$count", &count.to_string()));
    }
    sentence
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Self::Server(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Storage(error)
    }
}

impl From<RsaError> for Failure {
    fn from(error: RsaError) -> Self {
        Self::WebCrypto(error)
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Wrong => Self::Refused,
            PasswordError::Malformed | PasswordError::Failed => Self::PasswordStep,
        }
    }
}

impl From<SignError> for Failure {
    fn from(_: SignError) -> Self {
        Self::WebCrypto(RsaError::Refused)
    }
}

impl From<VaultError> for Failure {
    fn from(_: VaultError) -> Self {
        Self::VaultRefused
    }
}

impl From<CardError> for Failure {
    fn from(_: CardError) -> Self {
        Self::CardRefused
    }
}
