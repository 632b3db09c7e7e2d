//! The file that holds all of an account's texts: one page without script, that opens in any browser, and that a device
//! of the same account reads back.
//!
//! Owns its markup, in both directions. A conversation is with one account, or in a group. Knows nothing of stores, of dates in words, or of downloads. Reading is strict:
//! a file is taken as it was written, or not at all.

mod read;
mod write;

pub use read::{SavedFile, Texts};
pub use write::Writer;

use super::{
    conversation::{DeliveryStatus, Failure},
    peer::Trust,
};
use crate::crypto::{history::OlderKeys, keys::Key};
use cliquet_wire::{address::Address, bytes::Digest};

/// A file is read in memory, once as bytes and once more piece by piece. A million texts of the usual length.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

const VERSION: u64 = 1;
const HEAD: &str = "<!doctype html><html data-cliquet-file=\"";
const STATES: [(Trust, &str); 3] =
    [(Trust::Added, "added"), (Trust::Requested, "requested"), (Trust::Blocked, "blocked")];
/// Before the name of the problem by which the server refused a text.
const REFUSED: &str = "refused-";
const STATUSES: [(DeliveryStatus, &str); 8] = [
    (DeliveryStatus::Waiting, "waiting"),
    (DeliveryStatus::Sent, "sent"),
    (DeliveryStatus::Delivered, "delivered"),
    (DeliveryStatus::Read, "read"),
    (DeliveryStatus::Received, "received"),
    (DeliveryStatus::Failed(Failure::KeyChanged), "key-changed"),
    (DeliveryStatus::Failed(Failure::BadPreKeys), "not-sent"),
    (DeliveryStatus::Failed(Failure::Expired), "expired"),
];
/// In front of the proof, which covers everything up to here; and behind it.
const PROOF: &str = " data-proof=";
const END: &str = "></footer></html>\n";
/// A digest as JSON writes it.
const PROOF_CHARS: usize = 45;

/// Whose file it is.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The account's address.
    pub email: &'a Address,
    /// SHA-256 of the account key's encoding.
    pub account_key_hash: &'a Digest,
    /// Of the vault's keys; every device of the account has it.
    pub history_key: &'a Key,
    /// Those before it: a file from before a device was removed is read too.
    pub older: &'a OlderKeys,
}

/// Why a file is not taken. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Past [`FILE_BYTES_MAX`].
    #[error("larger than files may be")]
    TooLarge,
    /// Not a saved file.
    #[error("not a file of this program")]
    Foreign,
    /// Saved by a later version.
    #[error("written by a later version")]
    Newer,
    /// It ends before its proof.
    #[error("the end is missing")]
    CutOff,
    /// Saved by this other account.
    #[error("of another account")]
    OtherAccount(Address),
    /// Losing password and recovery key means a new account under the same address.
    #[error("of an earlier account of this address")]
    EarlierAccount,
    /// The proof does not fit the file.
    #[error("not as it was written")]
    Altered,
}

const ESCAPED: [(char, &str); 5] =
    [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\u{a0}', "&nbsp;")];
