//! The server's side of OPAQUE (RFC 9807).
