//! Invites: made by the host, each good for one account.
//!
//! Owns the rows of `invites`. Knows nothing of who is invited.

use crate::{database::Error, token::Token};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

/// An invite as the host lists it. The token itself was shown once and is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    pub id: i64,
    /// Milliseconds since 1970, like the others.
    pub created: u64,
    pub expires: u64,
    pub claimed: Option<u64>,
}

pub fn create(connection: &Connection, token: &Token, now_ms: u64, expires_ms: u64) -> Result<(), Error> {
    connection.execute(
        "INSERT INTO invites (token_hash, created, expires) VALUES (?1, ?2, ?3)",
        params![token.hash(), now_ms, expires_ms],
    )?;
    Ok(())
}

/// Newest first.
pub fn list(connection: &Connection) -> Result<Vec<Invite>, Error> {
    let mut statement =
        connection.prepare("SELECT id, created, expires, claimed FROM invites ORDER BY created DESC, id DESC")?;
    let invites = statement.query_map([], |row| {
        Ok(Invite { id: row.get(0)?, created: row.get(1)?, expires: row.get(2)?, claimed: row.get(3)? })
    })?;
    Ok(invites.collect::<Result<_, _>>()?)
}

/// Whether the host ever made one.
pub fn are_any(connection: &Connection) -> Result<bool, Error> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM invites)", [], |row| row.get(0))?)
}

/// Whether an account can be made with an invite, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteState {
    Good,
    /// An account was made with it.
    Used,
    Expired,
    /// This server never gave it out.
    Unknown,
}

/// The state of this invite now. No token is an unknown invite.
pub fn state(connection: &Connection, token: Option<&Token>, now_ms: u64) -> Result<InviteState, Error> {
    let Some(token) = token else { return Ok(InviteState::Unknown) };
    let sql = "SELECT claimed IS NOT NULL, expires <= ?2 FROM invites WHERE token_hash = ?1";
    let row = connection.query_row(sql, params![token.hash(), now_ms], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(match row.optional()? {
        None => InviteState::Unknown,
        Some((true, _)) => InviteState::Used,
        Some((false, true)) => InviteState::Expired,
        Some((false, false)) => InviteState::Good,
    })
}

/// Uses it up. False: someone else did, or it is none, or too old.
pub fn claim(transaction: &Transaction<'_>, token: Option<&Token>, now_ms: u64) -> Result<bool, Error> {
    let Some(token) = token else { return Ok(false) };
    let sql = "UPDATE invites SET claimed = ?2 WHERE token_hash = ?1 AND claimed IS NULL AND expires > ?2";
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
        create(&connection, &token, 10, 20).unwrap();
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
        create(&connection, &token, 10, 20).unwrap();
        let at = |connection: &Connection, now_ms| state(connection, Some(&token), now_ms).unwrap();
        assert_eq!((at(&connection, 19), at(&connection, 20)), (InviteState::Good, InviteState::Expired));
        database::write(&mut connection, |transaction| claim(transaction, Some(&token), 19)).unwrap();
        assert_eq!((at(&connection, 19), at(&connection, 20)), (InviteState::Used, InviteState::Used));
        assert_eq!(state(&connection, Some(&Token::generate().unwrap()), 19).unwrap(), InviteState::Unknown);
        assert_eq!(state(&connection, None, 19).unwrap(), InviteState::Unknown);
    }
}
