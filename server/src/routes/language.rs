//! The choice of language.
