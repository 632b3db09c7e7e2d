//! What a person reads about making, entering and changing an account.

use super::{
    device_list::day,
    fill::fill,
    sentences::{of_server, word},
};
use crate::{
    browser::{
        app::account::{AccountError, Progress},
        platform::error::StoreError,
    },
    crypto::recovery_key::WordsError,
};

/// What went wrong, and what to do.
pub fn sentence(error: &AccountError) -> String {
    let key = match error {
        AccountError::Server(error) => return of_server(error),
        AccountError::RecoveryWords(error) => return of_recovery_words(*error),
        AccountError::EarlierVault(replaced) => return fill(&word("earlier-vault"), "date", &day(*replaced)),
        AccountError::Store(StoreError::Refused) => "storage-refused",
        AccountError::Store(StoreError::Full) => "storage-full",
        AccountError::Store(StoreError::OtherVersion) => "storage-other-version",
        AccountError::Store(StoreError::Damaged) => "storage-damaged",
        AccountError::WebCrypto => "web-crypto-refused",
        AccountError::Refused => "sign-in-refused",
        AccountError::WrongPassword => "wrong-password",
        AccountError::PasswordStep => "password-step-failed",
        AccountError::VaultLocked => "vault-refused",
        AccountError::RecoveryKeyMismatch => "recovery-mismatch",
        AccountError::VaultAltered => "vault-altered",
        AccountError::VaultOlder => "vault-older",
        AccountError::DirectoryRefused => "directory-refused",
        AccountError::NoDeviceChosen => "choose-device",
        AccountError::AnswerLost => "sign-up-answer-lost",
        AccountError::EarlierAccount => "earlier-account",
        AccountError::PassphraseNeeded => "passphrase-needed",
        AccountError::WrongPassphrase => "passphrase-wrong",
        AccountError::ProgramNotLoaded => "part-not-loaded",
        AccountError::OtherRelease => "page-broken",
    };
    word(key)
}

fn of_recovery_words(error: WordsError) -> String {
    let (key, name, number) = match error {
        WordsError::Count { count: 0 } => return word("recovery-empty"),
        WordsError::Checksum => return word("recovery-checksum"),
        WordsError::Count { count } => ("recovery-count", "count", count),
        WordsError::NotInList { place } => ("recovery-not-in-list", "place", place),
        WordsError::Other { place } => ("confirm-other", "place", place),
    };
    fill(&word(key), name, &number.to_string())
}

/// What is being done.
pub fn of_progress(progress: Progress) -> String {
    word(match progress {
        Progress::Loading => "working-loading",
        Progress::CheckingPassword => "working-password",
        Progress::OpeningAccount | Progress::OpeningWithRecoveryKey => "working-sign-in",
        Progress::MakingAccount => "working-sign-up",
        Progress::MakingKeys => "making-keys",
        Progress::RemovingDevices => "removing-devices",
        Progress::ChangingPassword => "working-change-password",
        Progress::DeletingAccount => "deleting-account",
        Progress::SettingRecoveryKey => "making-recovery-key",
        Progress::Unlocking => "working-unlock",
        Progress::LockingBrowser => "working-lock",
    })
}
