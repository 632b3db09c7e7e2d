//! What the host says to everybody who opens home.

use crate::database::Error;
use rusqlite::{Connection, OptionalExtension as _, params};

/// Characters of an announcement: some sentences, so that home stays home.
pub const ANNOUNCEMENT_CHARS_MAX: usize = 500;

/// What is said now.
///
/// # Errors
///
/// The database does not answer.
pub fn present(connection: &Connection) -> Result<Option<String>, Error> {
    let mut statement = connection.prepare_cached("SELECT text FROM announcements")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// Says this from now on, in place of what was said before. Nothing: nothing is said.
///
/// # Errors
///
/// The database does not take it.
pub fn set(connection: &Connection, text: &str, now_ms: u64) -> Result<(), Error> {
    if text.is_empty() {
        connection.execute("DELETE FROM announcements", [])?;
    } else {
        let replace = "INSERT OR REPLACE INTO announcements (id, text, created) VALUES (1, ?1, ?2)";
        connection.execute(replace, params![text, now_ms])?;
    }
    Ok(())
}
