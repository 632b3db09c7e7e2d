//! The pages: each puts the layers below it together.
//!
//! A page finds its own markup and does nothing where that is missing.

#[cfg(feature = "app")]
pub mod account_entry;
#[cfg(feature = "app")]
mod add_link;
pub mod app_program;
#[cfg(feature = "app")]
mod codes_chunk;
pub mod entrance;
#[cfg(feature = "app")]
mod file_chunk;
#[cfg(feature = "app")]
mod group_chunk;
#[cfg(feature = "app")]
pub mod home;
#[cfg(feature = "app")]
pub mod make_room;
#[cfg(feature = "app")]
mod message_chunk;
#[cfg(feature = "app")]
mod panes;
#[cfg(feature = "app")]
pub mod passphrase;
#[cfg(feature = "app")]
pub mod password_chunk;
#[cfg(feature = "app")]
mod rare_chunk;
#[cfg(feature = "app")]
pub mod recover;
#[cfg(feature = "app")]
pub mod removals;
#[cfg(feature = "app")]
pub mod safety;
#[cfg(feature = "app")]
pub mod safety_pane;
#[cfg(feature = "app")]
mod shared;
pub mod sign_in;
pub mod sign_up;
#[cfg(feature = "app")]
pub mod unlock;
#[cfg(feature = "app")]
mod unlock_pane;
#[cfg(feature = "app")]
mod voice_chunk;
