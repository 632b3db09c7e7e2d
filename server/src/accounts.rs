//! Accounts: an address, an account key, an OPAQUE record, a sealed vault.
//!
//! Owns the rows of `accounts`. Knows nothing of HTTP.

use crate::database::Error;
use cliquet_wire::address::Address;
use rusqlite::{Connection, OptionalExtension};

/// The id of the account with this address.
pub fn find(connection: &Connection, email: &Address) -> Result<Option<i64>, Error> {
    Ok(connection
        .prepare_cached("SELECT id FROM accounts WHERE email = ?1")?
        .query_row([email.as_str()], |row| row.get(0))
        .optional()?)
}
