//! Checks a decrypted content against its envelope, and keeps it.

use super::Found;
use crate::client::{
    content::{Body, Content, ContentError, FIRST_SILENT_KIND, OwnList, ReceiptKind},
    conversation::{
        Amendments, Conversation, DeliveryStatus, Event, Lifetime, Message, MessageBody, MessageId, MessageRef, Notice,
        Stamp, UnreadLine, message_key,
    },
    lifetimes::{CLOCK_AHEAD_MS_MAX, ConversationTimer, READ_AT_ONCE_MS, forget, run_from, wait_for_reader},
    messenger::{Effect, Ignored, Messenger, Step, StepError},
    peer::{Contact, Trust, note, sessions::PeerSessions},
    records::{Records, Store, read, session_key},
    vault_keys::told_key,
};
use crate::crypto::rsa::Verifier;
use cliquet_wire::{account_key::AccountKey, address::Address, envelope::Envelope, limits::CONTACTS_MAX};

/// Who said something, and when.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) sender: &'a Address,
    /// By the sender's clock, in milliseconds since 1970.
    pub(super) time: u64,
    /// By the server's clock, in milliseconds since 1970.
    pub(super) server_time: u64,
    /// By this device's clock, as it reads it.
    pub(super) now: u64,
}

impl Messenger {
    pub(super) async fn keep(
        &self,
        found: Found,
        envelope: &Envelope,
        (records, verifier): (&impl Records, &impl Verifier),
        now: u64,
        mut step: Step,
    ) -> Result<Step, StepError> {
        let bytes = &found.opened.content;
        let content = match Content::decode(bytes) {
            Ok(content) if content.sender != envelope.sender_email || content.device != envelope.sender_device => {
                Err(ContentError::Malformed)
            }
            other => other,
        };
        let known = self.contact(&envelope.sender_email);
        let mut contact = match (known, &found.proof) {
            (Some(contact), _) => contact,
            (None, Some((key, _))) if matches!(&content, Ok(content) if content.group.is_some()) => {
                let Ok(content) = &content else { return Ok(step) };
                match self.new_member(&envelope.sender_email, key, content, verifier).await {
                    Some(member) => member,
                    None => {
                        self.hear_stranger(key, content, (envelope, bytes), records, &mut step).await?;
                        return Ok(step);
                    }
                }
            }
            // Before anything is made of an unknown account: its pin stays.
            (None, Some(_)) if !matches!(&content, Ok(Content { body, .. }) if begins_a_conversation(body)) => {
                step.ignore(Ignored::Stranger);
                return Ok(step);
            }
            (None, Some(_)) if self.contacts_count() >= CONTACTS_MAX => {
                step.ignore(Ignored::ContactLimit);
                return Ok(step);
            }
            (None, Some((key, _))) => {
                let contact = self.new_contact(&envelope.sender_email, Trust::Requested, key.clone(), now, &mut step);
                // The vault knows another key, or that the person wants to hear nothing from it.
                if contact.peer.trust == Trust::Blocked {
                    self.put_contact(contact, &mut step);
                    step.ignore(Ignored::Blocked);
                    return Ok(step);
                }
                contact
            }
            (None, None) => {
                step.ignore(Ignored::Stranger);
                return Ok(step);
            }
        };
        if let Ok(content) = &content {
            self.hear_list(&mut contact, content.list, envelope, now, &mut step);
        }
        let key = session_key(contact.address(), envelope.sender_device);
        let none = PeerSessions::default();
        let kept = self.sessions(&key).unwrap_or(&none);
        let asks_for = match &content {
            Ok(Content { body: Body::RetryRequest { envelopes }, .. }) => envelopes.as_slice(),
            _ => &[],
        };
        let (sessions, began) = (found.opened.sessions, found.opened.accepted);
        let asks_again = kept.put_opened(sessions, began, envelope, asks_for, &key, &mut step.changes);
        contact.owed.contact_request |= asks_again && contact.peer.is_answered();
        if let Some(used) = found.opened.used_one_time {
            let mut pre_keys = self.pre_keys().copy();
            pre_keys.forget(used);
            step.put_pre_keys(&pre_keys);
        }
        // A device that came after the list we have: the next message asks for the new one.
        if let Some((_, certificate)) = &found.proof
            && !self.devices(contact.address()).contains(&certificate.device)
        {
            contact.forget_directory();
        }
        match content {
            Ok(Content { body: Body::RetryRequest { envelopes }, .. }) => {
                if contact.peer.is_answered() {
                    self.send_again(&contact, envelope.sender_device, &envelopes, records, &mut step).await?;
                }
            }
            Ok(content) if content.group.is_some() => {
                let said = (content, bytes.as_slice());
                self.take_in_group(&mut contact, said, envelope, (records, verifier), now, &mut step).await?;
            }
            Ok(Content { body: Body::VaultKeys(keys), .. }) if contact.is_own() => {
                step.changes.put(Store::Device, told_key(envelope.sender_device), &*keys);
            }
            Ok(Content { body: Body::Settings(settings), .. }) if contact.is_own() => {
                self.merge_settings(settings, &mut step);
            }
            Ok(Content { body: Body::ContactRemoved(pin), .. }) if contact.is_own() => {
                self.take_removed(&pin, records, &mut step).await?;
            }
            Ok(Content { body: Body::Profile(profile), .. }) => {
                if contact.is_own() {
                    self.take_own_profile(&mut contact, &profile, &mut step);
                } else {
                    self.take_profile(&mut contact, *profile, records, &mut step).await?;
                }
            }
            Ok(Content { body: Body::DeliveryToken(token), .. }) if contact.is_own() => {
                self.take_own_delivery_token(&mut contact, &token, &mut step);
            }
            Ok(Content { body: Body::DeliveryToken(token), .. }) => {
                if contact.peer.take_delivery_token(token) {
                    self.pass_on_token(contact.address(), &mut step);
                }
            }
            Ok(content) => {
                // Somebody who shares a group and writes outside of it asks for a conversation.
                if contact.peer.trust == Trust::Member && begins_a_conversation(&content.body) {
                    contact.peer.trust = Trust::Requested;
                }
                if let Some(kind) = content.body.unknown_kind() {
                    self.keep_unknown(&contact, &content.body, envelope, bytes, records, &mut step).await?;
                    if kind < FIRST_SILENT_KIND {
                        self.say(&mut contact, Notice::NewerVersion, envelope, now, &mut step);
                    }
                } else {
                    let (sender, server_time) = (&envelope.sender_email, envelope.timestamp);
                    let said = Said { sender, time: content.time, server_time, now };
                    if !self.take(&mut contact, content.body, said, records, &mut step).await? {
                        self.say(&mut contact, Notice::CannotOpen, envelope, now, &mut step);
                    }
                }
            }
            Err(ContentError::Newer) => self.say(&mut contact, Notice::NewerVersion, envelope, now, &mut step),
            Err(ContentError::Malformed | ContentError::TooLarge) => {
                self.say(&mut contact, Notice::CannotOpen, envelope, now, &mut step);
            }
        }
        self.put_contact(contact, &mut step);
        Ok(step)
    }

    /// Compares the device list that the sender knows of its own account with the one that the server showed (C2). A later
    /// one must be fetched, and no older one counts from now on. Another one under the same counter is said.
    fn hear_list(&self, contact: &mut Contact, list: OwnList, envelope: &Envelope, now: u64, step: &mut Step) {
        contact.hear_of_list(list.counter);
        let shown = self.directory(contact.address()).map(|directory| &directory.device_list);
        let is_fork = shown.is_some_and(|shown| shown.counter == list.counter && shown.hash() != list.hash);
        if is_fork && contact.peer.forked < list.counter {
            contact.peer.forked = list.counter;
            if contact.is_own() {
                step.effects.push(Effect::OwnListForked);
            } else {
                self.say(contact, Notice::ListForked, envelope, now, step);
            }
        }
    }

    /// What an account says. False: it may not say this.
    pub(super) async fn take(
        &self,
        contact: &mut Contact,
        body: Body,
        said: Said<'_>,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<bool, StepError> {
        match body {
            Body::ContactRequest => {}
            // Nothing else is said outside of the group.
            _ if contact.peer.trust == Trust::Member => {}
            Body::Event { id, event } if !contact.is_own() && !event.is_for_own_devices() => {
                let is_text = matches!(event, Event::Text { .. });
                if self.take_event(&mut contact.conversation, id, event, said, records, step).await? {
                    let text = is_text.then(|| MessageRef { sender: said.sender.clone(), id });
                    contact.conversation.arrives(UnreadLine { time: said.server_time, text, mentions: false });
                }
                if is_text {
                    contact.owed.receipt(id);
                }
            }
            Body::Receipt { kind, messages } if !contact.is_own() => {
                // Only in the conversation with that very account.
                for id in messages {
                    let name = message_key(&contact.conversation.id, self.address(), id);
                    let status = match kind {
                        // Who says nothing of reading is told nothing of it.
                        ReceiptKind::Read if self.shares_reading(&contact.conversation.settings) => {
                            DeliveryStatus::Read
                        }
                        ReceiptKind::Delivered | ReceiptKind::Read => DeliveryStatus::Delivered,
                    };
                    self.mark_own(&name, status, records, step).await?;
                }
            }
            Body::Sync { conversation, account_key: Some(key), body } if contact.is_own() => {
                let Some(address) = conversation.peer() else { return Ok(false) };
                if address == self.address() {
                    return self.take_synced(&mut contact.conversation, *body, said, records, step).await;
                }
                let is_for_own = match &*body {
                    Body::Event { event, .. } => event.is_for_own_devices(),
                    Body::ReadUntil { .. } | Body::ConversationSettings(_) => true,
                    _ => false,
                };
                // What concerns the account's own devices alone says nothing about the contact.
                let other = if is_for_own { self.contact(address) } else { self.synced(address, *key, &said, step) };
                let Some(mut other) = other else { return Ok(true) };
                if !self.take_synced(&mut other.conversation, *body, said, records, step).await? {
                    return Ok(false);
                }
                self.put_contact(other, step);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What another device of this account did in a conversation, which may be the one with itself. False: it cannot have
    /// done this. The caller puts the conversation.
    pub(super) async fn take_synced(
        &self,
        conversation: &mut Conversation,
        body: Body,
        said: Said<'_>,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<bool, StepError> {
        match body {
            Body::Event { id, event } => {
                self.take_event(conversation, id, event, said, records, step).await?;
            }
            Body::ReadUntil { until, at } => {
                // Nobody reads in the future.
                let at = at.unwrap_or(said.server_time).min(said.server_time);
                let (known_until, known_at) = conversation.read_so_far();
                let earlier = until <= known_until && at.saturating_add(READ_AT_ONCE_MS) < known_at;
                conversation.read_until(until, at);
                self.run_read(&conversation.id, (until, at), earlier, records, step).await?;
            }
            Body::ConversationSettings(settings) => {
                if let Some(until) = conversation.merge_settings(&settings) {
                    self.clear_until(until, conversation, records, said.now, step).await?;
                }
                step.effects.push(Effect::Settings);
            }
            Body::ContactRequest => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Something that happened in a conversation. Tells whether there is a new line.
    pub(super) async fn take_event(
        &self,
        conversation: &mut Conversation,
        id: MessageId,
        event: Event,
        said: Said<'_>,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<bool, StepError> {
        let (text, quote, seconds, attachment) = match event {
            Event::Text { text, quote, seconds, attachment } => (text, quote, seconds, attachment),
            Event::Timer { seconds } => return Ok(take_timer(conversation, id, seconds, said, step)),
            event => {
                let stamp = Stamp { time: said.time, id };
                self.fold(conversation, said.sender, stamp, &event, records, step).await?;
                return Ok(false);
            }
        };
        // The same id by the same sender is the same message.
        let name = message_key(&conversation.id, said.sender, id);
        if let Some(place) = read::<String>(records, Store::MessageKeys, &name).await? {
            let known = read::<Message>(records, Store::Messages, &place).await?;
            if known.is_none_or(|known| known.passed_on_by.is_none()) {
                return Ok(false);
            }
            // Now its author says it, in place of somebody else.
            step.changes.delete(Store::Messages, place);
        }
        let is_own = said.sender == self.address();
        let mut message = Message {
            id,
            conversation: conversation.id.clone(),
            sender: said.sender.clone(),
            sort_time: conversation.sort_time(said.server_time),
            client_time: said.time,
            server_time: said.server_time,
            body: MessageBody::Text(text),
            status: if is_own { DeliveryStatus::Sent } else { DeliveryStatus::Received },
            amendments: Amendments::default(),
            // Nobody replies to what a third person said elsewhere.
            quote: quote.filter(|quote| self.takes_part(&conversation.id, &quote.sender)),
            lifetime: seconds.map(Lifetime::of),
            received_by: is_own.then(|| self.readers_of(&conversation.id)).flatten(),
            passed_on_by: None,
            attachment: attachment.map(|attachment| Box::new(attachment.cleaned())),
        };
        self.take_waiting(&mut message, conversation, records, step).await?;
        let (read_until, read_at) = conversation.read_so_far();
        if is_own || said.server_time <= read_until {
            run_from(if is_own { said.server_time } else { read_at.max(said.server_time) }, &mut message, step);
        } else {
            wait_for_reader(&message, step);
        }
        if message.is_over(said.now) || conversation.settings.clears(said.server_time) {
            forget(&message, step);
            return Ok(false);
        }
        conversation.shows(&message);
        conversation.notes_pin(&message);
        if conversation.keep_history {
            step.keep(&message);
        }
        step.put_message(message);
        Ok(true)
    }

    /// A message of ours, by what leads to it in [`Store::MessageKeys`].
    pub(super) async fn mark_own(
        &self,
        name: &str,
        status: DeliveryStatus,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        if let Some(place) = read::<String>(records, Store::MessageKeys, name).await?
            && let Some(mut message) = read::<Message>(records, Store::Messages, &place).await?
            // It may have been delivered to another device meanwhile, or read.
            && (!message.status.has_arrived() || (message.status, status) == (DeliveryStatus::Delivered, DeliveryStatus::Read))
        {
            message.status = status;
            if message.body == MessageBody::Expired && status.has_arrived() {
                // Its author was told that nobody had it yet.
                forget(&message, step);
            } else {
                step.put_message(message);
            }
        }
        Ok(())
    }

    /// The account that another device of ours wrote to, or added. It pinned that key: we pin the same. `None` when there
    /// is no room for one more contact: an error would hold the mailbox up at this delivery for ever.
    fn synced(&self, address: &Address, key: AccountKey, said: &Said<'_>, step: &mut Step) -> Option<Contact> {
        let now = said.now;
        let Some(mut contact) = self.contact(address) else {
            // It was said before the contact was removed.
            if self.pin(address).is_some_and(|pin| pin.settings.clears(said.server_time)) {
                return None;
            }
            if self.contacts_count() >= CONTACTS_MAX {
                step.ignore(Ignored::ContactLimit);
                return None;
            }
            return Some(self.new_contact(address, Trust::Added, key, now, step));
        };
        if contact.peer.trust == Trust::Requested {
            contact.peer.trust = Trust::Added;
        }
        if contact.peer.account_key != key && !contact.peer.key_changed {
            contact.peer.key_changed = true;
            note(&mut contact, MessageId::from_parts(now, [0; 10]), Notice::KeyChanged, now, step);
        }
        Some(contact)
    }
}

/// What an account says about the texts from now on. Tells whether that is new.
fn take_timer(
    conversation: &mut Conversation,
    id: MessageId,
    seconds: Option<u32>,
    said: Said<'_>,
    step: &mut Step,
) -> bool {
    let set_at = said.time.min(said.server_time.saturating_add(CLOCK_AHEAD_MS_MAX));
    if !conversation.merge_timer(ConversationTimer { set_at, seconds }) {
        return false;
    }
    let body = MessageBody::Timer(seconds);
    let line = Message::notice(id, conversation, said.sender.clone(), body, said.server_time);
    conversation.shows(&line);
    step.put_message(line);
    step.effects.push(Effect::Settings);
    true
}

/// Whether an unknown account's first envelope may hold this.
fn begins_a_conversation(body: &Body) -> bool {
    matches!(body, Body::ContactRequest | Body::Event { event: Event::Text { .. }, .. })
}
