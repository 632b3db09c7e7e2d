//! Who added whom, and who blocked whom.
//!
//! Owns the rows of `contacts`, `blocks` and `declines`. Knows nothing of keys or messages.

use crate::database::Error;
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    contacts::{Contact, ContactState},
    limits::CONTACTS_MAX,
};
use rusqlite::{Connection, Transaction, params};

/// Why a list of contacts stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("the list is full")]
    Full,
    #[error(transparent)]
    Database(#[from] Error),
}

/// Whether `receiver` takes messages from `sender`: the sender has added the receiver, and is neither blocked nor declined
/// by them.
pub fn may_write(connection: &Connection, sender: i64, receiver: i64) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM contacts WHERE account_id = ?1 AND contact_id = ?2)
                AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = ?2 AND blocked_id = ?1)
                AND NOT EXISTS (SELECT 1 FROM declines WHERE account_id = ?2 AND declined_id = ?1)",
        )?
        .query_row(params![sender, receiver], |row| row.get(0))?)
}

/// Whether `account_id` has added `other`.
pub fn has_added(connection: &Connection, account_id: i64, other: i64) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM contacts WHERE account_id = ?1 AND contact_id = ?2)")?
        .query_row(params![account_id, other], |row| row.get(0))?)
}

/// Whether looking `other` up tells `account_id` nothing new: either added the other, or blocked them, or they are one.
pub fn are_known(connection: &Connection, account_id: i64, other: i64) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached(
            "SELECT ?1 = ?2
                 OR EXISTS (SELECT 1 FROM contacts WHERE account_id = ?1 AND contact_id = ?2)
                 OR EXISTS (SELECT 1 FROM contacts WHERE account_id = ?2 AND contact_id = ?1)
                 OR EXISTS (SELECT 1 FROM blocks WHERE account_id = ?1 AND blocked_id = ?2)",
        )?
        .query_row(params![account_id, other], |row| row.get(0))?)
}

/// Adds a contact; a block of theirs is lifted, and so is a request of theirs that was declined. Adding twice is adding once.
pub fn add(transaction: &Transaction<'_>, account_id: i64, contact: i64, now_ms: u64) -> Result<(), ChangeError> {
    unblock(transaction, account_id, contact)?;
    transaction
        .execute("DELETE FROM declines WHERE account_id = ?1 AND declined_id = ?2", params![account_id, contact])
        .map_err(Error::from)?;
    insert(
        transaction,
        "INSERT INTO contacts (account_id, contact_id, created) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        "SELECT count(*) FROM contacts WHERE account_id = ?1",
        params![account_id, contact, now_ms],
        account_id,
    )
}

/// Takes a contact off the list. Their own list stays as it is.
pub fn remove(connection: &Connection, account_id: i64, contact: i64) -> Result<(), Error> {
    connection
        .execute("DELETE FROM contacts WHERE account_id = ?1 AND contact_id = ?2", params![account_id, contact])?;
    Ok(())
}

/// Declines the request of `other`, if there is one: it is shown no more, and nothing is taken from them until
/// `account_id` adds them. They are not told. Of more than [`CONTACTS_MAX`] the oldest are forgotten. Tells whether there
/// is one.
pub fn decline(transaction: &Transaction<'_>, account_id: i64, other: i64, now_ms: u64) -> Result<bool, Error> {
    if !has_added(transaction, other, account_id)? || has_added(transaction, account_id, other)? {
        return Ok(false);
    }
    transaction.execute(
        "INSERT INTO declines (account_id, declined_id, created) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![account_id, other, now_ms],
    )?;
    transaction.execute(
        "DELETE FROM declines WHERE account_id = ?1 AND declined_id NOT IN
             (SELECT declined_id FROM declines WHERE account_id = ?1 ORDER BY created DESC, declined_id LIMIT ?2)",
        params![account_id, CONTACTS_MAX],
    )?;
    Ok(true)
}

/// Takes nothing from them any more. They are not told.
pub fn block(transaction: &Transaction<'_>, account_id: i64, other: i64, now_ms: u64) -> Result<(), ChangeError> {
    insert(
        transaction,
        "INSERT INTO blocks (account_id, blocked_id, created) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        "SELECT count(*) FROM blocks WHERE account_id = ?1",
        params![account_id, other, now_ms],
        account_id,
    )
}

pub fn unblock(connection: &Connection, account_id: i64, other: i64) -> Result<(), Error> {
    connection.execute("DELETE FROM blocks WHERE account_id = ?1 AND blocked_id = ?2", params![account_id, other])?;
    Ok(())
}

/// Inserts a row unless that makes more than the list takes. A refusal rolls the transaction back.
fn insert(
    transaction: &Transaction<'_>,
    insert: &str,
    count: &str,
    row: impl rusqlite::Params,
    account_id: i64,
) -> Result<(), ChangeError> {
    transaction.execute(insert, row).map_err(Error::from)?;
    let count: usize = transaction.query_row(count, [account_id], |row| row.get(0)).map_err(Error::from)?;
    if count > CONTACTS_MAX { Err(ChangeError::Full) } else { Ok(()) }
}

/// Whom this account added, who added this account, and whom it blocked, by address. Of requests only the oldest are
/// shown, as many as there may be contacts, so that a crowd cannot make the list unbounded.
pub fn list(connection: &Connection, account_id: i64) -> Result<Vec<Contact>, Error> {
    let mut statement = connection.prepare_cached(
        "WITH others (id, state) AS (
             SELECT blocked_id, 2 FROM blocks WHERE account_id = ?1
              UNION ALL
             SELECT contact_id, 0 FROM contacts
              WHERE account_id = ?1
                AND contact_id NOT IN (SELECT blocked_id FROM blocks WHERE account_id = ?1)
              UNION ALL
             SELECT * FROM (
                 SELECT account_id, 1 FROM contacts
                  WHERE contact_id = ?1
                    AND account_id NOT IN (SELECT contact_id FROM contacts WHERE account_id = ?1)
                    AND account_id NOT IN (SELECT blocked_id FROM blocks WHERE account_id = ?1)
                    AND account_id NOT IN (SELECT declined_id FROM declines WHERE account_id = ?1)
                  ORDER BY created, account_id LIMIT ?2))
         SELECT accounts.email, others.state, accounts.account_key FROM others JOIN accounts ON accounts.id = others.id
          ORDER BY accounts.email",
    )?;
    let rows = statement.query_map(params![account_id, CONTACTS_MAX], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u8>(1)?, row.get::<_, Vec<u8>>(2)?))
    })?;
    rows.map(|row| {
        let (email, state, account_key) = row?;
        let state = match state {
            0 => ContactState::Added,
            1 => ContactState::Requested,
            _ => ContactState::Blocked,
        };
        let email = Address::parse(&email).map_err(Error::unreadable)?;
        let account_key = AccountKey::from_der(&account_key).map_err(Error::unreadable)?;
        Ok(Contact { email, state, account_key })
    })
    .collect()
}
