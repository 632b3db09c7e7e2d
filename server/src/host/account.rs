//! `cliquet account`: what the host may know of the accounts, and their end.
//!
//! Shows no contacts, no groups and no texts: the host does not need the first two, and the server does not have the last.

use super::{Outcome, day, open};
use clap::Subcommand;
use cliquet_server::{
    accounts::{self, Summary},
    audit::{self, Action, Actor},
    clock::Clock,
    config::Config,
    database::{self, Database},
    deletion,
    files::{self, Files},
    history::{self, Histories},
    hosting,
    mailbox::Mailboxes,
};
use cliquet_wire::address::Address;
use rusqlite::Transaction;
use std::{
    error::Error,
    io::{Write, stdout},
};

const MEGABYTE: f64 = 1_000_000.0;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Lists accounts, the oldest first: since when, when last seen, devices, and what they take. No contacts, no texts.
    List,
    /// Keeps an account out: it is signed out everywhere, and nobody can sign in to it. Nothing of it is deleted.
    Suspend {
        /// Its address, such as `bob@example.org`.
        address: String,
    },
    /// Lets an account in again that was suspended.
    Resume {
        /// Its address, such as `bob@example.org`.
        address: String,
    },
    /// Makes an account an admin's: its person sees accounts and invites on the page /admin, and suspends accounts there.
    Promote {
        /// Its address, such as `bob@example.org`.
        address: String,
    },
    /// Makes an admin's account one like all others again.
    Demote {
        /// Its address, such as `bob@example.org`.
        address: String,
    },
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
        AccountCommand::Suspend { address } => suspend(address),
        AccountCommand::Resume { address } => resume(address),
        AccountCommand::Promote { address } => promote(address),
        AccountCommand::Demote { address } => demote(address),
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
    let mut rows = vec![["address", "since", "last seen", "devices", "history", "files", ""].map(str::to_owned)];
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
            state(&account),
        ]);
    }
    print(&rows)
}

fn state(account: &Summary) -> String {
    let admin = account.is_admin.then(|| "admin".to_owned());
    let suspended = account.suspended.map(|since| format!("suspended on {}", day(since)));
    admin.into_iter().chain(suspended).collect::<Vec<_>>().join(", ")
}

/// What is kept of histories, if anything ever was.
fn histories(config: &Config) -> Result<Option<Histories>, database::Error> {
    let folder = config.data_dir();
    folder.join(history::FILE_NAME).is_file().then(|| Histories::open(&folder, config)).transpose()
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

/// The account that a command names.
fn find(database: &Database, address: &str) -> Result<(i64, Address), Box<dyn Error>> {
    let email = Address::parse(address)?;
    match accounts::find(&*database.connection()?, &email)? {
        Some(account_id) => Ok((account_id, email)),
        None => Err(format!("there is no account {email}; `cliquet account list` shows them").into()),
    }
}

fn suspend(address: &str) -> Outcome {
    let (email, is_new) = change(address, hosting::suspend)?;
    if !is_new {
        return Err(format!("{email} is suspended already").into());
    }
    eprintln!(
        "{email} is signed out, within a minute, and cannot sign in. `cliquet account resume {email}` undoes it."
    );
    Ok(())
}

fn resume(address: &str) -> Outcome {
    let (email, was_suspended) = change(address, hosting::resume)?;
    if !was_suspended {
        return Err(format!("{email} is not suspended").into());
    }
    eprintln!("{email} can sign in again.");
    Ok(())
}

fn promote(address: &str) -> Outcome {
    let (email, is_new) = change(address, hosting::promote)?;
    if !is_new {
        return Err(format!("{email} is an admin already").into());
    }
    eprintln!("{email} is an admin. The page is /admin, and in the menu. `cliquet account demote {email}` undoes it.");
    Ok(())
}

fn demote(address: &str) -> Outcome {
    let (email, was_admin) = change(address, hosting::demote)?;
    if !was_admin {
        return Err(format!("{email} is no admin").into());
    }
    eprintln!("{email} is no longer an admin.");
    Ok(())
}

/// One of [`hosting`]'s changes of an account.
type Change = fn(&Transaction<'_>, Actor<'_>, &Address, i64, u64) -> Result<bool, database::Error>;

/// Changes an account at the present time. Whether that changed anything.
fn change(address: &str, change: Change) -> Result<(Address, bool), Box<dyn Error>> {
    let (_, database) = open()?;
    let (account_id, email) = find(&database, address)?;
    let (now_ms, mut connection) = (Clock::system().now_ms(), database.connection()?);
    let is_changed = database::write(&mut connection, |transaction| {
        change(transaction, Actor::CommandLine, &email, account_id, now_ms)
    })?;
    Ok((email, is_changed))
}

fn delete(address: &str, yes: bool) -> Outcome {
    let (config, database) = open()?;
    let (account_id, email) = find(&database, address)?;
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
    database::write(&mut connection, |transaction| {
        deletion::delete(transaction, account_id, &email, days, now_ms)?;
        audit::record(transaction, Action::DeleteAccount, &email, Actor::CommandLine, now_ms)
    })?;
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
