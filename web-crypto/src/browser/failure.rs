//! Why a sign-in or a sign-up did not succeed, and the sentence that says so.
//!
//! Owns the way from a failure to words of the page. Knows nothing of the steps that fail.

use super::{
    form::Field,
    platform::http::HttpError,
    view::sentences::{of_server, word},
};
use crate::crypto::password::PasswordError;
#[cfg(feature = "recovery")]
use crate::{
    client::fields::fill,
    crypto::{recovery_key::WordsError, vault::VaultError},
};
use cliquet_wire::{address::Address, problem::ProblemCode};

/// Why there is no sign-in. Unless a variant says otherwise, trying again is harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A field, and the word that says what is wrong with it. Nothing was sent.
    Field(Field, &'static str),
    /// The server refused, was not reached, or answered something else.
    Server(HttpError),
    /// Wrong password or unknown address: nobody can tell which, here or on the wire.
    Refused,
    /// This browser keeps an account of the address that the server no longer has. A second press removes it.
    EarlierAccount(Address),
    /// What the messenger module said.
    Said(String),
    /// The words are no recovery key, or not the one that was shown. Nothing was sent.
    #[cfg(feature = "recovery")]
    Words(WordsError),
    /// What the server keeps for the account.
    #[cfg(feature = "recovery")]
    Vault(VaultError),
    /// The account's card does not prove what it says, or is older than what was seen before. Nothing was signed.
    #[cfg(feature = "recovery")]
    CardRefused,
    /// The browser's WebCrypto.
    #[cfg(feature = "recovery")]
    WebCrypto,
    /// OPAQUE could not be computed: not a message of it, or no memory for Argon2id.
    PasswordStep,
    /// Browsers let only pages from https or from this computer make keys.
    InsecurePage,
    /// The messenger module could not be loaded, or the page lacks a part of the form.
    PageBroken,
}

impl Failure {
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Field(field, _) => Some(*field),
            Self::Refused => Some(Field::Password),
            #[cfg(feature = "recovery")]
            Self::Words(_) | Self::Vault(VaultError::RecoveryLock) => Some(Field::RecoveryWords),
            _ => None,
        }
    }

    /// What a person reads.
    pub fn sentence(&self) -> String {
        match self {
            Self::Server(error) => of_server(error),
            Self::Said(sentence) => sentence.clone(),
            Self::Field(_, key) => word(key),
            Self::Refused => word("sign-in-refused"),
            Self::EarlierAccount(_) => word("earlier-account"),
            Self::PasswordStep => word("password-step-failed"),
            Self::InsecurePage => word("insecure-page"),
            Self::PageBroken => word("page-broken"),
            #[cfg(feature = "recovery")]
            Self::Words(error) => of_words(*error),
            #[cfg(feature = "recovery")]
            Self::Vault(VaultError::RecoveryLock | VaultError::NoRecoveryKey) => word("recovery-mismatch"),
            #[cfg(feature = "recovery")]
            Self::Vault(_) => word("recovery-altered"),
            #[cfg(feature = "recovery")]
            Self::CardRefused => word("card-refused"),
            #[cfg(feature = "recovery")]
            Self::WebCrypto => word("web-crypto-refused"),
        }
    }
}

#[cfg(feature = "recovery")]
fn of_words(error: WordsError) -> String {
    let (key, name, number) = match error {
        WordsError::Count { count: 0 } => return word("recovery-empty"),
        WordsError::Checksum => return word("recovery-checksum"),
        WordsError::Count { count } => ("recovery-count", "count", count),
        WordsError::NotInList { place } => ("recovery-not-in-list", "place", place),
        WordsError::Other { place } => ("confirm-other", "place", place),
    };
    fill(&word(key), name, &number.to_string())
}

#[cfg(feature = "recovery")]
impl From<WordsError> for Failure {
    fn from(error: WordsError) -> Self {
        Self::Words(error)
    }
}

#[cfg(feature = "recovery")]
impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

/// The server's refusal of a password and the password's own are one.
impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        if error.code() == Some(ProblemCode::SignInRefused) { Self::Refused } else { Self::Server(error) }
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
