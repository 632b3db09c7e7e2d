//! The request guard: who asks.
