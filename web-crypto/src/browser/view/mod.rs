//! What a person sees: elements, text nodes and words. No network, no store.
//!
//! The pages' markup is the contract: every element is found by its id or its `data-` attribute, and every word comes
//! from the page. Nothing that a person wrote goes into markup, a named field or an address.

#[cfg(feature = "messenger")]
pub mod composer;
#[cfg(feature = "messenger")]
pub mod contacts;
#[cfg(feature = "messenger")]
pub mod conversation;
#[cfg(feature = "messenger")]
pub mod conversations;
#[cfg(feature = "messenger")]
pub mod dates;
#[cfg(feature = "messenger")]
pub mod devices;
pub mod dom;
#[cfg(feature = "messenger")]
pub mod history;
#[cfg(feature = "messenger")]
pub mod message;
#[cfg(feature = "messenger")]
pub mod notices;
#[cfg(feature = "messenger")]
pub mod relative_time;
#[cfg(feature = "messenger")]
pub mod saved_file;
#[cfg(feature = "messenger")]
pub mod search;
#[cfg(feature = "messenger")]
pub mod search_results;
pub mod sentences;
#[cfg(feature = "messenger")]
pub mod status;
#[cfg(feature = "messenger")]
pub mod words;

#[cfg(feature = "messenger")]
use super::{app, platform::browser::Browser};

/// The engine as this page runs it.
#[cfg(feature = "messenger")]
pub type Engine = app::engine::Engine<Browser>;
