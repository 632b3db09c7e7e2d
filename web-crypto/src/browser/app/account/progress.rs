//! What a flow is doing, for a person who waits.

use serde::{Deserialize, Serialize};

/// The step that has just begun. Each may take a second or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Loads the program that makes and enters accounts.
    Loading,
    /// Computes what the password gives, which is slow on purpose.
    CheckingPassword,
    /// Computes what the new password gives.
    MakingAccount,
    /// Opens the vault, and makes this browser a device unless it is one.
    OpeningAccount,
    /// Makes the account key and the first device.
    MakingKeys,
    /// Opens the vault with the recovery key.
    OpeningWithRecoveryKey,
    /// Takes devices off the account.
    RemovingDevices,
    ChangingPassword,
    DeletingAccount,
    SettingRecoveryKey,
    /// Computes what the passphrase of this browser gives.
    Unlocking,
    /// Computes what a new passphrase gives.
    LockingBrowser,
}
