//! Accounts for load tests, by the hundred thousand. Development only.
//!
//! Owns what a seeded account is: a row wherever a route of the JSON API looks, and a sign-in whose token is told once. All share
//! one account key that nobody has the private half of, and their signatures are zeros: the server looks at signatures
//! only when they are uploaded, but no client takes such a directory. They have no password and no pre-keys.

use crate::{
    clock::DAY_MS,
    config::Config,
    contacts,
    database::{self, Database, FILE_NAME},
    devices, private_files, sign_ins,
    token::Token,
};
use cliquet_wire::{
    account_key::{AccountKey, AccountKeyError, MODULUS_BYTES},
    address::{Address, AddressError},
    bytes::{Bytes, Signature},
    certificate::{Certificate, DeviceList},
    ids::DeviceId,
    limits::DEVICES_MAX,
};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};
use serde::Serialize;
use std::{
    io::{BufWriter, Write},
    path::Path,
    time::Duration,
};

/// One line of the file, as JSON: one device. Those of an account follow one another. Each account may write to the one
/// before it and the one after it; the first and the last are neighbours.
#[derive(Debug, Serialize)]
struct Line<'a> {
    email: &'a Address,
    device: DeviceId,
    /// For `Authorization: Bearer`.
    token: &'a str,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("the data folder has accounts already: seed an empty one")]
    HasAccounts,
    #[error("the data folder is in use: stop the server")]
    InUse,
    #[error("an account has 1 to {DEVICES_MAX} devices")]
    Devices,
    #[error("the file for the tokens exists already, or cannot be written")]
    File(#[source] std::io::Error),
    #[error("a line could not be written")]
    Line(#[from] serde_json::Error),
    #[error("the test key does not read")]
    Key(#[from] AccountKeyError),
    #[error("a seeded address does not read")]
    Address(#[from] AddressError),
    #[error(transparent)]
    Contacts(#[from] contacts::ChangeError),
    #[error(transparent)]
    Database(#[from] database::Error),
}

impl From<rusqlite::Error> for SeedError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            _ => Self::Database(error.into()),
        }
    }
}

/// Between two commits: the disk is waited for seldom, and memory stays small.
const ACCOUNTS_PER_TRANSACTION: u32 = 10_000;
/// How long a connection that is just closing may still be there. A server stays.
const PATIENCE: Duration = Duration::from_secs(1);

/// Makes `count` accounts in a ring, of so many devices each, and writes the file of their tokens, which only its owner may
/// read.
///
/// # Errors
/// [`SeedError`], and nothing is made.
pub fn seed(config: &Config, count: u32, devices: usize, out: &Path, now_ms: u64) -> Result<(), SeedError> {
    if !(1..=DEVICES_MAX).contains(&devices) {
        return Err(SeedError::Devices);
    }
    let mut connection = open_alone(&config.data_dir())?;
    let expires_ms = now_ms.saturating_add(u64::from(config.sign_in_days) * DAY_MS);
    let seeds = Seeds { account_key: test_key()?, devices, now_ms, expires_ms };
    let mut file = BufWriter::new(private_files::make(out).map_err(SeedError::File)?);
    let mut first = 0;
    while first < count {
        let end = count.min(first.saturating_add(ACCOUNTS_PER_TRANSACTION));
        let transaction = connection.transaction()?;
        for number in first..end {
            seeds.account(&transaction, number, &mut file)?;
        }
        transaction.commit()?;
        first = end;
    }
    let transaction = connection.transaction()?;
    befriend_neighbours(&transaction, now_ms)?;
    transaction.commit()?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE);")?;
    file.flush().map_err(SeedError::File)
}

/// The database of a folder that nobody else has open and that has no accounts. In its exclusive mode SQLite takes a
/// lock that it is refused while any other connection is there.
fn open_alone(folder: &Path) -> Result<Connection, SeedError> {
    // Makes the folder and the tables.
    drop(Database::open(folder)?);
    let mut connection = Connection::open(folder.join(FILE_NAME))?;
    connection.busy_timeout(PATIENCE)?;
    // What is half done is thrown away, so the disk need not be waited for. The cache holds the inner pages of a million.
    connection
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if transaction.query_row("SELECT EXISTS (SELECT 1 FROM accounts)", [], |row| row.get(0))? {
        return Err(SeedError::HasAccounts);
    }
    transaction.commit()?;
    Ok(connection)
}

/// Well formed, and made of no primes that anybody chose.
fn test_key() -> Result<AccountKey, AccountKeyError> {
    AccountKey::from_modulus([0xd5; MODULUS_BYTES])
}

/// What all have in common.
struct Seeds {
    account_key: AccountKey,
    devices: usize,
    now_ms: u64,
    expires_ms: u64,
}

impl Seeds {
    fn account(&self, transaction: &Transaction<'_>, number: u32, file: &mut impl Write) -> Result<(), SeedError> {
        let Self { account_key, now_ms, .. } = self;
        let email = Address::parse(&format!("seed-{number:07}@load.example"))?;
        let devices: Vec<DeviceId> =
            (0..self.devices).map(|_| Ok(DeviceId::from_random(random()?))).collect::<Result<_, database::Error>>()?;
        let (account_key_hash, counter) = (account_key.hash(), u64::try_from(devices.len()).unwrap_or(u64::MAX));
        let signature: Signature = Bytes([0; 384]);
        let list = DeviceList {
            email: email.clone(),
            account_key_hash,
            counter,
            devices: devices.clone(),
            signed: *now_ms,
            signature,
        };
        transaction
            .prepare_cached(
                "INSERT INTO accounts (email, created, opaque_record, account_key, vault, device_list, list_counter)
                 VALUES (?1, ?2, x'', ?3, x'', ?4, ?5)",
            )?
            .execute(params![email.as_str(), now_ms, account_key.as_der(), serde_json::to_string(&list)?, counter])?;
        let account_id = transaction.last_insert_rowid();
        for (counter, device) in (1..).zip(devices) {
            let (identity_key, created) = (Bytes([9; 32]), *now_ms);
            let email = email.clone();
            let certificate =
                Certificate { email, account_key_hash, device, identity_key, created, counter, signature };
            self.device(transaction, account_id, &certificate, file)?;
        }
        Ok(())
    }

    fn device(
        &self,
        transaction: &Transaction<'_>,
        account_id: i64,
        certificate: &Certificate,
        file: &mut impl Write,
    ) -> Result<(), SeedError> {
        let (device, now_ms) = (certificate.device, self.now_ms);
        transaction
            .prepare_cached(
                "INSERT INTO devices (id, account_id, name, certificate, created, last_seen)
                 VALUES (?1, ?2, 'seeded', ?3, ?4, ?5)",
            )?
            .execute(params![
                device.0,
                account_id,
                serde_json::to_string(certificate)?,
                now_ms,
                devices::day(now_ms)
            ])?;
        let token = Token::generate().map_err(database::Error::from)?;
        sign_ins::begin(transaction, account_id, Some(device), &token, now_ms, self.expires_ms)?;
        serde_json::to_writer(&mut *file, &Line { email: &certificate.email, device, token: &token.write() })?;
        file.write_all(b"\n").map_err(SeedError::File)
    }
}

fn random() -> Result<[u8; 16], database::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Each adds the next and the one before. The ids of a table that was empty are one after the other.
fn befriend_neighbours(transaction: &Transaction<'_>, now_ms: u64) -> Result<(), SeedError> {
    transaction.execute(
        "WITH ring (id, next) AS (
             SELECT id, coalesce(lead(id) OVER (ORDER BY id), (SELECT min(id) FROM accounts)) FROM accounts)
         INSERT INTO contacts (account_id, contact_id, created)
         SELECT account_id, contact_id, ?1 FROM (
             SELECT id AS account_id, next AS contact_id FROM ring UNION SELECT next, id FROM ring)
          WHERE account_id <> contact_id ORDER BY account_id, contact_id",
        [now_ms],
    )?;
    Ok(())
}
