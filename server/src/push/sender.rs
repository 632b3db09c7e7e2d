//! What it takes to send word.

use super::{client::PushClient, tally::Tally, vapid::VapidKey};

#[derive(Debug)]
pub(super) struct Sender {
    pub(super) key: VapidKey,
    pub(super) client: PushClient,
    /// Push services that may be in a private network.
    pub(super) private_hosts: Vec<String>,
    pub(super) tally: Tally,
}
