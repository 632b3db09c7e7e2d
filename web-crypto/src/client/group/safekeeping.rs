//! Groups in the vault: which there are, and who may be asked for the rest.

use super::{GROUPS_MAX, Group, Shown, Standing};
use crate::{
    client::{
        conversation::{Conversation, ConversationId, GroupId},
        kept::Kept,
        messenger::{Messenger, Step},
        peer::{Owed, Peer},
        records::{Records, RecordsError},
    },
    crypto::vault::{GROUP_ASKED_MAX, VaultBody, VaultGroup},
};
use cliquet_wire::bytes::Bytes;

impl Messenger {
    /// Takes in the groups that only the vault knows: their statements are asked for. What the person set elsewhere for one
    /// that is known here holds too.
    pub(in crate::client) async fn adopt_groups(
        &self,
        vault: &VaultBody,
        records: &impl Records,
        now: u64,
        step: &mut Step,
    ) -> Result<(), RecordsError> {
        for kept in vault.groups.iter().take(GROUPS_MAX) {
            let group = GroupId(kept.id.0);
            let id = ConversationId::Group(group);
            if kept.deleted >= kept.version {
                if self.group(group).is_none() {
                    let gone = Group::new(group, Standing::Deleted, kept.introduced_by.clone());
                    step.put_group(&Group { version: kept.version, deleted: kept.deleted, ..gone });
                }
                continue;
            }
            let mut here = self
                .kept(&id)
                .unwrap_or_else(|| Kept { conversation: Conversation::new(id.clone()), owed: Owed::default() });
            if let Some(until) = here.conversation.merge_settings(&kept.settings) {
                self.clear_until(until, &mut here.conversation, records, now, step).await?;
            }
            let known = self.group(group);
            if let Some(known) = known.filter(|known| kept.joined && known.standing == Standing::Asked) {
                step.put_group(&Group { standing: Standing::Joined, ..known.clone() });
            }
            if known.is_none() {
                let standing = if kept.joined { Standing::Joined } else { Standing::Asked };
                let group = Group::new(group, standing, kept.introduced_by.clone());
                // Until they have come, nothing can be written.
                let shown = Shown { name: kept.name.clone(), is_in: true, ..Shown::default() };
                step.put_group(&Group { version: kept.version, to_ask: kept.asked.clone(), shown, ..group });
            }
            self.put_kept(here, step);
        }
        Ok(())
    }

    /// The groups as the vault should have them: those that are known here, and what only the vault knows.
    pub(in crate::client) fn vault_groups(&self, vault: &VaultBody) -> Vec<VaultGroup> {
        let mut groups = vault.groups.clone();
        for group in self.groups_table().values().filter(|group| group.standing != Standing::Asking) {
            let conversation = self.conversation(&ConversationId::Group(group.id));
            let has_room = groups.len() < GROUPS_MAX;
            let known = groups.iter_mut().find(|kept| kept.id.0 == group.id.0);
            let settings = conversation.map(|conversation| conversation.settings.clone()).unwrap_or_default();
            let asked = match self.group_state(group.id) {
                // Contacts are known to a new device at once.
                Some(state) => {
                    let is_contact = |peer: &&Peer| peer.is_contact();
                    let members = state.members().filter_map(|(address, _)| self.peer(address)).filter(is_contact);
                    members.map(|peer| peer.address.clone()).take(GROUP_ASKED_MAX).collect()
                }
                None => group.to_ask.clone(),
            };
            let joined = group.standing == Standing::Joined;
            match known {
                Some(kept) => {
                    kept.joined |= joined;
                    kept.version = kept.version.max(group.version);
                    kept.deleted = kept.deleted.max(group.deleted);
                    kept.settings = kept.settings.clone().merged(settings);
                    if self.group_state(group.id).is_some() {
                        kept.asked = asked;
                        kept.name.clone_from(&group.shown.name);
                    }
                }
                None if has_room => {
                    let (id, introduced_by) = (Bytes(group.id.0), group.introduced_by.clone());
                    let (version, deleted, name) = (group.version, group.deleted, group.shown.name.clone());
                    groups.push(VaultGroup { id, joined, introduced_by, asked, settings, version, deleted, name });
                }
                None => {}
            }
        }
        groups
    }
}
