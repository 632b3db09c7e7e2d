//! Contacts whose accounts were deleted, as the server says. Nobody can prove it: texts and the pinned key stay.

use super::Trust;
use crate::client::messenger::{Messenger, Step};
use cliquet_wire::address::Address;

impl Messenger {
    /// Takes the `deleted` of the answer to `GET /contacts`. `None`: nothing of it is new. A contact that is marked is
    /// written to again only when it is added again.
    pub fn contacts_deleted(&self, addresses: &[Address]) -> Option<Step> {
        let mut step = self.step();
        for mut contact in addresses.iter().filter_map(|address| self.contact(address)) {
            if contact.peer.trust == Trust::Added && !contact.peer.deleted {
                contact.peer.deleted = true;
                self.put_contact(contact, &mut step);
            }
        }
        (!step.changes.is_empty()).then_some(step)
    }
}
