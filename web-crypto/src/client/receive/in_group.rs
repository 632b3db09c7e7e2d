//! What arrives in groups: from members alone, as the group's newest statement has them (requirement G3).

use super::arrived::Said;
use crate::{
    client::{
        content::{Body, Content, InGroup},
        conversation::{
            ConversationId, Event, GroupId, Message, MessageBody, MessageId, MessageRef, UnreadLine, message_key,
        },
        group::{Chain, GROUPS_MAX, Group, GroupState, Standing},
        kept::Kept,
        lifetimes::forget,
        markup::mentions,
        messenger::{Ignored, Messenger, Step, StepError},
        peer::{Contact, Peer, Trust},
        receive::unknown::{STRANGERS, UnknownContent},
        records::{Records, Store, decode, read},
    },
    crypto::rsa::Verifier,
};
use cliquet_wire::{account_key::AccountKey, address::Address, envelope::Envelope};

impl Messenger {
    /// Whether this account key is that of a member of the group.
    fn is_members_key(&self, id: GroupId, address: &Address, key: &AccountKey) -> bool {
        self.group_state(id).is_some_and(|state| state.has(address, &key.hash()))
    }

    /// Whether statements are missing here that the sender of something knows.
    fn lacks(&self, within: &InGroup) -> bool {
        self.chain(within.id).is_none_or(|chain| !chain.knows(&within.head))
    }

    /// An account that is not known here and says something in a group: as a member of it, or as one who tells of a group that
    /// both are in.
    pub(super) async fn new_member(
        &self,
        address: &Address,
        key: &AccountKey,
        content: &Content,
        verifier: &impl Verifier,
    ) -> Option<Contact> {
        let within = content.group?;
        let peer = Peer::new(address.clone(), Trust::Member, key.clone());
        let is_member = match &content.body {
            Body::Statements { statements, .. } if self.group(within.id).is_none() => {
                let grown = self.grow(within.id, statements.clone(), verifier).await;
                grown.is_some_and(|grown| self.introduces(&grown, &peer))
            }
            // Who has a link knows the group's id. A wrong one is answered too.
            Body::JoinRequest { .. } => self.is_in_group(within.id),
            // Of one who was added by a statement that is missing here, what they say is kept until it has come.
            _ => {
                let is_known = self.group(within.id).is_some_and(|group| group.standing != Standing::Deleted);
                (is_known && self.lacks(&within)) || self.is_members_key(within.id, address, key)
            }
        };
        is_member.then(|| Contact::unknown(address.clone(), peer.trust, key.clone()))
    }

    /// What an account says that is not known here and not found to be a member.
    pub(super) async fn hear_stranger(
        &self,
        key: &AccountKey,
        content: &Content,
        (envelope, bytes): (&Envelope, &[u8]),
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        let unknown = content.group.filter(|within| self.group(within.id).is_none());
        if let (Some(within), Body::Event { .. }) = (unknown, &content.body) {
            return self.keep_strangers_content(within.id, key, envelope, bytes, records, step).await;
        }
        step.ignore(Ignored::Stranger);
        Ok(())
    }

    /// Takes what somebody says in a group. The caller puts the contact.
    pub(super) async fn take_in_group(
        &self,
        contact: &mut Contact,
        (content, bytes): (Content, &[u8]),
        envelope: &Envelope,
        (records, verifier): (&impl Records, &impl Verifier),
        now: u64,
        step: &mut Step,
    ) -> Result<(), StepError> {
        let Some(within) = content.group else { return Ok(()) };
        if let Body::DeliveryToken(token) = content.body {
            if contact.peer.take_delivery_token(token) {
                self.pass_on_token(contact.address(), step);
            }
            return Ok(());
        }
        if let Body::Profile(profile) = content.body {
            if contact.peer.is_answered() && !contact.is_own() {
                self.take_profile(contact, *profile, records, step).await?;
            }
            return Ok(());
        }
        if let Body::JoinRequest { secret, token } = content.body {
            contact.peer.take_delivery_token(token);
            self.take_join_request(&contact.peer, within.id, &secret, step);
            return Ok(());
        }
        let has_room = self.groups().count() < GROUPS_MAX;
        let is_asked = self.group(within.id).is_none() && contact.peer.is_answered() && has_room;
        match content.body {
            // They open sessions, and say nothing.
            Body::ContactRequest => {}
            Body::AskStatements { picture } => self.take_wish(&contact.peer, within, picture, step),
            Body::JoinRefused => self.take_join_refusal(&contact.peer, within.id, step),
            Body::Statements { statements, tokens } => {
                let grown = self.grow(within.id, statements, verifier).await;
                if grown.is_none() && is_asked {
                    contact.owed.ask_for_group(within.id);
                }
                self.take_statements(&contact.peer, within, (grown, tokens), records, (envelope.timestamp, now), step)
                    .await?;
            }
            body => {
                if is_asked {
                    contact.owed.ask_for_group(within.id);
                }
                let (sender, server_time) = (&contact.peer.address, envelope.timestamp);
                let said = Said { sender, time: content.time, server_time, now };
                self.take_said(contact, within, body, said, (envelope, bytes), records, step).await?;
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "everything that is known of what was said")]
    async fn take_said(
        &self,
        contact: &Contact,
        within: InGroup,
        body: Body,
        said: Said<'_>,
        (envelope, bytes): (&Envelope, &[u8]),
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        let conversation = ConversationId::Group(within.id);
        let known = self.group(within.id).filter(|group| group.standing != Standing::Deleted);
        let Some((group, kept)) = known.zip(self.kept(&conversation)) else {
            // What tells of the group may still be on its way.
            let peer = &contact.peer;
            if known.is_none() && peer.is_answered() {
                let with_sender = contact.conversation.id.clone();
                return Ok(self.keep_content(with_sender, envelope, bytes, records, step).await?);
            }
            if self.group(within.id).is_none() {
                let key = &peer.account_key;
                return self.keep_strangers_content(within.id, key, envelope, bytes, records, step).await;
            }
            step.ignore(Ignored::NotAMember);
            return Ok(());
        };
        let lacks_statements = self.lacks(&within);
        let mut group = group.clone();
        if lacks_statements {
            group.ask(&contact.peer.address, said.now);
        }
        group.reach(&contact.peer.address);
        let state = self.group_state(within.id);
        if let Some(state) = state.filter(|_| !lacks_statements && !matches!(body, Body::GroupPicture(_))) {
            group.ask_picture(state, &contact.peer.address, said.now);
        }
        // Nobody else may know of the statement any more by which this account left, and none of its texts will tell it.
        if let Some(state) = state
            .filter(|state| !lacks_statements && within.head != state.hash() && !self.is_member(state, self.address()))
        {
            group.want(&contact.peer.address, within.head, state.picture());
        }
        let is_allowed = state.is_some_and(|state| may_say(state, contact, &body));
        let waits = !is_allowed && lacks_statements;
        // Until what waits has been looked at, nothing else is waited for.
        if waits && !self.has_come(&group) {
            group.holds = Some(within.head);
        }
        if self.group(within.id) != Some(&group) {
            step.put_group(&group);
        }
        if waits || body.unknown_kind().is_some() {
            return Ok(self.keep_content(conversation, envelope, bytes, records, step).await?);
        }
        if !is_allowed {
            step.ignore(Ignored::NotAMember);
            return Ok(());
        }
        self.take_allowed(contact, (&group, kept), body, said, records, step).await
    }

    async fn take_allowed(
        &self,
        contact: &Contact,
        (group, mut kept): (&Group, Kept),
        body: Body,
        said: Said<'_>,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        let body = match body {
            Body::GroupPicture(jpeg) => {
                self.take_picture(group, jpeg, step);
                return Ok(());
            }
            Body::HandOver { statement, texts } => {
                return self.take_handed_over(group, kept, (said.sender, statement, texts), records, step).await;
            }
            body => body,
        };
        let conversation = &mut kept.conversation;
        if contact.is_own() {
            self.take_synced(conversation, body, said, records, step).await?;
        } else if let Body::Event { id, event } = body {
            let is_text = matches!(event, Event::Text { .. });
            let mentions = matches!(&event, Event::Text { text, .. } if mentions(text, self.address()));
            let of = MessageRef { sender: said.sender.clone(), id };
            if self.take_event(conversation, id, event, said, records, step).await? {
                let text = is_text.then(|| of.clone());
                conversation.arrives(UnreadLine { time: said.server_time, text, mentions });
            }
            if is_text {
                kept.owed.receipt_in_group(of, false, said.now);
            }
        } else if let Body::GroupReceipt { delivered, read } = body {
            let reads = self.shares_reading(&conversation.settings);
            for (names, has_read) in [(delivered, false), (read, reads)] {
                for id in names {
                    self.mark_received(&conversation.id, id, (said.sender, has_read), records, step).await?;
                }
            }
        }
        self.put_kept(kept, step);
        Ok(())
    }

    /// A member has received, or read, a message of this account in a group.
    async fn mark_received(
        &self,
        group: &ConversationId,
        id: MessageId,
        (member, has_read): (&Address, bool),
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        let name = message_key(group, self.address(), id);
        if let Some(place) = read::<String>(records, Store::MessageKeys, &name).await?
            && let Some(mut message) = read::<Message>(records, Store::Messages, &place).await?
            && let Some(received) = &mut message.received_by
            && received.note(member, has_read)
        {
            if message.body == MessageBody::Expired {
                // Its author was told that nobody had it yet.
                forget(&message, step);
                return Ok(());
            }
            let status = received.status();
            if status.has_arrived() {
                message.status = status;
            }
            step.put_message(message);
        }
        Ok(())
    }

    /// Whether what waits for statements is to be looked at.
    fn has_come(&self, group: &Group) -> bool {
        group.holds.is_some_and(|head| self.chain(group.id).is_some_and(|chain| chain.knows(&head)))
    }

    /// Takes in the next content that was kept because the statements that allow it had not come. `None`: there is none.
    pub(in crate::client) async fn take_next_kept(
        &self,
        records: &impl Records,
        now: u64,
    ) -> Result<Option<Step>, StepError> {
        let Some(group) = self.groups().find(|group| self.has_come(group)) else { return Ok(None) };
        let mut step = self.step();
        let mut found = records.all_under(Store::UnknownContents, &group.id.to_string()).await?;
        // What came before the group was known is with its sender.
        for address in self.chain(group.id).map(Chain::everybody).unwrap_or_default() {
            found.extend(records.all_under(Store::UnknownContents, address.as_str()).await?);
        }
        found.extend(records.all_under(Store::UnknownContents, STRANGERS).await?);
        // What waits for a later statement waits on.
        let mut holds = None;
        for record in found {
            let kept: UnknownContent = decode(&record.value)?;
            let Ok(content) = Content::decode(&kept.content) else { continue };
            let Some(within) = content.group.filter(|within| within.id == group.id) else { continue };
            if content.body.unknown_kind().is_some() {
                continue;
            }
            let contact = match kept.account_key {
                Some(key) => Some(Contact::unknown(kept.sender.clone(), Trust::Member, key)),
                None => self.contact(&kept.sender),
            };
            let is_heard =
                |contact: &Contact| self.peer(contact.address()).is_none_or(|peer| peer.trust != Trust::Blocked);
            let allowed = contact
                .filter(is_heard)
                .zip(self.group_state(group.id))
                .filter(|(contact, state)| may_say(state, contact, &content.body));
            // One that does not count may never come: who is a member without it is heard.
            if allowed.is_none() && self.lacks(&within) {
                holds = Some(within.head);
                continue;
            }
            step.changes.delete(Store::UnknownContents, record.key);
            if let Some((contact, _)) = allowed
                && let Some(conversation) = self.kept(&ConversationId::Group(group.id))
            {
                let said = Said { sender: &kept.sender, time: content.time, server_time: kept.server_time, now };
                self.take_allowed(&contact, (group, conversation), content.body, said, records, &mut step).await?;
            }
            return Ok(Some(step));
        }
        step.put_group(&Group { holds, ..group.clone() });
        Ok(Some(step))
    }
}

/// Whether a member may say this: what is for the account's own devices, only they.
fn may_say(state: &GroupState, contact: &Contact, body: &Body) -> bool {
    if !state.has(contact.address(), &contact.peer.account_key.hash()) {
        return contact.is_own();
    }
    match body {
        Body::Event { event, .. } if event.is_for_own_devices() => contact.is_own(),
        // What is set for a group is a statement.
        Body::Event { event: Event::Timer { .. }, .. } => false,
        Body::Event { .. } => state.may_write(contact.address()),
        Body::GroupReceipt { .. } => !contact.is_own(),
        Body::GroupPicture(_) => true,
        Body::HandOver { .. } => state.may_add(contact.address()) && !contact.is_own(),
        Body::ReadUntil { .. } | Body::ConversationSettings(_) => contact.is_own(),
        _ => false,
    }
}
