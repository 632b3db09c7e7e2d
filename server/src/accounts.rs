//! Accounts: an address, an account key, an OPAQUE record, a sealed vault.
