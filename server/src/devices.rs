//! Devices, certificates and device lists.
//!
//! Owns the rows of `devices`. Knows nothing of HTTP.

use crate::database::Error;
use cliquet_wire::{address::Address, ids::DeviceId};
use rusqlite::Connection;

/// The devices of the account with this address that are not revoked, in order of entry. None: there is no such account.
pub fn active(connection: &Connection, email: &Address) -> Result<Vec<DeviceId>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT devices.id FROM devices JOIN accounts ON accounts.id = devices.account_id
          WHERE accounts.email = ?1 AND devices.revoked IS NULL ORDER BY devices.created, devices.id",
    )?;
    let devices = statement.query_map([email.as_str()], |row| row.get(0).map(DeviceId))?;
    Ok(devices.collect::<Result<_, _>>()?)
}
