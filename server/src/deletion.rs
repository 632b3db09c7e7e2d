//! The end of an account.
//!
//! Owns how an account goes, and what other files keep of it. What is known of it afterwards is in
//! `deleted_accounts.rs`. Knows nothing of proofs or HTTP.

use crate::{
    accounts,
    clock::DAY_MS,
    database::{Database, Error},
    deleted_accounts,
    files::Files,
    history::{self, Histories},
    mailbox::{Mailbox as _, Mailboxes, Unavailable},
};
use cliquet_wire::{
    address::Address,
    bytes::{Bytes, Digest},
    ids::DeviceId,
};
use rusqlite::{Connection, Transaction, params};

/// Days for which those who had added a deleted account are told: a year, so that who seldom comes learns it too.
const TOLD_DAYS: u32 = 365;

/// Deletes an account with all rows that belong to it, and returns its devices. Its address rests for so many days. What
/// other files keep of it is noted, for [`clear_leftovers`].
///
/// Invites are the host's and name no account; the one that this account was made with stays used.
pub fn delete(
    transaction: &Transaction<'_>,
    account_id: i64,
    email: &Address,
    rest_days: u32,
    now_ms: u64,
) -> Result<Vec<DeviceId>, Error> {
    deleted_accounts::sweep(transaction, now_ms)?;
    let owner = accounts::account_key(transaction, account_id)?.hash();
    transaction.execute("INSERT OR IGNORE INTO leftovers (kind, id) VALUES ('history', ?1)", [owner.0])?;
    // Also of devices that were removed: their mailbox may have stayed.
    let devices = transaction
        .prepare(
            "INSERT INTO leftovers (kind, id) SELECT 'mailbox', id FROM devices WHERE account_id = ?1
             ON CONFLICT DO UPDATE SET id = excluded.id RETURNING id",
        )?
        .query_map([account_id], |row| Ok(DeviceId(row.get(0)?)))?
        .collect::<Result<_, _>>()?;
    // All who had added it, those it blocked or declined too: they learn nothing of that.
    transaction.execute(
        "INSERT INTO deleted_contacts (account_id, address, until)
         SELECT account_id, ?2, ?3 FROM contacts WHERE contact_id = ?1
             ON CONFLICT DO UPDATE SET until = excluded.until",
        params![account_id, email.as_str(), after(now_ms, TOLD_DAYS)],
    )?;
    if rest_days > 0 {
        transaction.execute(
            "INSERT INTO resting_addresses (address, until) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET until = excluded.until",
            params![email.as_str(), after(now_ms, rest_days)],
        )?;
    }
    // Every other table refers to it, and its rows go with it.
    transaction.execute("DELETE FROM accounts WHERE id = ?1", [account_id])?;
    Ok(devices)
}

fn after(now_ms: u64, days: u32) -> u64 {
    now_ms.saturating_add(u64::from(days) * DAY_MS)
}

/// Why something of a deleted account is still there.
#[derive(Debug, thiserror::Error)]
pub enum LeftoverError {
    #[error(transparent)]
    Mailbox(#[from] Unavailable),
    #[error(transparent)]
    Database(#[from] Error),
}

/// Deletes the mailboxes, histories and files of all deleted accounts. Doing it again changes nothing, so it is done after each
/// deletion and at each start: a process that died in between is made up for.
pub async fn clear_leftovers(
    database: &Database,
    mailboxes: &Mailboxes,
    histories: &Histories,
    files: &Files,
) -> Result<(), LeftoverError> {
    let (devices, owners) = database.run(|connection| leftovers(connection)).await?;
    for device in devices {
        mailboxes.delete(device).await?;
        database.write(move |transaction| cleared(transaction, "mailbox", device.0.as_bytes())).await?;
    }
    for owner in owners {
        let mut more = true;
        while more {
            more = histories.database.write(move |transaction| history::forget(transaction, &owner, u64::MAX)).await?;
        }
        histories.database.write(move |transaction| history::end(transaction, &owner)).await?;
        // Kept under the same name as the history, and so both go with one row.
        files.remove_of(owner).await?;
        database.write(move |transaction| cleared(transaction, "history", &owner.0)).await?;
    }
    Ok(())
}

fn leftovers(connection: &Connection) -> Result<(Vec<DeviceId>, Vec<Digest>), Error> {
    let mut of_kind = connection.prepare_cached("SELECT id FROM leftovers WHERE kind = ?1")?;
    let devices = of_kind.query_map(["mailbox"], |row| Ok(DeviceId(row.get(0)?)))?.collect::<Result<_, _>>()?;
    let owners = of_kind.query_map(["history"], |row| Ok(Bytes(row.get(0)?)))?.collect::<Result<_, _>>()?;
    Ok((devices, owners))
}

fn cleared(transaction: &Transaction<'_>, kind: &str, id: &[u8]) -> Result<(), Error> {
    transaction.execute("DELETE FROM leftovers WHERE kind = ?1 AND id = ?2", params![kind, id])?;
    Ok(())
}
