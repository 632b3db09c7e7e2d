//! Why an account was not made or entered, in plain words.

use cliquet_web_crypto::browser::{
    app::account::AccountError,
    platform::error::{HttpError, StoreError},
};

/// The server's own words where it says some.
pub(crate) fn say(error: &AccountError) -> String {
    match error {
        AccountError::Server(error) => return say_http(error),
        AccountError::Store(StoreError::Full) => "the disk is full",
        AccountError::Store(StoreError::Damaged) => "what this folder keeps was changed from outside",
        AccountError::Store(StoreError::OtherVersion) => "a later release of this program wrote what this folder keeps",
        AccountError::Store(StoreError::Refused) => "what this folder keeps cannot be read or written",
        AccountError::Refused | AccountError::WrongPassword => "the address or the password is wrong",
        AccountError::AnswerLost => "the server's answer was lost: call the same command again, and it finishes the account",
        AccountError::EarlierAccount => {
            "this folder keeps an account of this address that the server does not have any more: choose another folder"
        }
        AccountError::EarlierVault(_)
        | AccountError::VaultAltered
        | AccountError::VaultLocked
        | AccountError::VaultOlder => {
            "the server does not show the account's vault as its devices left it: sign in with a browser, which can mend it"
        }
        AccountError::DirectoryRefused => {
            "the server shows devices of this account that the account did not sign: nothing was stored"
        }
        AccountError::PassphraseNeeded => "a passphrase locks this folder: give it with CLIQUET_CLIENT_PASSPHRASE",
        AccountError::WrongPassphrase => "the passphrase of this folder is another one",
        AccountError::PasswordStep | AccountError::WebCrypto => "the password could not be worked on: is there enough memory?",
        AccountError::NoDeviceChosen
        | AccountError::OtherRelease
        | AccountError::ProgramNotLoaded
        | AccountError::RecoveryKeyMismatch
        | AccountError::RecoveryWords(_) => "this needs a browser",
    }
    .to_owned()
}

/// The same of a request.
pub(crate) fn say_http(error: &HttpError) -> String {
    match error {
        HttpError::Problem(problem) => {
            let title = problem.title.trim_end_matches('.');
            format!("{title}. {}", problem.detail).trim_end().to_owned()
        }
        HttpError::Offline | HttpError::TimedOut => "the server does not answer".to_owned(),
        HttpError::Unreadable => "no Cliquet server answers at this address".to_owned(),
    }
}
