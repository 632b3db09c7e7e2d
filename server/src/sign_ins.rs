//! Sign-ins: begun, found by token, listed, ended.
//!
//! Owns the rows of `sign_ins`. Knows nothing of passwords, cookies or HTTP.

use crate::{clock::DAY_MS, database::Error, token::Token};
use cliquet_wire::{
    address::Address,
    devices::SignIn,
    ids::{DeviceId, SignInId},
};
use rusqlite::{Connection, OptionalExtension, params};

/// Who a token speaks for.
#[derive(Clone, Debug)]
pub struct Found {
    pub id: SignInId,
    pub account_id: i64,
    pub email: Address,
    pub device: Option<DeviceId>,
    /// The day that device was last seen, in milliseconds since 1970.
    pub device_last_seen: Option<u64>,
    /// Such a sign-in is refused. Its row stays until it would have ended, so that the browser is told why.
    pub device_is_revoked: bool,
    created: u64,
    expires: u64,
}

impl Found {
    /// Whether it has not expired. A sign-in from the future was begun while the clock was wrong. It lives no longer for
    /// that (R8).
    pub fn counts(&self, now_ms: u64) -> bool {
        self.expires > now_ms && self.created <= now_ms.saturating_add(CLOCK_SLACK_MS)
    }
}

/// Begins a sign-in and drops those that have expired.
pub fn begin(
    connection: &Connection,
    account_id: i64,
    device: Option<DeviceId>,
    token: &Token,
    now_ms: u64,
    expires_ms: u64,
) -> Result<SignInId, Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let id = SignInId::from_random(random);
    connection.execute("DELETE FROM sign_ins WHERE expires <= ?1", [now_ms])?;
    connection.execute(
        "INSERT INTO sign_ins (id, account_id, device_id, token_hash, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![id.0, account_id, device.map(|device| device.0), token.hash(), now_ms, expires_ms],
    )?;
    Ok(id)
}

/// Who holds this token, if the sign-in has not been ended. Whether it still [counts](Found::counts) is for the caller to ask.
pub fn find(connection: &Connection, token_hash: &[u8; 32]) -> Result<Option<Found>, Error> {
    let row = connection
        .prepare_cached(
            "SELECT sign_ins.id, accounts.id, accounts.email, sign_ins.device_id, devices.last_seen, sign_ins.created,
                    sign_ins.expires, devices.revoked IS NOT NULL
               FROM sign_ins JOIN accounts ON accounts.id = sign_ins.account_id
                             LEFT JOIN devices ON devices.id = sign_ins.device_id
              WHERE sign_ins.token_hash = ?1",
        )?
        .query_row([token_hash], |row| {
            let email: String = row.get(2)?;
            let device: Option<_> = row.get(3)?;
            let times = (row.get(5)?, row.get(6)?);
            let seen = (row.get(4)?, row.get(7)?);
            Ok((SignInId(row.get(0)?), row.get(1)?, email, device.map(DeviceId), seen, times))
        })
        .optional()?;
    let Some((id, account_id, email, device, (device_last_seen, device_is_revoked), (created, expires))) = row else {
        return Ok(None);
    };
    let email = Address::parse(&email).map_err(Error::unreadable)?;
    Ok(Some(Found { id, account_id, email, device, device_last_seen, device_is_revoked, created, expires }))
}

/// How far the server's clock may be set back before sign-ins begun under the old one stop counting.
const CLOCK_SLACK_MS: u64 = DAY_MS;

/// When a sign-in that begins now ends by itself.
pub fn expiry(now_ms: u64, days: u32) -> u64 {
    now_ms.saturating_add(u64::from(days) * DAY_MS)
}

/// Binds a sign-in to the device that its browser has just registered. False: it ended, or speaks for one already.
pub fn bind(connection: &Connection, id: SignInId, device: DeviceId) -> Result<bool, Error> {
    let bound = connection
        .execute("UPDATE sign_ins SET device_id = ?2 WHERE id = ?1 AND device_id IS NULL", params![id.0, device.0])?;
    Ok(bound == 1)
}

/// All that have not expired and whose device was not revoked, newest first.
pub fn list(connection: &Connection, account_id: i64, this: SignInId, now_ms: u64) -> Result<Vec<SignIn>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, device_id, created, expires FROM sign_ins
          WHERE account_id = ?1 AND expires > ?2
            AND NOT EXISTS (SELECT 1 FROM devices WHERE devices.id = device_id AND revoked IS NOT NULL)
          ORDER BY created DESC, id",
    )?;
    let sign_ins = statement.query_map(params![account_id, now_ms], |row| {
        let id = SignInId(row.get(0)?);
        let device = row.get::<_, Option<_>>(1)?.map(DeviceId);
        Ok(SignIn { id, device, created: row.get(2)?, expires: row.get(3)?, this: id == this })
    })?;
    Ok(sign_ins.collect::<Result<_, _>>()?)
}

/// Ends one sign-in of this account, and names its device. `None`: the account has no sign-in of that id.
pub fn end(connection: &Connection, account_id: i64, id: SignInId) -> Result<Option<Option<DeviceId>>, Error> {
    let row: Option<Option<_>> = connection
        .query_row(
            "DELETE FROM sign_ins WHERE id = ?1 AND account_id = ?2 RETURNING device_id",
            params![id.0, account_id],
            |row| row.get(0),
        )
        .optional()?;
    Ok(row.map(|device| device.map(DeviceId)))
}

/// Ends all sign-ins of an account but one, and names their devices.
pub fn end_others(connection: &Connection, account_id: i64, but: Option<SignInId>) -> Result<Vec<DeviceId>, Error> {
    let mut statement =
        connection.prepare("DELETE FROM sign_ins WHERE account_id = ?1 AND id IS NOT ?2 RETURNING device_id")?;
    let devices = statement.query_map(params![account_id, but.map(|id| id.0)], |row| row.get::<_, Option<_>>(0))?;
    devices
        .filter_map(|device| device.map(|device| device.map(DeviceId)).transpose())
        .map(|device| Ok(device?))
        .collect()
}
