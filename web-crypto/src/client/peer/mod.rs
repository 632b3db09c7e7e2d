//! What a device knows of other accounts and of its own: trust, devices, what is still to be sent to them, and the
//! sessions with their devices.

mod contact;
mod decisions;
mod decline;
mod deletions;
mod directory;
mod list_age;
mod owed;
mod own_list;
#[expect(clippy::module_inception, reason = "a file for the noun, as every other one has")]
mod peer;
pub(super) mod sessions;

pub use contact::Contact;
pub(crate) use contact::note;
use contact::note_changed_key;
pub use list_age::{LOOK_AFTER_MS, LOOK_EVERY_MS, STALE_AFTER_MS};
pub use owed::{GROUPS_ASKED_FOR_MAX, Owed, RECEIPTS_OWED_MAX};
pub use own_list::RENEW_AFTER_MS;
pub use peer::{Peer, Trust};
pub use sessions::PeerSessions;
