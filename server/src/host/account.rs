//! `cliquet account`: what the host may know of the accounts, and their end.
//!
//! Shows no contacts, no groups and no texts: the host does not need the first two, and the server does not have the last.

use super::{Outcome, open};
use clap::Subcommand;
use cliquet_server::{
    accounts,
    clock::Clock,
    config::Config,
    database::{self, Database},
    deletion,
    files::{self, Files},
    history::{self, Histories},
    mailbox::Mailboxes,
};
use cliquet_wire::address::Address;
use rocket::time::OffsetDateTime;
use std::{
    error::Error,
    io::{Write, stdout},
};

const MEGABYTE: f64 = 1_000_000.0;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Lists accounts, the oldest first: since when, when last seen, devices, and what they take. No contacts, no texts.
    List,
    /// Deletes an account with everything that this server keeps of it. There is no way back.
    Delete {
        /// Its address, such as `bob@example.org`.
        address: String,
        /// Does not ask again.
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) fn run(command: &AccountCommand) -> Outcome {
    match command {
        AccountCommand::List => list(),
        AccountCommand::Delete { address, yes } => delete(address, *yes),
    }
}

fn list() -> Outcome {
    let (config, database) = open()?;
    let accounts = accounts::summaries(&*database.connection()?)?;
    if accounts.is_empty() {
        writeln!(stdout(), "There is no account yet.")?;
        return Ok(());
    }
    let kept = histories(&config)?;
    let files = files::totals_by_owner_in(&config.data_dir())?;
    let mut rows = vec![["address", "since", "last seen", "devices", "history", "files"].map(str::to_owned)];
    for account in accounts {
        let history = match &kept {
            Some(kept) => history::totals(&*kept.database.connection()?, &account.owner)?.bytes,
            None => 0,
        };
        let of_files = files.get(&account.owner).map_or(0, |totals| totals.bytes);
        rows.push([
            account.email.to_string(),
            day(account.created),
            account.last_seen.map(day).unwrap_or_default(),
            account.devices.to_string(),
            format!("{:.1} MB", history as f64 / MEGABYTE),
            format!("{:.1} MB", of_files as f64 / MEGABYTE),
        ]);
    }
    print(&rows)
}

/// What is kept of histories, if anything ever was.
fn histories(config: &Config) -> Result<Option<Histories>, database::Error> {
    let folder = config.data_dir();
    folder.join(history::FILE_NAME).is_file().then(|| Histories::open(&folder, config)).transpose()
}

fn day(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1_000).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    seconds.map(|time| time.date().to_string()).unwrap_or_default()
}

/// In columns as wide as their widest entry.
fn print<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> Outcome {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, entry) in widths.iter_mut().zip(row) {
            *width = entry.chars().count().max(*width);
        }
    }
    let mut out = stdout();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(entry, width)| format!("{entry:width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

fn delete(address: &str, yes: bool) -> Outcome {
    let (config, database) = open()?;
    let email = Address::parse(address)?;
    let Some(account_id) = accounts::find(&*database.connection()?, &email)? else {
        return Err(format!("there is no account {email}; `cliquet account list` shows them").into());
    };
    let days = config.address_rest_days;
    if !yes {
        return Err(format!(
            "this would delete {email} with its history, its files and everything undelivered to it, for ever; those who \
             added it would be told, and nobody could sign up with the address for {days} days. To do it, add --yes"
        )
        .into());
    }
    let now_ms = Clock::system().now_ms();
    let mut connection = database.connection()?;
    database::write(&mut connection, |transaction| deletion::delete(transaction, account_id, &email, days, now_ms))?;
    drop(connection);
    // The account is gone. What fails now is done by the server's next start.
    if let Err(error) = rocket::execute(clear(&config, &database)) {
        eprintln!("Something that was kept of it is still there ({error}); the server's next start removes it.");
    }
    eprintln!("{email} is deleted.");
    Ok(())
}

async fn clear(config: &Config, database: &Database) -> Result<(), Box<dyn Error>> {
    let folder = config.data_dir();
    let mailboxes = Mailboxes::open(config, Clock::system())?;
    let (histories, files) = (Histories::open(&folder, config)?, Files::open(&folder, config)?);
    Ok(deletion::clear_leftovers(database, &mailboxes, &histories, &files).await?)
}
