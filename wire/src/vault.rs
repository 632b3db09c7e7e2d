//! The vault: one blob, sealed in the browser, that the server keeps and cannot open.

use crate::bytes::{Blob, Digest};
use serde::{Deserialize, Serialize};

/// The answer to `GET /vault`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    /// Sealed.
    pub vault: Blob,
}

/// `PUT /vault`: replaces the vault unless another device was faster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplaceVault {
    /// The new vault, at most [`limits::VAULT_BYTES_MAX`](crate::limits::VAULT_BYTES_MAX) bytes.
    pub vault: Blob,
    /// SHA-256 of the vault that this one was made from ([`Blob::digest`]). When the server has another one by then, it
    /// keeps that one and answers `vault-outdated`.
    pub replaces: Digest,
}
