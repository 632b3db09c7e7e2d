//! The pages: each puts the layers together. Everything below knows nothing of which page it is on.

#[cfg(feature = "messenger")]
pub mod home;
#[cfg(feature = "messenger")]
mod panes;
