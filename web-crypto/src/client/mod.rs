//! The messenger as state in, state out. Used by the browser and by tests.
//!
//! Every operation looks at the [`messenger::Messenger`] and answers with a [`messenger::Step`]: what must become
//! durable, all in one transaction, and what changed for the page. The caller commits `step.changes`, and only then
//! calls `messenger.apply(step)`. A step that could not be committed is dropped: nothing happened.
//! Steps are made one after the other; a step made before another one was applied is refused by `apply`.
#![warn(missing_docs, clippy::missing_errors_doc)]

pub mod add_link;
mod clear;
pub mod compose;
pub mod content;
pub mod conversation;
pub mod delivery_token;
pub mod device;
pub mod encrypt_next;
pub mod ephemeral;
mod fold;
pub mod group;
pub mod history;
pub mod history_chain;
pub mod history_followed;
pub mod join_link;
mod kept;
pub mod lifetimes;
pub mod markup;
pub mod messenger;
pub mod outbox;
pub mod peer;
pub mod pre_keys;
pub mod profile;
pub mod receive;
pub mod records;
pub mod safekeeping;
pub mod saved_file;
pub mod scanned_code;
pub mod search;
pub mod search_filter;
pub mod search_texts;
pub mod settings;
pub mod step;
pub mod upload;
pub mod vault_keys;
