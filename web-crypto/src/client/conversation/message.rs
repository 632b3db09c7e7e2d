//! A message as a person sees it, and where it is in its conversation.
//!
//! Owns the order of messages. Knows nothing of ratchets.
//!
//! The order is that in which this device came to know the messages: a message's sort time is never under that of the
//! message before it, so that a wrong clock, here or there, moves no answer above its question.

use super::{Amendments, Conversation, ConversationId, DeliveryStatus, MessageId, MessageRef, ReceivedBy};
use crate::{
    client::{
        group::Change,
        records::{Changes, Record, RecordsError, Store, decode, push_order, push_uuid, under},
    },
    crypto::{attachment::Attachment, cbor},
};
use cliquet_wire::address::Address;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// One line of a conversation.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Message {
    /// Chosen by its sender.
    #[n(0)]
    pub id: MessageId,
    /// The conversation that it is in.
    #[n(1)]
    pub conversation: ConversationId,
    /// The account that wrote it. Of a notice: the account that it is about.
    #[n(2)]
    pub sender: Address,
    /// Its place, in milliseconds since 1970; see the module.
    #[n(3)]
    pub sort_time: u64,
    /// By its author's clock, in milliseconds since 1970.
    #[n(4)]
    pub client_time: u64,
    /// By the server's clock, in milliseconds since 1970; zero until the server took it.
    #[n(5)]
    pub server_time: u64,
    /// What it says.
    #[n(6)]
    pub body: MessageBody,
    /// How far it has come.
    #[n(7)]
    pub status: DeliveryStatus,
    /// What later events made of it.
    #[n(8)]
    #[cbor(default)]
    pub amendments: Amendments,
    /// The message of the same conversation that it replies to.
    #[n(9)]
    pub quote: Option<MessageRef>,
    /// Of a text that disappears.
    #[n(10)]
    pub lifetime: Option<Lifetime>,
    /// Of this account's message in a group: which members have received it.
    #[n(11)]
    pub received_by: Option<ReceivedBy>,
    /// The member of a group who handed it over when they added this account. Nothing but their word says that its sender
    /// wrote it.
    #[n(12)]
    pub passed_on_by: Option<Address>,
    /// The file that it brings.
    #[n(13)]
    pub attachment: Option<Box<Attachment>>,
}

/// How long a text is kept, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Lifetime {
    /// From when the server took it, on its author's devices; from when it was read, on its receiver's.
    #[n(0)]
    pub seconds: u32,
    /// In milliseconds since 1970. `None`: the time does not run yet.
    #[n(1)]
    pub ends: Option<u64>,
}

impl Lifetime {
    /// A time that does not run yet.
    pub fn of(seconds: u32) -> Self {
        Self { seconds, ends: None }
    }

    /// Its end if the time runs from then on.
    pub(crate) fn end_from(self, time: u64) -> u64 {
        time.saturating_add(u64::from(self.seconds) * 1000)
    }
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub enum MessageBody {
    /// As it was written first.
    #[n(0)]
    Text(#[n(0)] String),
    /// A notice of the client itself.
    #[n(1)]
    Notice(#[n(0)] Notice),
    /// There was a text.
    #[n(2)]
    Deleted,
    /// From now on the conversation's texts are kept so many seconds, or for good: the message's sender said so.
    #[n(3)]
    Timer(#[n(0)] Option<u32>),
    /// There was a text of this account, whose time was over before a device of its receiver had confirmed it.
    #[n(4)]
    Expired,
    /// The message's sender changed the group.
    #[n(5)]
    Group(#[n(0)] Vec<Change>),
}

/// What the client says about a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Notice {
    /// The server, or someone, shows another account key than the pinned one. Nothing of it was opened.
    #[n(0)]
    KeyChanged,
    /// A message could not be decrypted. A new session is being made, and the message must be sent again.
    #[n(1)]
    CannotOpen,
    /// A message of a kind that this version does not know.
    #[n(2)]
    NewerVersion,
    /// A device entered the account: from now on it is written to as well.
    #[n(3)]
    DeviceAdded,
    /// A device left the account.
    #[n(4)]
    DeviceRemoved,
    /// The account's own devices know another device list under the counter of the one that the server shows here.
    #[n(5)]
    ListForked,
    /// The server shows a list of the account's devices that was not renewed for a month.
    #[n(6)]
    ListStale,
}

impl cbor::Record for Message {
    const VERSION: u32 = 1;
}

impl Message {
    /// A line about the conversation, as its next one.
    pub(crate) fn notice(
        id: MessageId,
        conversation: &Conversation,
        sender: Address,
        body: MessageBody,
        now: u64,
    ) -> Self {
        Self {
            id,
            conversation: conversation.id.clone(),
            sender,
            sort_time: conversation.sort_time(now),
            client_time: now,
            server_time: 0,
            body,
            status: DeliveryStatus::Received,
            amendments: Amendments::default(),
            quote: None,
            lifetime: None,
            received_by: None,
            passed_on_by: None,
            attachment: None,
        }
    }

    /// The key in [`Store::Messages`].
    pub fn key(&self) -> String {
        let mut key = under(&self.conversation.text());
        push_order(&mut key, self.sort_time, self.id);
        key
    }

    /// The key in [`Store::ToEncrypt`]: all conversations in one line.
    pub(crate) fn to_encrypt_key(&self) -> String {
        let mut key = String::with_capacity(49);
        push_order(&mut key, self.sort_time, self.id);
        key
    }

    /// From a value of [`Store::Messages`].
    ///
    /// # Errors
    /// When the value has no known form, or a later one.
    pub fn load(value: &[u8]) -> Result<Self, RecordsError> {
        decode(value)
    }

    /// A value of [`Store::Messages`].
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    /// The newest text. Empty for a notice, and for what was deleted.
    pub fn text(&self) -> &str {
        match &self.body {
            MessageBody::Text(first) => self.amendments.text().unwrap_or(first),
            MessageBody::Notice(_)
            | MessageBody::Timer(_)
            | MessageBody::Group(_)
            | MessageBody::Deleted
            | MessageBody::Expired => "",
        }
    }

    /// Whether its author changed the text.
    pub fn is_edited(&self) -> bool {
        matches!(self.body, MessageBody::Text(_)) && self.amendments.text().is_some()
    }

    /// The texts that it had before the newest, the oldest first, each with its time in milliseconds since 1970. Of a
    /// message that was edited often, some are no longer kept.
    pub fn earlier_texts(&self) -> Vec<(u64, &str)> {
        let MessageBody::Text(first) = &self.body else { return Vec::new() };
        let mut texts = vec![(self.shown_time(), first.as_str())];
        texts.extend(self.amendments.texts());
        texts.pop();
        texts
    }

    /// Whether its text is gone.
    pub fn is_deleted(&self) -> bool {
        matches!(self.body, MessageBody::Deleted | MessageBody::Expired)
    }

    /// Whether its time is over: nothing of it is shown any more.
    pub fn is_over(&self, now: u64) -> bool {
        !self.is_deleted() && self.lifetime.and_then(|lifetime| lifetime.ends).is_some_and(|ends| ends <= now)
    }

    /// The reactions to it, by sender.
    pub fn reactions(&self) -> impl Iterator<Item = (&Address, &str)> {
        self.amendments.reactions()
    }

    /// Whether this account marked it.
    pub fn is_starred(&self) -> bool {
        self.amendments.is_starred()
    }

    /// Whether this account wrote it, on any of its devices.
    pub fn is_own(&self) -> bool {
        !self.is_notice() && self.status != DeliveryStatus::Received
    }

    /// Whether the account with this address can have it so: what it wrote was sent, and what it received is by the
    /// conversation's other account, or by anybody in a group.
    pub(in crate::client) fn fits_account(&self, own: &Address) -> bool {
        let (is_by_own, is_received) = (self.sender == *own, self.status == DeliveryStatus::Received);
        let may_write = self.conversation.is_with(&self.sender) || self.conversation.group().is_some();
        if is_by_own { !is_received } else { is_received && may_write }
    }

    /// Whether it is a line about the conversation, not a person's text.
    pub fn is_notice(&self) -> bool {
        matches!(self.body, MessageBody::Notice(_) | MessageBody::Timer(_) | MessageBody::Group(_))
    }

    /// When either side pinned it, in milliseconds since 1970. `None`: it is not pinned.
    pub fn pinned_at(&self) -> Option<u64> {
        self.amendments.pinned_at()
    }

    /// The name by which events refer to it.
    pub fn reference(&self) -> MessageRef {
        MessageRef { sender: self.sender.clone(), id: self.id }
    }

    /// Its time as it is shown.
    pub fn shown_time(&self) -> u64 {
        if self.server_time == 0 { self.client_time } else { self.server_time }
    }

    /// Whether a device of somebody it was written to has confirmed it.
    pub fn has_arrived(&self) -> bool {
        let has_receiver = |received: &ReceivedBy| !received.members.is_empty();
        self.status.has_arrived() || self.received_by.as_ref().is_some_and(has_receiver)
    }

    /// Its time is over, and its author is told that nobody had confirmed it.
    pub(crate) fn expire(&mut self) {
        (self.body, self.quote, self.amendments) = (MessageBody::Expired, None, Amendments::default());
        self.attachment = None;
    }

    /// Takes what later events made of it. Tells whether anything changed. An edit that comes too late does not count,
    /// whatever client made it.
    pub(crate) fn amend(&mut self, amendments: Amendments) -> bool {
        let amendments = amendments.without_late_edits(self.client_time);
        if self.is_notice() || self.body == MessageBody::Expired || !self.amendments.merge(amendments) {
            return false;
        }
        if self.amendments.is_deleted() {
            (self.body, self.quote, self.attachment) = (MessageBody::Deleted, None, None);
        }
        true
    }

    /// The same as `put_into`, for one of many that come at once, none of which is put twice.
    pub(crate) fn put_new_into(&self, changes: &mut Changes) {
        let (key, value) = (self.key(), self.save());
        let found = message_key(&self.conversation, &self.sender, self.id);
        changes.puts.push(Record { store: Store::MessageKeys, key: found, value: cbor::save(&key) });
        changes.puts.push(Record { store: Store::Messages, key, value });
    }

    /// Puts the message and the way to find it by its id. Nobody looks for a notice by its id, and so a notice never
    /// takes the place of a text.
    pub(crate) fn put_into(&self, changes: &mut Changes) {
        let key = self.key();
        if !self.is_notice() {
            changes.put(Store::MessageKeys, message_key(&self.conversation, &self.sender, self.id), &key);
        }
        changes.put(Store::Messages, key, self);
    }
}

/// `conversation/sender/id`: the key in [`Store::MessageKeys`]. It has the sender, so that two accounts' ids never meet.
pub(crate) fn message_key(conversation: &ConversationId, sender: &Address, id: MessageId) -> String {
    let mut key = under(&conversation.text());
    key.push_str(sender.as_str());
    key.push('/');
    push_uuid(&mut key, id.0);
    key
}

/// The keys of one conversation in [`Store::Messages`]: from the first, inclusive, to the second, exclusive.
pub fn conversation_range(conversation: &ConversationId) -> (String, String) {
    let from = under(&conversation.text());
    let mut to = conversation.to_string();
    // The character after the slash.
    to.push('0');
    (from, to)
}

/// A text is personal: a log that prints one by accident prints its length.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("body", &self.body)
            .field("amendments", &self.amendments)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(&text.len()).finish(),
            Self::Notice(notice) => f.debug_tuple("Notice").field(notice).finish(),
            Self::Deleted => f.write_str("Deleted"),
            Self::Timer(seconds) => f.debug_tuple("Timer").field(seconds).finish(),
            Self::Expired => f.write_str("Expired"),
            Self::Group(changes) => f.debug_tuple("Group").field(&changes.len()).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::conversation::Failure;
    use cliquet_wire::problem::ProblemCode;

    fn message(address: &str, sort_time: u64, id: u8) -> Message {
        Message {
            id: MessageId::from_parts(1, [id; 10]),
            conversation: Address::parse(address).unwrap().into(),
            sender: Address::parse("a@example.org").unwrap(),
            sort_time,
            client_time: 1,
            server_time: 0,
            body: MessageBody::Text("hello".into()),
            status: DeliveryStatus::Failed(Failure::Refused(ProblemCode::MailboxFull)),
            amendments: Amendments::default(),
            quote: None,
            lifetime: None,
            received_by: None,
            passed_on_by: None,
            attachment: None,
        }
    }

    #[test]
    fn keys_grow_with_time_and_then_with_the_id() {
        let keys =
            [(1, 9), (2, 1), (2, 2), (256, 0), (u64::MAX, 0)].map(|(t, id)| message("b@example.org", t, id).key());
        assert!(keys.is_sorted());
    }

    #[test]
    fn a_range_holds_one_conversation_and_no_other() {
        let (from, to) = conversation_range(&Address::parse("b@example.org").unwrap().into());
        let within = |address| (from.as_str()..to.as_str()).contains(&message(address, 5, 5).key().as_str());
        assert!(within("b@example.org"));
        for other in ["a@example.org", "c@example.org", "b@example.or", "b@example.orga", "b@example.org.uk"] {
            assert!(!within(other), "{other}");
        }
    }

    #[test]
    fn a_message_reads_back() {
        let mut changes = Changes::default();
        let message = message("b@example.org", 5, 5);
        message.put_into(&mut changes);
        let put = changes.puts.iter().find(|put| put.store == Store::Messages).unwrap();
        assert_eq!(Message::load(&put.value).unwrap(), message);
    }
}
