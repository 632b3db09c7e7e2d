//! The client's behaviour, told as what people see: two or three devices around a post office in memory.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail"
)]

mod attachments;
mod clearing;
mod conversation;
mod conversation_settings;
mod crashes;
mod decisions;
mod delivery_token;
mod disappearing;
mod disk;
mod earlier_versions;
mod ephemeral;
mod events;
mod group_picture;
mod group_receipts;
mod group_settings;
mod group_statements;
mod groups;
mod hand_over;
mod history;
mod hostile;
mod joining;
mod known_breaks;
mod late_tokens;
mod leaving;
mod notes;
mod pins;
mod profile;
mod reading;
mod refusals;
mod requirements;
mod resend;
mod safekeeping;
mod saved_file;
mod stars;
mod vault_keys;
mod world;
