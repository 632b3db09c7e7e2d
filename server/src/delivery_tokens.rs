//! Delivery tokens: what lets people write to an account that has not added them.
//!
//! Owns the hash that is kept of each, and the comparison. Knows nothing of posts, nor of how a token reached its bearer.

use crate::database::Error;
use cliquet_wire::{
    bytes::{Bytes, Digest},
    delivery_token::DeliveryToken,
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use subtle::ConstantTimeEq as _;

/// Why a token stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    #[error("the token was replaced meanwhile")]
    Outdated,
    #[error(transparent)]
    Database(#[from] Error),
}

/// The hash of the account's token, if it has one.
pub fn hash(connection: &Connection, account_id: i64) -> Result<Option<Digest>, Error> {
    let mut statement = connection.prepare_cached("SELECT delivery_token FROM accounts WHERE id = ?1")?;
    Ok(statement.query_row([account_id], |row| row.get::<_, Option<[u8; 32]>>(0))?.map(Bytes))
}

/// Replaces the token of which this is the hash, and no other. Setting the same one again is done already: the answer to
/// the first time may have been lost.
pub fn replace(
    transaction: &Transaction<'_>,
    account_id: i64,
    new: Option<&Digest>,
    replaces: Option<&Digest>,
) -> Result<(), ReplaceError> {
    let present = hash(transaction, account_id)?;
    if present.as_ref() == new {
        return Ok(());
    }
    if present.as_ref() != replaces {
        return Err(ReplaceError::Outdated);
    }
    transaction
        .execute("UPDATE accounts SET delivery_token = ?2 WHERE id = ?1", params![account_id, new.map(|hash| hash.0)])
        .map_err(Error::from)?;
    Ok(())
}

/// Whether `bearer` may write to `account_id` with this token: it is the account's own, and the account has not blocked
/// them.
pub fn admits(connection: &Connection, token: &DeliveryToken, bearer: i64, account_id: i64) -> Result<bool, Error> {
    let kept: Option<Option<[u8; 32]>> = connection
        .prepare_cached(
            "SELECT delivery_token FROM accounts
              WHERE id = ?2 AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = ?2 AND blocked_id = ?1)",
        )?
        .query_row([bearer, account_id], |row| row.get(0))
        .optional()?;
    let shown = token.hash();
    Ok(kept.flatten().is_some_and(|kept| kept.ct_eq(&shown.0).into()))
}
