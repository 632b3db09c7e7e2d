//! Receipts in groups: what every member owes the authors of what they got. They are held back for a while, so that all
//! of them go in one post, however much is said meanwhile and by how many.

use super::{
    Next,
    job::{Job, Part},
};
use crate::client::{
    content::{Body, GROUP_RECEIPT_NAMES_MAX},
    conversation::{ConversationId, MessageId, OwedReceipt},
    group::{Group, GroupState, Standing},
    messenger::{Messenger, StepError},
    outbox::About,
    peer::Owed,
};
use cliquet_wire::address::Address;
use rand_core::CryptoRng;
use std::collections::BTreeMap;

/// How long receipts are held back for each member of the group, in milliseconds: all members together make one post a
/// second at most, whatever the size of the group.
pub const RECEIPTS_HELD_MS_PER_MEMBER: u64 = 1_000;

impl Messenger {
    /// When receipts in some group are to be sent, in milliseconds since 1970. `None`: none are owed.
    pub fn group_receipts_due(&self) -> Option<u64> {
        self.owed_in_groups().map(|(_, state, owed)| due(state, owed)).min()
    }

    /// Groups in which this account owes receipts, and may give them.
    fn owed_in_groups(&self) -> impl Iterator<Item = (&Group, &GroupState, &Owed)> {
        self.groups().filter_map(|group| {
            let owed = self.owed(&ConversationId::Group(group.id)).filter(|owed| !owed.in_group.is_empty())?;
            let is_heard = group.standing == Standing::Joined && self.is_in_group(group.id);
            Some((group, self.group_state(group.id).filter(|_| is_heard)?, owed))
        })
    }

    /// The next receipts that were held back long enough, to all authors in one group.
    pub(super) fn encrypt_group_receipts(
        &self,
        is_free: impl Fn(&ConversationId) -> bool,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Next>, StepError> {
        let is_due = |state: &GroupState, owed: &Owed| now >= due(state, owed) || now < owed.in_group_since;
        let mut waiting = self.owed_in_groups();
        let found =
            waiting.find(|(group, state, owed)| is_due(state, owed) && is_free(&ConversationId::Group(group.id)));
        let Some((group, state, owed)) = found else { return Ok(None) };
        let (conversation, within) = (ConversationId::Group(group.id), self.within(group.id));
        let mut readers = self.readers(state);
        readers.retain(|reader| !group.leaves_out(reader, now));
        let sent = chosen(&owed.in_group);
        let mut names: BTreeMap<&Address, (Vec<MessageId>, Vec<MessageId>)> = BTreeMap::new();
        // Those who cannot be written to now get none: a receipt is not worth a post of its own later.
        for OwedReceipt { of, has_read } in sent.iter().filter(|owed| readers.contains(&owed.of.sender)) {
            let (delivered, read) = names.entry(&of.sender).or_default();
            if *has_read { read.push(of.id) } else { delivered.push(of.id) }
        }
        let part = |(author, (delivered, read)): (&Address, _)| Part {
            account: author.clone(),
            bodies: vec![Body::GroupReceipt { delivered, read }],
            only: None,
            group: within,
        };
        let parts = names.into_iter().map(part).collect();
        let about = About::GroupReceipts(sent);
        self.encrypt(Job { about, conversation, parts, later: Vec::new() }, None, now, rng).map(Some)
    }
}

fn due(state: &GroupState, owed: &Owed) -> u64 {
    let members = u64::try_from(state.members().count()).unwrap_or(u64::MAX);
    owed.in_group_since.saturating_add(members.saturating_mul(RECEIPTS_HELD_MS_PER_MEMBER))
}

/// The first of them, no more to one author than a receipt names.
fn chosen(owed: &[OwedReceipt]) -> Vec<OwedReceipt> {
    let mut counts: BTreeMap<&Address, usize> = BTreeMap::new();
    let mut chosen = Vec::with_capacity(owed.len());
    for receipt in owed {
        let count = counts.entry(&receipt.of.sender).or_default();
        *count += 1;
        if *count <= GROUP_RECEIPT_NAMES_MAX {
            chosen.push(receipt.clone());
        }
    }
    chosen
}
