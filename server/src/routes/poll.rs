//! The long poll.
