//! The vault: one blob, sealed in the browser, that the server keeps and cannot open.

use crate::bytes::{Blob, Digest};
use serde::{Deserialize, Serialize};

/// The answer to `GET /vault`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    pub vault: Blob,
}

/// `PUT /vault`: replaces the vault unless another device was faster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplaceVault {
    pub vault: Blob,
    /// SHA-256 of the vault that this one was made from ([`Blob::digest`]). When the server has another by now, it keeps
    /// that one and answers `vault-outdated`.
    pub replaces: Digest,
}
