//! Verifies what account keys signed.
