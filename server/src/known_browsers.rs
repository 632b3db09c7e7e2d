//! Browsers that somebody has signed in from.
//!
//! Owns the rows of `known_browsers`. A browser keeps its token after signing out. The token opens nothing: it only shows
//! that somebody who tries to sign in to an account did so from this browser before. Knows nothing of cookies or HTTP.

use crate::{clock::DAY_MS, database::Error, token::Token};
use cliquet_wire::address::Address;
use rusqlite::{Connection, Transaction, params};

/// Browsers of one account that are known at a time: more than anyone uses in half a year. The oldest make room.
pub const BROWSERS_MAX: usize = 20;

/// What a browser brings, and what it is given in its place once somebody has signed in.
#[derive(Debug)]
pub struct Renewal {
    /// Hash of the token that it brings.
    pub before: Option<[u8; 32]>,
    pub token: Token,
    /// When it is no longer known, in milliseconds since 1970.
    pub expires_ms: u64,
}

/// When a browser that signs in now is no longer known.
pub fn expiry(now_ms: u64, days: u32) -> u64 {
    now_ms.saturating_add(u64::from(days) * DAY_MS)
}

/// Whether somebody signed in to the account of this address from the browser of this token, and the account's password
/// was not changed since.
pub fn is_known(connection: &Connection, token_hash: &[u8; 32], email: &Address, now_ms: u64) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM known_browsers JOIN accounts ON accounts.id = account_id
                             WHERE token_hash = ?1 AND email = ?2 AND expires > ?3)",
        )?
        .query_row(params![token_hash, email.as_str(), now_ms], |row| row.get(0))?)
}

/// Somebody has signed in to this account. From now on the browser is known by its new token alone, also to the other
/// accounts that knew it.
pub fn remember(transaction: &Transaction<'_>, account_id: i64, renewal: &Renewal, now_ms: u64) -> Result<(), Error> {
    let hash = renewal.token.hash();
    transaction.execute("DELETE FROM known_browsers WHERE expires <= ?1", [now_ms])?;
    if let Some(before) = renewal.before {
        transaction
            .execute("UPDATE known_browsers SET token_hash = ?2 WHERE token_hash = ?1", params![before, hash])?;
    }
    transaction.execute(
        "INSERT INTO known_browsers (token_hash, account_id, created, expires) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET created = excluded.created, expires = excluded.expires",
        params![hash, account_id, now_ms, renewal.expires_ms],
    )?;
    transaction.execute(
        "DELETE FROM known_browsers WHERE account_id = ?1 AND token_hash NOT IN
             (SELECT token_hash FROM known_browsers WHERE account_id = ?1 ORDER BY created DESC, token_hash LIMIT ?2)",
        params![account_id, BROWSERS_MAX],
    )?;
    Ok(())
}

/// No browser is known to this account any more: its password was changed.
pub fn forget_all(connection: &Connection, account_id: i64) -> Result<(), Error> {
    connection.execute("DELETE FROM known_browsers WHERE account_id = ?1", [account_id])?;
    Ok(())
}
