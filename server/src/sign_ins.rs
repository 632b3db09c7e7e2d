//! Sign-ins: hashed tokens, listed and ended.
