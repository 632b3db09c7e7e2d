//! The sealed vault.
