//! Why a server was not set up, in words that say what to do.

use cliquet_server::database;
use std::{io, path::PathBuf};

/// Why nothing was set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    #[error("{} is there already, and is left as it is. Change it by hand, or move it away and call `cliquet init` again", .0.display())]
    Configured(PathBuf),
    #[error(
        "{} holds the data of a server with accounts already. To set up another one, set ROCKET_DATA_DIR to an empty folder",
        .0.display()
    )]
    InUse(PathBuf),
    #[error("there is no answer to read: give it as --{0}")]
    NoAnswer(&'static str),
    #[error("--{option} {value}: {why}")]
    Refused { option: &'static str, value: String, why: String },
    #[error("{} cannot be written: {source}", path.display())]
    Settings { path: PathBuf, source: io::Error },
    #[error("the settings do not read")]
    Unreadable(#[from] Box<rocket::figment::Error>),
    #[error("the data folder {} cannot be made: {}", folder.display(), cliquet_server::causes::on_one_line(source))]
    Data { folder: PathBuf, source: database::Error },
    #[error(transparent)]
    Database(#[from] database::Error),
    #[error("the system gives no random bytes")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}
