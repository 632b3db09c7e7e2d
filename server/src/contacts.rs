//! Who added whom, and who blocked whom.
//!
//! Owns the rows of `contacts` and `blocks`. Knows nothing of keys or messages.

use crate::database::Error;
use rusqlite::{Connection, params};

/// Whether `receiver` takes messages from `sender`: the sender has added the receiver and is not blocked by them.
pub fn may_write(connection: &Connection, sender: i64, receiver: i64) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM contacts WHERE account_id = ?1 AND contact_id = ?2)
                AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = ?2 AND blocked_id = ?1)",
        )?
        .query_row(params![sender, receiver], |row| row.get(0))?)
}
