//! Cliquet's server: a post office that cannot open letters.
//!
//! `routes` speak HTTP and call the stores; the stores speak SQL or Redis and know nothing of HTTP.

pub mod accounts;
pub mod answer;
pub mod assets;
pub mod body;
pub mod catchers;
pub mod clock;
pub mod config;
pub mod contacts;
pub mod database;
pub mod devices;
pub mod error;
pub mod headers;
pub mod invites;
pub mod mailbox;
pub mod origin;
pub mod pages;
pub mod password;
pub mod pre_keys;
pub mod routes;
pub mod sign_ins;
pub mod signatures;
pub mod signed_in;
pub mod throttle;
pub mod token;
pub mod words;
