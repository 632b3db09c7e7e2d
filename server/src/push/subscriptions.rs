//! Which devices want word, and where it goes: the rows of `push_subscriptions`.

use super::endpoint::Endpoint;
use crate::database::Error;
use cliquet_wire::ids::DeviceId;
use rusqlite::{Connection, OptionalExtension, params};

/// Word for this device goes there from now on. A browser in which somebody else signs in has one address for both: it is
/// the later one's.
///
/// # Errors
///
/// The database does not take it.
pub fn set(connection: &Connection, device: DeviceId, endpoint: &Endpoint) -> Result<(), Error> {
    connection.execute("DELETE FROM push_subscriptions WHERE endpoint = ?1", [endpoint.as_str()])?;
    connection.execute(
        "INSERT INTO push_subscriptions (device_id, endpoint) VALUES (?1, ?2)
         ON CONFLICT (device_id) DO UPDATE SET endpoint = excluded.endpoint",
        params![device.0, endpoint.as_str()],
    )?;
    Ok(())
}

/// This device gets no word any more.
///
/// # Errors
///
/// The database does not take it.
pub fn forget(connection: &Connection, device: DeviceId) -> Result<(), Error> {
    connection.execute("DELETE FROM push_subscriptions WHERE device_id = ?1", [device.0])?;
    Ok(())
}

/// The push service knows no such address any more. A later one of the device stays.
pub(super) fn forget_endpoint(connection: &Connection, device: DeviceId, endpoint: &Endpoint) -> Result<(), Error> {
    connection.execute(
        "DELETE FROM push_subscriptions WHERE device_id = ?1 AND endpoint = ?2",
        params![device.0, endpoint.as_str()],
    )?;
    Ok(())
}

/// Where word for a device goes, if it wants any and somebody is signed in there: not after a sign-out, and not while the
/// account is suspended.
pub(super) fn reachable(
    connection: &Connection,
    device: DeviceId,
    private_hosts: &[String],
    now_ms: u64,
) -> Result<Option<Endpoint>, Error> {
    let kept: Option<String> = connection
        .prepare_cached(
            "SELECT endpoint FROM push_subscriptions
              WHERE device_id = ?1
                AND EXISTS (SELECT 1 FROM devices JOIN accounts ON accounts.id = devices.account_id
                             WHERE devices.id = ?1 AND devices.revoked IS NULL AND accounts.suspended IS NULL)
                AND EXISTS (SELECT 1 FROM sign_ins WHERE device_id = ?1 AND expires > ?2)",
        )?
        .query_row(params![device.0, now_ms], |row| row.get(0))
        .optional()?;
    // The host may have taken a private one off the list since.
    Ok(kept.and_then(|kept| Endpoint::read(&kept, private_hosts).ok()))
}
