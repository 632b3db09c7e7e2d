//! A fresh proof of the password or of the recovery key by somebody who is signed in.

use crate::{
    accounts,
    error::Error,
    password::{PasswordError, Passwords, Proven},
};
use cliquet_wire::{address::Address, bytes::Blob, problem::ProblemCode, proof::Proof, recovery::RecoveryProof};
use rusqlite::Connection;
use uuid::Uuid;

/// A proof that the person who is signed in also knows the account's password.
#[derive(Debug)]
pub(super) struct OldPassword(Proven);

impl OldPassword {
    pub(super) fn prove(
        passwords: &Passwords,
        email: &Address,
        attempt: Uuid,
        finalization: &Blob,
        now_ms: u64,
    ) -> Result<Self, ProblemCode> {
        match passwords.finish_sign_in(attempt, finalization, now_ms) {
            Ok(finished) if finished.proven.email == *email => Ok(Self(finished.proven)),
            Ok(_) | Err(PasswordError::Refused) => Err(ProblemCode::PasswordRefused),
            Err(PasswordError::Malformed) => Err(ProblemCode::Malformed),
        }
    }

    pub(super) fn into_proven(self) -> Proven {
        self.0
    }

    /// The password may have been changed since the first step.
    pub(super) fn still_counts(&self, connection: &Connection, account_id: i64) -> Result<(), Error> {
        match accounts::whose_password(connection, &self.0)? {
            Some(owner) if owner == account_id => Ok(()),
            _ => Err(ProblemCode::PasswordRefused.into()),
        }
    }
}

/// A proof of either.
#[derive(Debug)]
pub(super) enum Checked {
    Password(OldPassword),
    /// Is looked up with the change.
    RecoveryKey(RecoveryProof),
}

impl Checked {
    pub(super) fn check(
        passwords: &Passwords,
        email: &Address,
        proof: Proof,
        now_ms: u64,
    ) -> Result<Self, ProblemCode> {
        match proof {
            Proof::Password { attempt, finalization } => {
                OldPassword::prove(passwords, email, attempt, &finalization, now_ms).map(Self::Password)
            }
            Proof::RecoveryKey(proof) => Ok(Self::RecoveryKey(proof)),
        }
    }

    /// Within the transaction that makes the change.
    pub(super) fn still_counts(&self, connection: &Connection, account_id: i64, email: &Address) -> Result<(), Error> {
        match self {
            Self::Password(password) => password.still_counts(connection, account_id),
            Self::RecoveryKey(proof) => match accounts::recoverable(connection, email, proof)? {
                Some(owner) if owner == account_id => Ok(()),
                _ => Err(ProblemCode::RecoveryRefused.into()),
            },
        }
    }
}
