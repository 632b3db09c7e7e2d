//! Hashed files.
