//! Where a new device notes what it has not got back yet.

/// The store of what is missing, and of what was set aside to be added. Empty when all is here.
pub const TO_RESTORE: &str = "to_restore";
/// Of the history: the sequence below which segments are missing, or empty at first.
pub const BEFORE: &str = "before";
/// Of the history: what the vault expects of the segments below it.
pub const EXPECTED: &str = "expected";
/// The contacts that the vault vouches for.
pub const CONTACTS: &str = "contacts";
