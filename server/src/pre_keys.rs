//! Pre-keys: published by devices, claimed at most once.
