//! Making, entering and changing an account.
//!
//! Owns the order of the steps: what is on the disk before the server is asked, what is checked before anything is
//! stored, and what a lost answer leaves behind. Knows nothing of pages. The browser's services are handed in
//! ([`AccountPlatform`](crate::browser::platform::service::AccountPlatform)), so every flow is tried natively.
//!
//! The sign-in page has a small program of its own, which hands what was typed to the app (`account_program`).

pub mod account_program;
pub mod change_password;
pub mod delete_account;
mod earlier_vault;
pub mod enter_account;
pub mod error;
pub mod invite;
pub mod kept_store;
pub mod login;
pub mod make_account;
pub mod make_room;
pub mod new_root;
pub mod opened_account;
pub mod own_device;
pub mod own_directory;
pub mod passphrase;
pub mod password;
pub mod password_proof;
pub mod progress;
pub mod recover;
pub mod recovery_key;
pub mod remove_device;
pub mod sign_in;
pub mod sign_up;

pub use error::AccountError;
pub use password::Password;
pub use progress::Progress;
