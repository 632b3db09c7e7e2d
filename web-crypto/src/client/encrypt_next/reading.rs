//! What was read and what was set: to whom it is said. Contacts get receipts, as far as the account gives them, the
//! profile and the delivery token; the account's other devices learn how far a conversation was read, what the settings are, and who was removed.

use super::{
    Next,
    job::{Job, sync},
};
use crate::client::{
    content::{Body, RECEIPT_NAMES_MAX, ReceiptKind},
    conversation::{ConversationId, MessageId},
    messenger::{Messenger, StepError},
    outbox::About,
    peer::{Peer, Trust},
};
use cliquet_wire::address::Address;
use rand_core::CryptoRng;

impl Messenger {
    /// The next receipt, word of reading or word of settings. `is_free`: nothing is under way for an account.
    pub(super) fn encrypt_reading(
        &self,
        is_free: impl Fn(&Address) -> bool,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Next>, StepError> {
        for peer in self.contacts().filter(|peer| is_free(&peer.address)) {
            if let Some(job) = self.receipt(peer) {
                return Ok(Some(self.encrypt(job, None, now, rng)?));
            }
        }
        if let Some(peer) = self.peers().filter(|peer| is_free(&peer.address)).find(|peer| self.owes_profile(peer)) {
            let body = Body::Profile(Box::new(self.profile().clone()));
            return Ok(Some(self.encrypt(Job::to(peer, About::Profile, body), None, now, rng)?));
        }
        let mut within_reach = self.peers().filter(|peer| is_free(&peer.address));
        if let Some((peer, token)) = within_reach.find_map(|peer| Some((peer, self.owed_delivery_token(peer)?))) {
            let body = Body::DeliveryToken(token.clone());
            let group = self.shared_group(&peer.address).filter(|_| peer.trust == Trust::Member);
            let job = Job::to(peer, About::DeliveryToken, body).within(group.and_then(|id| self.within(id)));
            return Ok(Some(self.encrypt(job, None, now, rng)?));
        }
        let Some(own) = self.peer(self.address()).filter(|own| is_free(&own.address)) else { return Ok(None) };
        let owed_here = |id: &ConversationId| self.owed(id).and_then(|owed| owed.read_until);
        // With a receipt goes a copy: what waits for its contact is not said twice.
        let direct = self.contacts().filter(|peer| self.receipt(peer).is_none());
        let mut read = direct.map(|peer| ConversationId::from(&peer.address)).chain(self.group_conversations());
        let job = read.find_map(|id| {
            let until = owed_here(&id)?;
            let about = About::ReadElsewhere { conversation: id.clone(), until };
            self.for_own_devices(own, about, &id, self.read_until(&id, until))
        });
        let settings = || {
            let is_owed = self.owed_to(self.address()).is_some_and(|owed| owed.settings);
            let body = Body::Settings(self.settings());
            is_owed.then(|| Job::to(own, About::Settings, body))
        };
        let of_conversation = || {
            let of_peers = self.peers().map(|peer| ConversationId::from(&peer.address));
            let is_owed = |id: &ConversationId| self.owed(id).is_some_and(|owed| owed.conversation_settings);
            let id = of_peers.chain(self.group_conversations()).find(is_owed)?;
            let body = Body::ConversationSettings(self.kept(&id)?.conversation.settings);
            self.for_own_devices(own, About::ConversationSettings(id.clone()), &id, body)
        };
        let removed = || {
            let owed = &self.owed_to(self.address())?.removed_contacts;
            // One that was added again has no pin, and is not told.
            let pin = owed.iter().find_map(|address| self.pin(address))?;
            let about = About::ContactRemoved(pin.email.clone());
            Some(Job::to(own, about, Body::ContactRemoved(Box::new(pin.clone()))))
        };
        job.or_else(removed)
            .or_else(settings)
            .or_else(of_conversation)
            .map(|job| self.encrypt(job, None, now, rng))
            .transpose()
    }

    fn group_conversations(&self) -> impl Iterator<Item = ConversationId> {
        self.groups().map(|group| ConversationId::Group(group.id))
    }

    /// Word to the account's own other devices of a conversation.
    fn for_own_devices(&self, own: &Peer, about: About, id: &ConversationId, body: Body) -> Option<Job<'static>> {
        Some(match id {
            ConversationId::Direct(address) => Job::to(own, about, sync(self.peer(address)?, body)),
            ConversationId::Group(group) => Job::to(own, about, body).within(self.within(*group)),
        })
    }

    fn read_until(&self, id: &ConversationId, until: u64) -> Body {
        let conversation = self.conversation(id);
        Body::ReadUntil { until, at: conversation.map(|conversation| conversation.read_so_far().1) }
    }

    /// What was read goes before what was delivered: it says both.
    fn receipt(&self, peer: &Peer) -> Option<Job<'static>> {
        let owed = self.owed_to(&peer.address)?;
        if peer.trust != Trust::Added || peer.key_changed {
            return None;
        }
        let first = |names: &[MessageId]| names.iter().copied().take(RECEIPT_NAMES_MAX).collect::<Vec<_>>();
        let (kind, names, copy) = if owed.read.is_empty() {
            (ReceiptKind::Delivered, first(&owed.receipts), None)
        } else {
            let copy =
                owed.read_until.map(|until| sync(peer, self.read_until(&ConversationId::from(&peer.address), until)));
            (ReceiptKind::Read, first(&owed.read), copy)
        };
        if names.is_empty() {
            return None;
        }
        let about = match kind {
            ReceiptKind::Delivered => About::Receipt(names.clone()),
            ReceiptKind::Read => About::Read { names: names.clone(), until: owed.read_until },
        };
        Some(Job::to(peer, about, Body::Receipt { kind, messages: names }).with_copy(self.address(), copy))
    }
}
