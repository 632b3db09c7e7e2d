//! Pure cryptography: values in, values out. Time, randomness and storage are arguments.
//!
//! `docs/protocol.md` names the norms, and has every format, label and size.
#![warn(missing_docs, clippy::missing_errors_doc)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what arrives from outside must not be able to end the program, and nothing here is for a log"
)]

pub mod account_settings;
pub mod account_token;
pub mod aead;
pub mod attachment;
pub mod bundle;
pub mod cbor;
pub mod conversation_settings;
pub mod conversation_timer;
pub mod device_directory;
pub mod device_proof;
mod double_ratchet;
pub mod ephemeral;
pub mod file_proof;
pub mod history;
pub mod identity;
mod kdf;
pub mod kem;
pub mod keys;
pub mod limits;
mod numbered_keys;
#[cfg(feature = "observed")]
pub mod observed;
mod padding;
pub mod passphrase;
pub mod password;
pub mod pre_key_message;
pub mod pre_keys;
pub mod profile;
mod rand_core_06;
mod ratchet_key;
pub mod record;
pub mod recovery_key;
pub mod rsa;
pub mod safety_number;
pub mod sealed_file;
pub mod session;
pub mod sessions;
mod shared_secret;
mod skipped_keys;
pub mod vault;
mod vault_body;
#[cfg(feature = "vectors")]
pub mod vectors;

pub use bundle::{BundleError, CheckedBundle};
pub use cbor::LoadError;
pub use device_directory::{CheckedDirectory, DirectoryError, ListSeen};
pub use identity::{IdentityError, OwnIdentity};
pub use pre_key_message::{CheckedPreKeyMessage, PreKeyMessageError};
pub use pre_keys::{PRE_KEY_IDS_BEHIND_MAX, PreKeySecrets};
pub use session::{Accepted, DecryptError, EncryptError, InitiateError, Peer, Session, SessionId};
pub use sessions::{Decrypted, Sessions};
