//! The messenger's work in a tab, with a browser made of fakes and paused time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod account;
mod add_link;
mod alarms;
mod amend;
mod answering;
mod contact_deletions;
mod delivery_token;
mod drafts;
mod engine;
mod fake;
mod fake_files;
mod file_reader;
mod file_server;
mod files;
mod frames;
mod gallery;
mod groups;
mod history;
mod leader;
mod lifetimes;
mod list_renewal;
mod long_polling;
mod removal;
mod safe;
mod search_texts;
mod send;
mod stage;
mod unasked;
mod upkeep;
mod vault;
