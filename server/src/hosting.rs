//! What those who host do with accounts and invites: on the command line, or as admins on their page.
//!
//! Owns what belongs together: each is done in one transaction with its entry in the log. Knows nothing of how it was asked
//! for.

use crate::{
    accounts, announcement,
    audit::{self, Action, Actor},
    database::Error,
    invites, sign_ins,
    token::Token,
};
use cliquet_wire::address::Address;
use rusqlite::Transaction;

/// Keeps an account out, and signs it out everywhere. False: it is kept out already.
///
/// # Errors
///
/// The database does not take it. So for each of these.
pub fn suspend(
    transaction: &Transaction<'_>,
    by: Actor<'_>,
    email: &Address,
    id: i64,
    now_ms: u64,
) -> Result<bool, Error> {
    sign_ins::end_others(transaction, id, None)?;
    let is_changed = accounts::suspend(transaction, id, now_ms)?;
    recorded(transaction, is_changed, Action::SuspendAccount, email, by, now_ms)
}

/// Lets an account in again. False: it was not kept out.
pub fn resume(
    transaction: &Transaction<'_>,
    by: Actor<'_>,
    email: &Address,
    id: i64,
    now_ms: u64,
) -> Result<bool, Error> {
    let is_changed = accounts::resume(transaction, id)?;
    recorded(transaction, is_changed, Action::ResumeAccount, email, by, now_ms)
}

/// Makes an account an admin's. False: it is one already.
pub fn promote(
    transaction: &Transaction<'_>,
    by: Actor<'_>,
    email: &Address,
    id: i64,
    now_ms: u64,
) -> Result<bool, Error> {
    let is_changed = accounts::set_admin(transaction, id, true)?;
    recorded(transaction, is_changed, Action::PromoteAccount, email, by, now_ms)
}

/// Makes it one like all others again. False: it was not an admin's.
pub fn demote(
    transaction: &Transaction<'_>,
    by: Actor<'_>,
    email: &Address,
    id: i64,
    now_ms: u64,
) -> Result<bool, Error> {
    let is_changed = accounts::set_admin(transaction, id, false)?;
    recorded(transaction, is_changed, Action::DemoteAccount, email, by, now_ms)
}

/// Keeps a new invite, good for so many accounts until then.
pub fn create_invite(
    transaction: &Transaction<'_>,
    by: Actor<'_>,
    (token, uses): (&Token, u32),
    now_ms: u64,
    expires_ms: u64,
) -> Result<(), Error> {
    let number = invites::create(transaction, token, uses, now_ms, expires_ms)?;
    audit::record(transaction, Action::CreateInvite, &number, by, now_ms)
}

/// Takes an invite back. False: there is none of this number.
pub fn revoke_invite(transaction: &Transaction<'_>, by: Actor<'_>, number: i64, now_ms: u64) -> Result<bool, Error> {
    let is_changed = invites::revoke(transaction, number, now_ms)?;
    recorded(transaction, is_changed, Action::RevokeInvite, &number, by, now_ms)
}

/// Says something to everybody who opens home, or nothing any more.
pub fn announce(transaction: &Transaction<'_>, by: Actor<'_>, text: &str, now_ms: u64) -> Result<(), Error> {
    announcement::set(transaction, text, now_ms)?;
    audit::record(transaction, Action::Announce, &text, by, now_ms)
}

fn recorded(
    transaction: &Transaction<'_>,
    is_changed: bool,
    action: Action,
    subject: &impl std::fmt::Display,
    by: Actor<'_>,
    now_ms: u64,
) -> Result<bool, Error> {
    if is_changed {
        audit::record(transaction, action, subject, by, now_ms)?;
    }
    Ok(is_changed)
}
