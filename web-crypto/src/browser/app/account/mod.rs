//! Making, entering and changing an account.
//!
//! Owns the order of the steps: what is on the disk before the server is asked, what is checked before anything is
//! stored, and what a lost answer leaves behind. Knows nothing of pages. The browser's services are handed in
//! ([`AccountPlatform`](crate::browser::platform::service::AccountPlatform)), so every flow is tried natively.
//!
//! Two programs share this layer. The sign-in page's own one computes what the password gives (`sign_in`, `sign_up`) and
//! hands it to the app (`account_program`, `here`), which has the code that makes devices (`make_account`, `enter_account`).

pub mod account_program;
pub mod change_password;
pub mod device_directory;
pub mod enter_account;
pub mod error;
pub mod here;
pub mod invite;
pub mod make_account;
pub mod make_room;
pub mod opened_account;
pub mod own_device;
pub mod password;
pub mod password_proof;
pub mod progress;
pub mod recover;
pub mod recovery_key;
pub mod sign_in;
pub mod sign_up;

pub use error::AccountError;
pub use password::Password;
pub use progress::Progress;
