//! What is known of accounts that were deleted.
//!
//! Owns the rows of `resting_addresses`, `deleted_contacts` and `leftovers`, which `deletion.rs` writes.

use crate::database::Error;
use cliquet_wire::{address::Address, ids::DeviceId};
use rusqlite::{Connection, params};

/// Whether the account of this address was deleted, and no other may be made yet.
pub fn is_resting(connection: &Connection, email: &Address, now_ms: u64) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM resting_addresses WHERE address = ?1 AND until > ?2)")?
        .query_row(params![email.as_str(), now_ms], |row| row.get(0))?)
}

/// Whether `account_id` had added an account of this address that was deleted.
pub fn was_contact(connection: &Connection, account_id: i64, email: &Address) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM deleted_contacts WHERE account_id = ?1 AND address = ?2)")?
        .query_row(params![account_id, email.as_str()], |row| row.get(0))?)
}

/// The addresses of deleted accounts that `account_id` had added, in order.
pub fn former_contacts(connection: &Connection, account_id: i64) -> Result<Vec<Address>, Error> {
    let mut statement =
        connection.prepare_cached("SELECT address FROM deleted_contacts WHERE account_id = ?1 ORDER BY address")?;
    let rows = statement.query_map([account_id], |row| row.get::<_, String>(0))?;
    rows.map(|address| Address::parse(&address?).map_err(Error::unreadable)).collect()
}

/// `account_id` removes the deleted contact of this address, or adds another account of it.
pub fn forget_contact(connection: &Connection, account_id: i64, email: &Address) -> Result<(), Error> {
    connection.execute(
        "DELETE FROM deleted_contacts WHERE account_id = ?1 AND address = ?2",
        params![account_id, email.as_str()],
    )?;
    Ok(())
}

/// Drops what has rested, and been told, for long enough.
pub fn sweep(connection: &Connection, now_ms: u64) -> Result<(), Error> {
    connection.execute("DELETE FROM resting_addresses WHERE until <= ?1", [now_ms])?;
    connection.execute("DELETE FROM deleted_contacts WHERE until <= ?1", [now_ms])?;
    Ok(())
}

/// Whether the mailbox of this device, of a deleted account, is still to go.
pub fn is_leftover(connection: &Connection, device: DeviceId) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM leftovers WHERE kind = 'mailbox' AND id = ?1)")?
        .query_row([device.0], |row| row.get(0))?)
}
