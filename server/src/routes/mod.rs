//! One file a resource: its routes, its handlers, its form types.

pub mod account;
pub mod add_me;
pub mod assets;
pub mod contacts;
pub mod conversations;
pub mod delivery_token;
pub mod detour;
pub mod devices;
pub mod ephemeral;
pub mod health;
pub mod history;
pub mod home;
pub mod language;
pub mod messages;
pub mod offline;
pub mod password;
pub mod poll;
mod proof;
pub mod recovery;
pub mod safety;
pub mod search;
pub mod security_txt;
pub mod settings;
pub mod sign_in;
pub mod sign_up;
pub mod transparency;
pub mod vault;
