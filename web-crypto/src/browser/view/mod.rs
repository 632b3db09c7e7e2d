//! What a person sees: elements, text nodes and words. No network, no store.
//!
//! The pages' markup is the contract: every element is found by its id or its `data-` attribute, and every word comes
//! from the page. Nothing that a person wrote goes into markup, a named field or an address.

#[cfg(target_arch = "wasm32")]
pub mod account_words;
#[cfg(target_arch = "wasm32")]
pub mod archive;
#[cfg(target_arch = "wasm32")]
pub mod choose_emoji;
#[cfg(target_arch = "wasm32")]
pub mod composer;
#[cfg(target_arch = "wasm32")]
pub mod contacts;
#[cfg(target_arch = "wasm32")]
pub mod conversation;
#[cfg(target_arch = "wasm32")]
pub mod conversation_menu;
#[cfg(target_arch = "wasm32")]
pub mod conversations;
#[cfg(target_arch = "wasm32")]
pub mod copy_lines;
#[cfg(target_arch = "wasm32")]
pub mod dates;
#[cfg(target_arch = "wasm32")]
pub mod device_list;
pub mod device_name;
#[cfg(target_arch = "wasm32")]
pub mod devices;
#[cfg(target_arch = "wasm32")]
pub mod dom;
#[cfg(target_arch = "wasm32")]
pub mod enter_key;
pub mod fill;
#[cfg(target_arch = "wasm32")]
pub mod form;
#[cfg(target_arch = "wasm32")]
pub mod forward;
#[cfg(target_arch = "wasm32")]
pub mod history;
#[cfg(target_arch = "wasm32")]
pub mod invite_state;
pub mod locale;
#[cfg(target_arch = "wasm32")]
pub mod message;
#[cfg(target_arch = "wasm32")]
pub mod message_actions;
#[cfg(target_arch = "wasm32")]
pub mod message_gestures;
#[cfg(target_arch = "wasm32")]
pub mod message_menu;
#[cfg(target_arch = "wasm32")]
pub mod message_words;
#[cfg(target_arch = "wasm32")]
pub mod notices;
#[cfg(target_arch = "wasm32")]
pub mod notification_settings;
#[cfg(target_arch = "wasm32")]
pub mod notifications;
pub mod quiet_hours;
#[cfg(target_arch = "wasm32")]
pub mod quote;
#[cfg(target_arch = "wasm32")]
pub mod reactions;
#[cfg(target_arch = "wasm32")]
pub mod reading_place;
#[cfg(target_arch = "wasm32")]
pub mod recovery_paper;
#[cfg(target_arch = "wasm32")]
pub mod relative_time;
#[cfg(target_arch = "wasm32")]
pub mod rich_text;
#[cfg(target_arch = "wasm32")]
pub mod saved_file;
#[cfg(target_arch = "wasm32")]
pub mod search;
#[cfg(target_arch = "wasm32")]
pub mod search_filters;
#[cfg(target_arch = "wasm32")]
pub mod search_results;
#[cfg(target_arch = "wasm32")]
pub mod sentences;
#[cfg(target_arch = "wasm32")]
pub mod settings;
#[cfg(target_arch = "wasm32")]
pub mod status;
#[cfg(target_arch = "wasm32")]
pub mod typing;
#[cfg(target_arch = "wasm32")]
pub mod words;

#[cfg(target_arch = "wasm32")]
use super::{app, platform::browser::Browser};

/// The engine as this page runs it.
#[cfg(target_arch = "wasm32")]
pub type Engine = app::engine::Engine<Browser>;
