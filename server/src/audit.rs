//! What the host did with accounts and invites, and when: for the host's own memory, and for several who host together.
//!
//! Owns the rows, and how long they are kept. Each is written in the transaction of what it tells.

use crate::{clock::DAY_MS, database::Error};
use cliquet_wire::address::Address;
use rusqlite::{Connection, params};
use std::fmt;

/// A year. Then the address of an account that was deleted is forgotten here, too.
pub const KEEP_DAYS: u32 = 365;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    CreateInvite,
    RevokeInvite,
    SuspendAccount,
    ResumeAccount,
    DeleteAccount,
    PromoteAccount,
    DemoteAccount,
    Announce,
}

impl Action {
    const ALL: [Self; 8] = [
        Self::CreateInvite,
        Self::RevokeInvite,
        Self::SuspendAccount,
        Self::ResumeAccount,
        Self::DeleteAccount,
        Self::PromoteAccount,
        Self::DemoteAccount,
        Self::Announce,
    ];

    /// As it is kept, and as the words of the page are called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateInvite => "create-invite",
            Self::RevokeInvite => "revoke-invite",
            Self::SuspendAccount => "suspend-account",
            Self::ResumeAccount => "resume-account",
            Self::DeleteAccount => "delete-account",
            Self::PromoteAccount => "promote-account",
            Self::DemoteAccount => "demote-account",
            Self::Announce => "announce",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

impl fmt::Display for Action {
    /// In words, with what it was done to behind them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreateInvite => "made invite",
            Self::RevokeInvite => "took back invite",
            Self::SuspendAccount => "suspended",
            Self::ResumeAccount => "let in again",
            Self::DeleteAccount => "deleted",
            Self::PromoteAccount => "made an admin of:",
            Self::DemoteAccount => "no longer an admin:",
            Self::Announce => "announced:",
        })
    }
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor<'a> {
    /// Somebody who can use the command line.
    CommandLine,
    Admin(&'a Address),
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// In milliseconds since 1970.
    pub time: u64,
    pub action: Action,
    /// An account's address, an invite's number, or what was announced.
    pub subject: String,
    /// The admin's address. `None`: the command line.
    pub actor: Option<String>,
}

/// Writes it down, and forgets what is older than [`KEEP_DAYS`].
///
/// # Errors
///
/// The database does not take it.
pub fn record(
    connection: &Connection,
    action: Action,
    subject: &impl fmt::Display,
    by: Actor<'_>,
    now_ms: u64,
) -> Result<(), Error> {
    let actor = match by {
        Actor::CommandLine => None,
        Actor::Admin(address) => Some(address.as_str()),
    };
    let oldest = now_ms.saturating_sub(u64::from(KEEP_DAYS) * DAY_MS);
    connection.execute("DELETE FROM audit WHERE time < ?1", [oldest])?;
    connection.execute(
        "INSERT INTO audit (time, action, subject, actor) VALUES (?1, ?2, ?3, ?4)",
        params![now_ms, action.as_str(), subject.to_string(), actor],
    )?;
    Ok(())
}

/// The last ones, newest first, so many at most.
///
/// # Errors
///
/// The database does not answer, or a row does not read.
pub fn last(connection: &Connection, count: u32) -> Result<Vec<Entry>, Error> {
    let mut statement =
        connection.prepare("SELECT time, action, subject, actor FROM audit ORDER BY id DESC LIMIT ?1")?;
    let mut rows = statement.query([count])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let action: String = row.get(1)?;
        let action = Action::named(&action).ok_or_else(|| Error::unreadable(UnknownAction(action)))?;
        found.push(Entry { time: row.get(0)?, action, subject: row.get(2)?, actor: row.get(3)? });
    }
    Ok(found)
}

/// A row of a newer version.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no action that this version knows")]
struct UnknownAction(String);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;

    #[test]
    fn every_action_is_kept_and_the_last_ones_are_found_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let connection = database.connection().unwrap();
        for (time, action) in (1..).zip(Action::ALL) {
            record(&connection, action, &"bob@example.org", Actor::CommandLine, time).unwrap();
        }
        let found: Vec<_> =
            last(&connection, 10).unwrap().into_iter().map(|entry| (entry.time, entry.action)).collect();
        assert_eq!(found, (1..).zip(Action::ALL).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>());
        assert_eq!(last(&connection, 2).unwrap().len(), 2);
    }

    #[test]
    fn what_is_older_than_a_year_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let connection = database.connection().unwrap();
        let year = u64::from(KEEP_DAYS) * DAY_MS;
        record(&connection, Action::DeleteAccount, &"old@example.org", Actor::CommandLine, DAY_MS).unwrap();
        record(&connection, Action::CreateInvite, &1, Actor::CommandLine, DAY_MS + year).unwrap();
        assert_eq!(last(&connection, 10).unwrap().len(), 2);
        record(&connection, Action::CreateInvite, &2, Actor::CommandLine, DAY_MS + year + 1).unwrap();
        let subjects: Vec<_> = last(&connection, 10).unwrap().into_iter().map(|entry| entry.subject).collect();
        assert_eq!(subjects, ["2", "1"]);
    }
}
