//! Vaults that were replaced, kept for thirty days: a thief of a sign-in can replace a vault, but cannot delete the
//! earlier ones.
//!
//! Owns the rows of `earlier_vaults`. Of each day only the vault is kept that was there before the day's first change, so
//! that many changes neither fill the disk nor push the good ones out.

use crate::{clock::DAY_MS, database::Error, devices::day};
use cliquet_wire::{bytes::Blob, vault::EarlierVault};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

pub const KEPT_DAYS: u64 = 30;

/// Keeps a vault that is being replaced.
pub fn keep(transaction: &Transaction<'_>, account_id: i64, vault: &Blob, now_ms: u64) -> Result<(), Error> {
    transaction.execute("DELETE FROM earlier_vaults WHERE day < ?1", [oldest(now_ms)])?;
    transaction.execute(
        "INSERT INTO earlier_vaults (account_id, day, replaced, vault) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        params![account_id, day(now_ms), now_ms, vault.0],
    )?;
    Ok(())
}

/// Forgets all of an account.
pub fn forget(transaction: &Transaction<'_>, account_id: i64) -> Result<(), Error> {
    transaction.execute("DELETE FROM earlier_vaults WHERE account_id = ?1", [account_id])?;
    Ok(())
}

/// Newest first.
pub fn list(connection: &Connection, account_id: i64, now_ms: u64) -> Result<Vec<EarlierVault>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT replaced, length(vault) FROM earlier_vaults WHERE account_id = ?1 AND day >= ?2 ORDER BY day DESC",
    )?;
    let vaults = statement.query_map(params![account_id, oldest(now_ms)], |row| {
        Ok(EarlierVault { replaced: row.get(0)?, bytes: row.get(1)? })
    })?;
    Ok(vaults.collect::<Result<_, _>>()?)
}

/// The one that was replaced at this moment.
pub fn read(connection: &Connection, account_id: i64, replaced: u64, now_ms: u64) -> Result<Option<Blob>, Error> {
    Ok(connection
        .prepare_cached("SELECT vault FROM earlier_vaults WHERE account_id = ?1 AND replaced = ?2 AND day >= ?3")?
        .query_row(params![account_id, i64::try_from(replaced).unwrap_or(i64::MAX), oldest(now_ms)], |row| row.get(0))
        .optional()?
        .map(Blob))
}

fn oldest(now_ms: u64) -> u64 {
    day(now_ms).saturating_sub(KEPT_DAYS * DAY_MS)
}
