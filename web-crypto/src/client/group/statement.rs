//! A statement: some changes of a group, signed by the account key of the member who makes them.
//!
//! What is signed are the very bytes that were sent, so that a later version may add fields. The key is within, so that
//! everybody can check a chain without asking for the keys of people who left.

use super::{Change, GroupError};
use crate::{
    client::conversation::{GROUP_ID_BYTES, GroupId},
    crypto::{
        cbor,
        rsa::{SignError, Signer, Verifier},
    },
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::{Bytes, Digest, Signature},
    signed_bytes::{Context, SignedBytes},
};
use minicbor::{Decode, Encode, bytes::ByteVec};
use sha2::{Digest as _, Sha256};

/// Changes in one statement: a group of fifty begins with as many, its name, and what is set for it.
pub const CHANGES_MAX: usize = 64;
/// Bytes of one statement without its signature: as many changes with the longest addresses, name and description.
pub const STATEMENT_BYTES_MAX: usize = 20 * 1024;

/// What a member says about the group.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Statement {
    /// The hash of the statement before it. Of a group's first statement: 32 random bytes.
    #[n(0)]
    pub previous: Digest,
    /// One more than that of the statement before it. The first has 1.
    #[n(1)]
    pub version: u32,
    /// By the author's clock, in milliseconds since 1970. For people to read: nothing depends on it.
    #[n(2)]
    pub time: u64,
    /// Who makes the changes.
    #[n(3)]
    pub author: Address,
    /// The author's account key.
    #[n(4)]
    pub author_key: AccountKey,
    /// What changes, in this order. At least one, at most [`CHANGES_MAX`].
    #[n(5)]
    pub changes: Vec<Change>,
}

/// A statement as it is sent and kept.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedStatement {
    /// The statement's encoding.
    #[n(0)]
    pub statement: ByteVec,
    /// By the author's account key, over [`Self::signed_bytes`].
    #[n(1)]
    pub signature: Signature,
}

/// A statement whose signature was verified with the key that is in it. Whether that key may speak for the author, only the
/// state before it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedStatement {
    statement: Statement,
    hash: Digest,
    signed: SignedStatement,
}

impl SignedStatement {
    /// Signs a statement.
    ///
    /// # Errors
    /// When the account key does not sign.
    pub async fn sign(statement: &Statement, signer: &impl Signer) -> Result<Self, SignError> {
        let statement = ByteVec::from(cbor::encode(statement).to_vec());
        let signature = signer.sign(&signed_bytes(&statement)).await?;
        Ok(Self { statement, signature })
    }

    /// What the signature covers.
    pub fn signed_bytes(&self) -> Vec<u8> {
        signed_bytes(&self.statement)
    }

    /// What the next statement names this one by: SHA-256 of what the signature covers. Signatures of one statement may
    /// differ; its name does not.
    pub fn hash(&self) -> Digest {
        Bytes(Sha256::digest(self.signed_bytes()).into())
    }

    /// Reads it, and verifies the signature.
    ///
    /// # Errors
    /// [`GroupError::Malformed`], [`GroupError::NotSigned`].
    pub async fn check(self, verifier: &impl Verifier) -> Result<CheckedStatement, GroupError> {
        let checked = self.kept()?;
        let (key, signature) = (&checked.statement.author_key, &checked.signed.signature);
        if verifier.verify(key, &checked.signed.signed_bytes(), signature).await {
            Ok(checked)
        } else {
            Err(GroupError::NotSigned)
        }
    }

    /// Reads one that was checked before it was kept.
    ///
    /// # Errors
    /// [`GroupError::Malformed`].
    pub(in crate::client) fn kept(self) -> Result<CheckedStatement, GroupError> {
        if self.statement.len() > STATEMENT_BYTES_MAX {
            return Err(GroupError::Malformed);
        }
        let statement: Statement = cbor::decode(&self.statement).map_err(|_| GroupError::Malformed)?;
        let changes = &statement.changes;
        let fits = !changes.is_empty() && changes.len() <= CHANGES_MAX && changes.iter().all(Change::fits);
        if !fits || statement.version == 0 {
            return Err(GroupError::Malformed);
        }
        Ok(CheckedStatement { statement, hash: self.hash(), signed: self })
    }
}

impl CheckedStatement {
    /// What it says.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// As [`SignedStatement::hash`].
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// What is kept, and sent on.
    pub fn signed(&self) -> &SignedStatement {
        &self.signed
    }

    /// The group that begins with this statement. Nobody makes another first statement with the same id: it is the
    /// beginning of a hash.
    pub fn group(&self) -> GroupId {
        let mut id = [0; GROUP_ID_BYTES];
        id.iter_mut().zip(self.hash.0).for_each(|(to, from)| *to = from);
        GroupId(id)
    }
}

fn signed_bytes(statement: &[u8]) -> Vec<u8> {
    SignedBytes::new(Context::GroupStatement).field(statement).finish()
}
