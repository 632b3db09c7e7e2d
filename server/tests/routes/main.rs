//! Every route of accounts, by the file that owns it: good input, bad input, and that nothing is stored by half.

#[path = "../server/mod.rs"]
mod server;

mod contacts;
mod devices;
mod sign_in;
mod sign_up;
mod vault;
