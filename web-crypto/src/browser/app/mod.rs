//! What the messenger does: steps, commands between tabs, polling, sending, and what is kept on the server.
//!
//! Knows nothing of pages and of web-sys: a browser's services come through [`Platform`], so that all of this runs in
//! native tests with paused time.
//!
//! [`Platform`]: super::platform::service::Platform

pub mod account;
pub mod add_contact;
pub mod alarm;
pub mod amend_message;
pub mod answering;
pub mod api;
pub mod back_off;
pub mod change;
pub mod checked;
mod chunk_turns;
pub mod command;
mod contact_deletions;
pub mod contacts;
pub mod delivery_token;
pub mod devices;
pub mod drafts;
pub mod engine;
pub mod error;
mod execute;
mod fetch;
pub mod files;
pub mod frame;
pub mod gallery;
pub mod groups;
pub mod history_check;
mod history_follow;
mod history_segment;
pub mod history_sync;
pub mod history_watch;
pub mod leader;
pub mod lifetimes;
mod list_renewal;
pub mod load_messages;
pub mod long_polling;
mod own_list;
pub mod pre_keys;
mod progress;
pub mod rare;
pub mod receive;
pub mod recent_emoji;
pub mod register_message;
pub mod restore;
pub mod saved_file;
pub mod search_messages;
pub mod search_texts;
pub mod search_user;
pub mod send;
pub mod signals;
pub mod status;
pub mod to_restore;
pub mod upkeep;
pub mod vault_sync;
