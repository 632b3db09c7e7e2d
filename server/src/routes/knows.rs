//! What this server knows.
