//! People in real browsers: the binary as it ships, Chromium as people run it, and a proxy between the two that
//! remembers every byte.
//!
//! Each test starts its own server, proxy and browsers, and ends them by their process ids. The scenarios are under
//! `in_browser`; everything else here is the stage.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests")]

mod axe;
mod beginning;
mod browser;
mod canaries;
mod engine;
mod keys_used;
mod mallory;
mod person;
mod picture;
mod proxy;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod word;

use support::{eventually, reverse_proxy};

mod in_browser {
    mod add_link;
    mod admin;
    mod afterwards;
    mod altered_vault;
    mod behind_proxy;
    mod browser_kills;
    mod chunks;
    mod clearing;
    mod coming_back;
    mod conversation_list;
    mod copy;
    mod delete_account;
    mod devices;
    mod disappearing;
    mod drafts;
    mod eight_tabs;
    #[cfg(feature = "s3")]
    mod file_in_bucket;
    mod file_trouble;
    mod file_upload;
    mod files;
    mod gallery;
    mod group_hand_over;
    mod group_lines;
    mod group_menu;
    mod group_of_five;
    mod group_settings;
    mod group_writing;
    mod groups;
    mod import;
    mod invites;
    mod kept_history;
    mod links;
    mod lying_server;
    mod make_room;
    mod message_menu;
    mod native_client;
    mod newer_release;
    mod no_wasm;
    mod notes;
    mod notifications;
    mod offline;
    mod passphrase;
    mod photos;
    mod pictures;
    mod pins;
    mod playing;
    mod policy;
    mod poll;
    mod profiles;
    mod push;
    mod put_back;
    mod reading_place;
    mod receipts;
    mod recovery;
    mod redis_mailbox;
    mod requests;
    mod restart;
    mod rich_text;
    mod scan;
    mod search;
    mod secrets;
    mod selection;
    mod share;
    mod sign_in;
    mod storage;
    mod tabs;
    mod talk;
    mod vectors;
    mod voice;
    mod weight;
    mod without_network;
    mod writing;
}
