//! What the host does beside serving: lets people in, looks at accounts, ends them.
//!
//! Owns how these commands find the server's settings and data. They may run while the server runs.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod invite;

use cliquet_server::{
    config::{self, Config},
    database::Database,
};
use rocket::time::OffsetDateTime;
use std::error::Error;

/// What a command comes to.
pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// The settings. Says on standard error which data folder they name, since a command may be called in another folder than
/// the server, or without its variables.
pub(crate) fn settings() -> Result<Config, Box<dyn Error>> {
    let figment = config::figment();
    let config = Config::from_figment(&figment)?;
    let folder = std::path::absolute(config.data_dir())?;
    let default = match figment.find_metadata("data_dir") {
        Some(_) => "",
        None => " (the default: ROCKET_DATA_DIR is not set, and no Rocket.toml here names another)",
    };
    eprintln!("The data folder is {}{default}.", folder.display());
    Ok(config)
}

/// The day of a time in milliseconds since 1970.
fn day(ms: u64) -> String {
    moment(ms).map(|moment| moment.date().to_string()).unwrap_or_default()
}

/// Day and minute of a time in milliseconds since 1970, in UTC.
fn time(ms: u64) -> String {
    let Some(moment) = moment(ms) else { return String::new() };
    format!("{} {:02}:{:02} UTC", moment.date(), moment.hour(), moment.minute())
}

fn moment(ms: u64) -> Option<OffsetDateTime> {
    let seconds = i64::try_from(ms / 1_000).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

/// The accounts that a server has made. Commands do not make them.
fn open() -> Result<(Config, Database), Box<dyn Error>> {
    let config = settings()?;
    let database = Database::open_existing(&config.data_dir())?;
    Ok((config, database))
}
