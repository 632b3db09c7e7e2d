//! Why an account was not made, entered or changed.

use crate::{
    browser::{
        app::error::AppError,
        platform::error::{HttpError, StoreError},
    },
    crypto::{
        DirectoryError, passphrase::PassphraseError, password::PasswordError, recovery_key::WordsError, rsa::SignError,
        vault::VaultError,
    },
};
use cliquet_wire::problem::ProblemCode;
use serde::{Deserialize, Serialize};

/// Unless a variant says otherwise, nothing was changed and the same press may be tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountError {
    /// The server refused, was not reached, or answered something else.
    Server(HttpError),
    /// The browser's storage.
    Store(StoreError),
    /// The browser's WebCrypto.
    WebCrypto,
    /// Wrong password or unknown address: nobody can tell which, here or on the wire.
    Refused,
    /// Someone who is signed in typed another password than the account's.
    WrongPassword,
    /// OPAQUE could not be computed: not a message of it, or no memory for Argon2id.
    PasswordStep,
    /// The password is right, and does not open the vault.
    VaultLocked,
    /// The recovery key is not the account's, or the account has none.
    RecoveryKeyMismatch,
    /// The vault is not as this account's devices made it: altered, or of another version.
    VaultAltered,
    /// The vault does not open, and an earlier one does, which was replaced at this moment (milliseconds since 1970). A second
    /// press puts it back.
    EarlierVault(u64),
    /// The vault is an older one than this browser has seen.
    VaultOlder,
    /// The device directory does not prove what it says, or is older than one that was seen.
    DirectoryRefused,
    /// The words are no recovery key, or not the one that was shown. Never crosses between programs.
    #[serde(skip)]
    RecoveryWords(WordsError),
    /// The account has as many devices as it can have, and none was chosen to be removed.
    NoDeviceChosen,
    /// The answer to a sign-up was lost. What it made is kept here; the same press finishes it.
    AnswerLost,
    /// This browser keeps an account of the address that the server no longer has. A second press removes it and goes on.
    EarlierAccount,
    /// This browser asks for a passphrase before it opens what it keeps of the account.
    PassphraseNeeded,
    /// The passphrase of this browser is another one.
    WrongPassphrase,
    /// The program that makes and enters accounts could not be loaded.
    ProgramNotLoaded,
    /// The two programs of the page do not understand each other: they are of two releases.
    OtherRelease,
}

impl AccountError {
    /// Whether it is certain that a sign-up that failed so made nothing on the server.
    pub fn is_final(&self) -> bool {
        match self {
            Self::AnswerLost => false,
            Self::Server(HttpError::Problem(problem)) => problem.status < 500,
            _ => true,
        }
    }

    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Server(error) => error.code(),
            _ => None,
        }
    }
}

/// The server's refusal of a password is the password's own.
impl From<HttpError> for AccountError {
    fn from(error: HttpError) -> Self {
        if error.code() == Some(ProblemCode::SignInRefused) { Self::Refused } else { Self::Server(error) }
    }
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SignError> for AccountError {
    fn from(_: SignError) -> Self {
        Self::WebCrypto
    }
}

impl From<DirectoryError> for AccountError {
    fn from(_: DirectoryError) -> Self {
        Self::DirectoryRefused
    }
}

impl From<PasswordError> for AccountError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Wrong => Self::Refused,
            PasswordError::Malformed | PasswordError::Failed => Self::PasswordStep,
        }
    }
}

impl From<PassphraseError> for AccountError {
    fn from(error: PassphraseError) -> Self {
        match error {
            PassphraseError::Wrong => Self::WrongPassphrase,
            PassphraseError::Failed => Self::PasswordStep,
            PassphraseError::Damaged => Self::Store(StoreError::Damaged),
            PassphraseError::Newer => Self::Store(StoreError::OtherVersion),
        }
    }
}

impl From<VaultError> for AccountError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::PasswordLock => Self::VaultLocked,
            VaultError::RecoveryLock | VaultError::NoRecoveryKey => Self::RecoveryKeyMismatch,
            VaultError::Older => Self::VaultOlder,
            VaultError::Altered | VaultError::OtherVersion | VaultError::TooLarge => Self::VaultAltered,
        }
    }
}

/// Of a device that changes its own account.
impl From<AppError> for AccountError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Store(error) => Self::Store(error),
            AppError::Http(error) => Self::Server(error),
            AppError::Alarm(_) | AppError::Altered => Self::DirectoryRefused,
            AppError::NotLoaded => Self::ProgramNotLoaded,
            AppError::Step(_) | AppError::NotLeading | AppError::KeyMissing | AppError::FileLost => Self::OtherRelease,
        }
    }
}

impl From<WordsError> for AccountError {
    fn from(error: WordsError) -> Self {
        Self::RecoveryWords(error)
    }
}
