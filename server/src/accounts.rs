//! Accounts: an address, an account key, an OPAQUE record, a sealed vault.
//!
//! Owns the rows of `accounts`, and who may open one. Knows nothing of HTTP.

use crate::{
    config::Registration,
    database::Error,
    deleted_accounts,
    devices::{self, ChangeError, CheckedDevice},
    earlier_vaults,
    invites::{self, InviteState},
    password::{Credential, Proven, Record},
    token::Token,
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, Digest},
    recovery::RecoveryProof,
    vault,
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error("the server takes no new accounts")]
    Closed,
    #[error("an invite is needed, and there is none, or an unknown one")]
    InviteInvalid,
    #[error("the invite was used")]
    InviteUsed,
    #[error("the invite has expired")]
    InviteExpired,
    #[error("the address is taken, or rests")]
    AddressTaken,
    #[error(transparent)]
    Device(#[from] ChangeError),
}

impl From<Error> for SignUpError {
    fn from(error: Error) -> Self {
        Self::Device(error.into())
    }
}

/// Why a vault stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the vault was replaced meanwhile")]
    Outdated,
    #[error("the vault has another head, which takes a proof")]
    HeadChanged,
    #[error(transparent)]
    Database(#[from] Error),
}

/// Everything of an account that is about to be.
#[derive(Debug)]
pub struct NewAccount {
    pub email: Address,
    /// As `password` checked it.
    pub opaque_record: Vec<u8>,
    pub credential: Credential,
    pub account_key: AccountKey,
    pub vault: Blob,
    pub device: CheckedDevice,
}

/// Whether the server would take a new account now, with this invite if there is one. Takes nothing.
pub fn admits(
    connection: &Connection,
    registration: Registration,
    invite: Option<&Token>,
    now_ms: u64,
) -> Result<(), SignUpError> {
    match admission(connection, registration)? {
        Admission::Free => Ok(()),
        Admission::Closed => Err(SignUpError::Closed),
        Admission::ByInvite => check_invite(connection, invite, now_ms),
    }
}

/// What the next account needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admission {
    Free,
    ByInvite,
    Closed,
}

/// The first account is the host's. It is free, because somebody must be able to begin, unless the host made an invite: then
/// it is for who has that, whatever the settings say. One after the last account was deleted is not the first.
fn admission(connection: &Connection, registration: Registration) -> Result<Admission, Error> {
    if is_first(connection)? {
        return Ok(if invites::are_any(connection)? { Admission::ByInvite } else { Admission::Free });
    }
    Ok(match registration {
        Registration::Open => Admission::Free,
        Registration::Invite => Admission::ByInvite,
        Registration::Closed => Admission::Closed,
    })
}

/// Whether an account could be made with this invite now. Takes nothing.
pub fn check_invite(connection: &Connection, invite: Option<&Token>, now_ms: u64) -> Result<(), SignUpError> {
    match invites::state(connection, invite, now_ms)? {
        InviteState::Good => Ok(()),
        InviteState::Used => Err(SignUpError::InviteUsed),
        InviteState::Expired => Err(SignUpError::InviteExpired),
        InviteState::Unknown => Err(SignUpError::InviteInvalid),
    }
}

/// Whether this address could sign up now. Takes nothing: `sign_up` asks again.
pub fn may_sign_up(
    connection: &Connection,
    registration: Registration,
    email: &Address,
    invite: Option<&Token>,
    now_ms: u64,
) -> Result<(), SignUpError> {
    // Before the look at the address: who may not sign up learns nothing about it (S1).
    admits(connection, registration, invite, now_ms)?;
    // An address that rests is answered like a taken one: sign-up tells no more than it did before the deletion.
    let taken = find(connection, email)?.is_some() || deleted_accounts::is_resting(connection, email, now_ms)?;
    if taken { Err(SignUpError::AddressTaken) } else { Ok(()) }
}

/// Makes the account with its vault, its first device and that device's pre-keys, and uses up the invite.
pub fn sign_up(
    transaction: &Transaction<'_>,
    registration: Registration,
    account: &NewAccount,
    invite: Option<&Token>,
    now_ms: u64,
) -> Result<i64, SignUpError> {
    may_sign_up(transaction, registration, &account.email, invite, now_ms)?;
    if admission(transaction, registration)? == Admission::ByInvite && !invites::claim(transaction, invite, now_ms)? {
        return Err(SignUpError::InviteInvalid);
    }
    let list = account.device.first_list()?;
    let list_text = serde_json::to_string(list).map_err(Error::unreadable)?;
    transaction
        .execute(
            "INSERT INTO accounts
                 (id, email, created, opaque_record, account_key, vault, device_list, list_counter, credential)
             SELECT last + 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM account_ids",
            params![
                account.email.as_str(),
                now_ms,
                account.opaque_record,
                account.account_key.as_der(),
                account.vault.0,
                list_text,
                list.counter,
                account.credential.0
            ],
        )
        .map_err(Error::from)?;
    let account_id = transaction.last_insert_rowid();
    devices::insert(transaction, account_id, &account.device, now_ms)?;
    Ok(account_id)
}

fn is_first(connection: &Connection) -> Result<bool, Error> {
    Ok(connection.query_row("SELECT last = 0 FROM account_ids", [], |row| row.get(0))?)
}

/// The id of the account with this address.
pub fn find(connection: &Connection, email: &Address) -> Result<Option<i64>, Error> {
    Ok(connection
        .prepare_cached("SELECT id FROM accounts WHERE email = ?1")?
        .query_row([email.as_str()], |row| row.get(0))
        .optional()?)
}

/// Keeps an account out from now on. False: it is kept out already. Its sign-ins are for the caller to end.
///
/// # Errors
///
/// The database does not take it.
pub fn suspend(connection: &Connection, account_id: i64, now_ms: u64) -> Result<bool, Error> {
    let set = "UPDATE accounts SET suspended = ?2 WHERE id = ?1 AND suspended IS NULL";
    Ok(connection.execute(set, params![account_id, now_ms])? == 1)
}

/// Lets it in again. False: it was not kept out.
///
/// # Errors
///
/// The database does not take it.
pub fn resume(connection: &Connection, account_id: i64) -> Result<bool, Error> {
    let set = "UPDATE accounts SET suspended = NULL WHERE id = ?1 AND suspended IS NOT NULL";
    Ok(connection.execute(set, [account_id])? == 1)
}

/// Whether the host keeps it out.
///
/// # Errors
///
/// The database does not answer.
pub fn is_suspended(connection: &Connection, account_id: i64) -> Result<bool, Error> {
    let asked = "SELECT suspended IS NOT NULL FROM accounts WHERE id = ?1";
    Ok(connection.query_row(asked, [account_id], |row| row.get(0))?)
}

/// Makes it an admin's account, or one like all others. False: it is so already.
///
/// # Errors
///
/// The database does not take it.
pub fn set_admin(connection: &Connection, account_id: i64, is_admin: bool) -> Result<bool, Error> {
    let role = is_admin.then_some("admin");
    let set = "UPDATE accounts SET role = ?2 WHERE id = ?1 AND role IS NOT ?2";
    Ok(connection.execute(set, params![account_id, role])? == 1)
}

/// Whether its person may administer this server.
///
/// # Errors
///
/// The database does not answer.
pub fn is_admin(connection: &Connection, account_id: i64) -> Result<bool, Error> {
    let mut asked =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM accounts WHERE id = ?1 AND role = 'admin')")?;
    Ok(asked.query_row([account_id], |row| row.get(0))?)
}

/// What the host may know of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub email: Address,
    /// SHA-256 of the account key, under which its history and its files are kept.
    pub owner: Digest,
    /// In milliseconds since 1970, like the other.
    pub created: u64,
    /// The day of the device that was here last. `None`: it has no device.
    pub last_seen: Option<u64>,
    /// Devices that were not removed.
    pub devices: u64,
    /// Since when the host keeps it out, in milliseconds since 1970.
    pub suspended: Option<u64>,
    /// Whether its person may administer this server.
    pub is_admin: bool,
}

/// All accounts, the oldest first.
///
/// # Errors
///
/// The database does not answer, or a row does not read.
pub fn summaries(connection: &Connection) -> Result<Vec<Summary>, Error> {
    let mut statement = connection.prepare(
        "SELECT email, account_key, accounts.created, max(last_seen), count(devices.id), suspended,
                role IS NOT NULL
             FROM accounts LEFT JOIN devices ON account_id = accounts.id AND revoked IS NULL
             GROUP BY accounts.id ORDER BY accounts.id",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (email, key): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        found.push(Summary {
            email: Address::parse(&email).map_err(Error::unreadable)?,
            owner: AccountKey::from_der(&key).map_err(Error::unreadable)?.hash(),
            created: row.get(2)?,
            last_seen: row.get(3)?,
            devices: row.get(4)?,
            suspended: row.get(5)?,
            is_admin: row.get(6)?,
        });
    }
    Ok(found)
}

/// The OPAQUE record of the account with this address.
pub fn opaque_record(connection: &Connection, email: &Address) -> Result<Option<Record>, Error> {
    Ok(connection
        .prepare_cached("SELECT opaque_record, credential FROM accounts WHERE email = ?1")?
        .query_row([email.as_str()], |row| Ok(Record { record: row.get(0)?, credential: row.get(1)? }))
        .optional()?)
}

/// The public account key.
pub fn account_key(connection: &Connection, account_id: i64) -> Result<AccountKey, Error> {
    let der: Vec<u8> =
        connection.query_row("SELECT account_key FROM accounts WHERE id = ?1", [account_id], |row| row.get(0))?;
    AccountKey::from_der(&der).map_err(Error::unreadable)
}

pub fn vault(connection: &Connection, account_id: i64) -> Result<Blob, Error> {
    Ok(Blob(connection.query_row("SELECT vault FROM accounts WHERE id = ?1", [account_id], |row| row.get(0))?))
}

/// Whether a vault may get another head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    Stays,
    /// Somebody has just proven the password or the recovery key.
    MayChange,
    /// The same password was registered again: what it opened before is not given up.
    SamePassword,
}

/// Replaces the vault whose SHA-256 this is, and no other, and keeps the earlier one. With another head those before are of
/// no more use, and may open with a password that was given up: they go, unless the password stays the same.
pub fn replace_vault(
    transaction: &Transaction<'_>,
    account_id: i64,
    new: &Blob,
    replaces: &Digest,
    head: Head,
    now_ms: u64,
) -> Result<(), VaultError> {
    let old = vault(transaction, account_id)?;
    if old.digest() != *replaces {
        return Err(VaultError::Outdated);
    }
    match (vault::head(&old), vault::head(new)) {
        (Some(before), Some(after)) if before == after => earlier_vaults::keep(transaction, account_id, &old, now_ms)?,
        _ if head == Head::SamePassword => earlier_vaults::keep(transaction, account_id, &old, now_ms)?,
        _ if head == Head::MayChange => earlier_vaults::forget(transaction, account_id)?,
        _ => return Err(VaultError::HeadChanged),
    }
    transaction
        .execute("UPDATE accounts SET vault = ?2 WHERE id = ?1", params![account_id, new.0])
        .map_err(Error::from)?;
    Ok(())
}

/// Whose password was proven, if it still is: it may have been changed since the first step of the sign-in.
pub fn whose_password(connection: &Connection, proven: &Proven) -> Result<Option<i64>, Error> {
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT id, opaque_record FROM accounts WHERE email = ?1")?
        .query_row([proven.email.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.filter(|(_, record)| proven.is_of(record)).map(|(account_id, _)| account_id))
}

/// From now on this record checks the password, and no earlier one.
pub fn replace_record(
    connection: &Connection,
    account_id: i64,
    record: &[u8],
    credential: Credential,
) -> Result<(), Error> {
    connection.execute(
        "UPDATE accounts SET opaque_record = ?2, credential = ?3 WHERE id = ?1",
        params![account_id, record, credential.0],
    )?;
    Ok(())
}

/// From now on this recovery key counts, and no earlier one.
pub fn set_recovery(connection: &Connection, account_id: i64, verifier: &Digest, now_ms: u64) -> Result<(), Error> {
    connection.execute(
        "UPDATE accounts SET recovery_verifier = ?2, recovery_set = ?3 WHERE id = ?1",
        params![account_id, verifier.0, now_ms],
    )?;
    Ok(())
}

/// The account of this address whose recovery key this proves. An unknown address and an account without a recovery key take
/// the same steps; hashes are compared, so the time says nothing of what would fit.
pub fn recoverable(connection: &Connection, email: &Address, proof: &RecoveryProof) -> Result<Option<i64>, Error> {
    let verifier = proof.verifier();
    let found: Option<(i64, Option<[u8; 32]>)> = connection
        .prepare_cached("SELECT id, recovery_verifier FROM accounts WHERE email = ?1")?
        .query_row([email.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.filter(|(_, kept)| *kept == Some(verifier.0)).map(|(account_id, _)| account_id))
}

/// What is kept of an account against loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Safekeeping {
    /// When the recovery key was set, in milliseconds since 1970.
    pub recovery_set: Option<u64>,
    pub vault_bytes: u64,
}

pub fn safekeeping(connection: &Connection, account_id: i64) -> Result<Safekeeping, Error> {
    let select = "SELECT recovery_set, length(vault) FROM accounts WHERE id = ?1";
    Ok(connection.query_row(select, [account_id], |row| {
        Ok(Safekeeping { recovery_set: row.get(0)?, vault_bytes: row.get(1)? })
    })?)
}
