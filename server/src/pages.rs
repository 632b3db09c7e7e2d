//! Tera pages and fragments.
