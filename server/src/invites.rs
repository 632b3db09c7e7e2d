//! Invites: made by the host, each good for one account or several.
//!
//! Owns the rows of `invites`. Knows nothing of who is invited.

use crate::{database::Error, token::Token};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

/// Accounts that one invite is good for, at most: a school, not a town.
pub const USES_MAX: u32 = 1_000;

/// An invite as the host lists it. The token itself was shown once and is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invite {
    pub id: i64,
    /// Milliseconds since 1970, like the other.
    pub created: u64,
    pub expires: u64,
    /// Accounts that may be made with it, and that were.
    pub uses: u32,
    pub used: u32,
}

/// Keeps a new invite, good for so many accounts until then. Its number.
///
/// # Errors
///
/// The database does not take it.
pub fn create(connection: &Connection, token: &Token, uses: u32, now_ms: u64, expires_ms: u64) -> Result<i64, Error> {
    connection.execute(
        "INSERT INTO invites (token_hash, created, expires, uses) VALUES (?1, ?2, ?3, ?4)",
        params![token.hash(), now_ms, expires_ms, uses],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Newest first.
///
/// # Errors
///
/// The database does not answer.
pub fn list(connection: &Connection) -> Result<Vec<Invite>, Error> {
    let mut statement =
        connection.prepare("SELECT id, created, expires, uses, used FROM invites ORDER BY created DESC, id DESC")?;
    let invites = statement.query_map([], |row| {
        Ok(Invite { id: row.get(0)?, created: row.get(1)?, expires: row.get(2)?, uses: row.get(3)?, used: row.get(4)? })
    })?;
    Ok(invites.collect::<Result<_, _>>()?)
}

/// Takes an invite back: from now on it counts as expired. False: there is none of this number.
///
/// # Errors
///
/// The database does not take it.
pub fn revoke(connection: &Connection, id: i64, now_ms: u64) -> Result<bool, Error> {
    let sql = "UPDATE invites SET expires = min(expires, ?2) WHERE id = ?1";
    Ok(connection.execute(sql, params![id, now_ms])? == 1)
}

/// Whether the host ever made one.
pub fn are_any(connection: &Connection) -> Result<bool, Error> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM invites)", [], |row| row.get(0))?)
}

/// Whether an account can be made with an invite, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteState {
    Good,
    /// As many accounts were made with it as it is good for.
    Used,
    Expired,
    /// This server never gave it out.
    Unknown,
}

/// The state of this invite now. No token is an unknown invite.
pub fn state(connection: &Connection, token: Option<&Token>, now_ms: u64) -> Result<InviteState, Error> {
    let Some(token) = token else { return Ok(InviteState::Unknown) };
    let sql = "SELECT used = uses, expires <= ?2 FROM invites WHERE token_hash = ?1";
    let row = connection.query_row(sql, params![token.hash(), now_ms], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(match row.optional()? {
        None => InviteState::Unknown,
        Some((true, _)) => InviteState::Used,
        Some((false, true)) => InviteState::Expired,
        Some((false, false)) => InviteState::Good,
    })
}

/// Uses it once. False: it is used up, or it is none, or too old.
pub fn claim(transaction: &Transaction<'_>, token: Option<&Token>, now_ms: u64) -> Result<bool, Error> {
    let Some(token) = token else { return Ok(false) };
    let sql = "UPDATE invites SET used = used + 1 WHERE token_hash = ?1 AND used < uses AND expires > ?2";
    Ok(transaction.execute(sql, params![token.hash(), now_ms])? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{self, Database};

    #[test]
    fn is_claimed_once_and_not_after_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Database::open(folder.path()).unwrap().connection().unwrap();
        let token = Token::generate().unwrap();
        create(&connection, &token, 1, 10, 20).unwrap();
        let mut try_at = |token: &Token, now_ms| {
            database::write(&mut connection, |transaction| claim(transaction, Some(token), now_ms)).unwrap()
        };
        assert!(!try_at(&Token::generate().unwrap(), 19));
        assert!(!try_at(&token, 20));
        assert!(try_at(&token, 19));
        assert!(!try_at(&token, 19));
    }

    #[test]
    fn its_state_is_good_then_expired_and_used_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Database::open(folder.path()).unwrap().connection().unwrap();
        let token = Token::generate().unwrap();
        create(&connection, &token, 1, 10, 20).unwrap();
        let at = |connection: &Connection, now_ms| state(connection, Some(&token), now_ms).unwrap();
        assert_eq!((at(&connection, 19), at(&connection, 20)), (InviteState::Good, InviteState::Expired));
        database::write(&mut connection, |transaction| claim(transaction, Some(&token), 19)).unwrap();
        assert_eq!((at(&connection, 19), at(&connection, 20)), (InviteState::Used, InviteState::Used));
        assert_eq!(state(&connection, Some(&Token::generate().unwrap()), 19).unwrap(), InviteState::Unknown);
        assert_eq!(state(&connection, None, 19).unwrap(), InviteState::Unknown);
    }

    #[test]
    fn several_accounts_are_made_with_it_and_not_one_more() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Database::open(folder.path()).unwrap().connection().unwrap();
        let token = Token::generate().unwrap();
        create(&connection, &token, 3, 10, 20).unwrap();
        let mut claimed = || database::write(&mut connection, |it| claim(it, Some(&token), 19)).unwrap();
        assert_eq!([claimed(), claimed(), claimed(), claimed()], [true, true, true, false]);
        let Invite { uses, used, .. } = list(&connection).unwrap()[0];
        assert_eq!((uses, used), (3, 3));
        assert_eq!(state(&connection, Some(&token), 19).unwrap(), InviteState::Used);
    }

    #[test]
    fn what_is_taken_back_is_good_for_nobody_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Database::open(folder.path()).unwrap().connection().unwrap();
        let token = Token::generate().unwrap();
        create(&connection, &token, 2, 10, 20).unwrap();
        let id = list(&connection).unwrap()[0].id;
        assert!(!revoke(&connection, id + 1, 15).unwrap());
        assert!(revoke(&connection, id, 15).unwrap() && revoke(&connection, id, 30).unwrap());
        assert_eq!(list(&connection).unwrap()[0].expires, 15);
        assert_eq!(state(&connection, Some(&token), 15).unwrap(), InviteState::Expired);
        assert!(!database::write(&mut connection, |it| claim(it, Some(&token), 15)).unwrap());
    }
}
