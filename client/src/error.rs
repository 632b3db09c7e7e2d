//! Why a client cannot go on.

use crate::{
    account_words::{self, say_http},
    database::FolderError,
};
use cliquet_web_crypto::{
    browser::{
        app::{
            account::AccountError, error::AppError, files::FilesError, register_message::RegisterError, status::Status,
        },
        platform::error::StoreError,
    },
    client::conversation::Failure,
};
use std::{io, path::PathBuf};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The folder does not open.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Nobody signed in from this folder yet, or the device was removed.
    #[error("nobody is signed in here: call `cliquet-client sign-in` first")]
    NoAccount,
    /// The sign-in ended, or was ended from another device.
    #[error("the sign-in has ended: call `cliquet-client sign-in` again")]
    SignedOut,
    /// What the folder keeps is locked, and the passphrase is missing or wrong.
    #[error("{}", account_words::say(.0))]
    Passphrase(AccountError),
    /// What the folder keeps cannot be read or written.
    #[error("what this folder keeps cannot be used: {0}")]
    Storage(StoreError),
    /// A later release wrote what the folder keeps.
    #[error("a later release of this program wrote what this folder keeps")]
    Newer,
    /// The text cannot be sent, or not be stored.
    #[error(transparent)]
    Text(#[from] RegisterError),
    /// The server or the client refused it for good.
    #[error("it was not sent: {}", say_failure(*.0))]
    NotSent(Failure),
    /// It is kept, and goes out as soon as a process of this account reaches the server.
    #[error("the server was not reached yet: it is kept here, and goes out when the server answers")]
    Waiting,
    /// A file of this computer cannot be read or written.
    #[error("{} cannot be used", path.display())]
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file was not sent, or not fetched.
    #[error("{0}")]
    Files(FilesError),
    /// Anything else that the messenger did not do.
    #[error("{}", say(.0))]
    App(AppError),
}

impl From<AppError> for ClientError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Store(error) => error.into(),
            error => Self::App(error),
        }
    }
}

impl From<FilesError> for ClientError {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::App(error) => error.into(),
            error => Self::Files(error),
        }
    }
}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::OtherVersion => Self::Newer,
            error => Self::Storage(error),
        }
    }
}

impl ClientError {
    /// What a status says that a person has to mend. `None`: it mends itself.
    pub(crate) fn of(status: Status) -> Option<Self> {
        Some(match status {
            Status::Connecting | Status::Connected | Status::OtherTabLeads | Status::Offline | Status::Reconnecting => {
                return None;
            }
            Status::SignedOut => Self::SignedOut,
            Status::NoDevice | Status::StorageGone => Self::NoAccount,
            Status::OtherVersion => Self::Newer,
            Status::StorageRefused => Self::Storage(StoreError::Refused),
            Status::StorageFull => Self::Storage(StoreError::Full),
            Status::StorageDamaged => Self::Storage(StoreError::Damaged),
        })
    }
}

/// The server's own words where it says some.
fn say(error: &AppError) -> String {
    match error {
        AppError::Http(error) => say_http(error),
        other => other.to_string(),
    }
}

fn say_failure(failure: Failure) -> String {
    match failure {
        Failure::Refused(code) => format!("the server refuses it ({})", code.as_str()),
        Failure::KeyChanged => "this contact has another key than before; look at it in a browser".to_owned(),
        Failure::BadPreKeys => "the server shows keys of this contact that the contact did not sign".to_owned(),
        Failure::Expired => "nobody fetched it for as long as the server kept it".to_owned(),
        Failure::NotAMember => "this account may not write there".to_owned(),
        Failure::FileLost => "its file is not here any more".to_owned(),
    }
}
