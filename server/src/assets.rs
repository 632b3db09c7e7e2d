//! The files compiled into the binary, by hashed name.
