//! Settings, each with its default and its reason.
