//! A message as a person sees it, and where it stands in its conversation.
//!
//! Owns the order of messages and their marks. Knows nothing of ratchets.
//!
//! The order is that in which this device came to know the messages: a message's sort time is never under that of the
//! message before it, so that a wrong clock, here or there, moves no answer above its question.

use super::{
    content::MessageId,
    records::{Changes, Record, RecordsError, Store, decode, push_order, push_uuid, under},
};
use crate::crypto::saved::{self, Reader, Saved, Writer};
use cliquet_wire::{address::Address, problem::ProblemCode};

/// Who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    Own,
    Peer,
    /// Nobody: the client says what happened here.
    Notice,
}

/// One line of a conversation.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    /// Whom the conversation is with.
    pub conversation: Address,
    pub author: Author,
    /// Where it stands, in milliseconds since 1970; see the module.
    pub sort_time: u64,
    /// By its author's clock, in milliseconds since 1970.
    pub client_time: u64,
    /// By the server's clock, in milliseconds since 1970; zero until the server took it.
    pub server_time: u64,
    pub body: MessageBody,
    pub mark: Mark,
}

#[derive(Clone, PartialEq, Eq)]
pub enum MessageBody {
    Text(String),
    Notice(Notice),
}

/// What the client says about a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The server, or someone, shows another account key than the pinned one. Nothing of it was opened.
    KeyChanged,
    /// A message could not be opened. A new session is under way; what it said must be sent again.
    CannotOpen,
    /// A message of a kind that this version does not know.
    NewerVersion,
    /// A device entered the account: from now on it is written to as well.
    DeviceAdded,
    /// A device left the account.
    DeviceRemoved,
}

impl Notice {
    /// In the order of their numbers in records.
    pub const ALL: [Self; 5] =
        [Self::KeyChanged, Self::CannotOpen, Self::NewerVersion, Self::DeviceAdded, Self::DeviceRemoved];
}

/// How far a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Durable here, and nowhere else yet.
    Waiting,
    /// The server keeps it.
    Sent,
    /// A device of the receiver keeps it.
    Delivered,
    /// The server refused it, or we did. The text is kept; it can be sent again.
    Failed(Failure),
    /// It came from outside.
    Received,
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server said so.
    Refused(ProblemCode),
    /// The contact's account key is not the pinned one.
    KeyChanged,
    /// A device's pre-keys are not signed by its account: nothing was sealed for it.
    BadPreKeys,
    /// The server says that a device did not fetch it as long as it was kept. Nothing proves that.
    Expired,
}

impl Message {
    /// The key in [`Store::Messages`].
    pub fn key(&self) -> String {
        let mut key = under(&self.conversation);
        push_order(&mut key, self.sort_time, self.id);
        key
    }

    /// The key in [`Store::ToSeal`]: all conversations in one line.
    pub(crate) fn to_seal_key(&self) -> String {
        let mut key = String::with_capacity(49);
        push_order(&mut key, self.sort_time, self.id);
        key
    }

    pub fn load(value: &[u8]) -> Result<Self, RecordsError> {
        decode(value)
    }

    pub fn text(&self) -> &str {
        match &self.body {
            MessageBody::Text(text) => text,
            MessageBody::Notice(_) => "",
        }
    }

    /// Its time as it is shown.
    pub fn shown_time(&self) -> u64 {
        if self.server_time == 0 { self.client_time } else { self.server_time }
    }

    /// The same, for one of many that come at once, none of which is put twice.
    pub(crate) fn put_new_into(&self, changes: &mut Changes) {
        let (key, value) = (self.key(), saved::save(self));
        let found = message_key(&self.conversation, self.author, self.id);
        changes.puts.push(Record { store: Store::MessageKeys, key: found, value: saved::save(&key) });
        changes.puts.push(Record { store: Store::Messages, key, value });
    }

    /// Puts the message and the way to find it by its id.
    pub(crate) fn put_into(&self, changes: &mut Changes) {
        let key = self.key();
        changes.put(Store::MessageKeys, message_key(&self.conversation, self.author, self.id), &key);
        changes.put(Store::Messages, key, self);
    }
}

impl Mark {
    /// A late answer never takes back what a receipt has shown.
    pub(crate) fn sent(self) -> Self {
        if self == Self::Delivered { self } else { Self::Sent }
    }
}

/// `address/author/id`: the key of [`Store::MessageKeys`]. Authors stand apart: a peer's id never meets one of ours.
pub(crate) fn message_key(conversation: &Address, author: Author, id: MessageId) -> String {
    let mut key = under(conversation);
    key.push_str(match author {
        Author::Own => "own/",
        Author::Peer => "peer/",
        Author::Notice => "notice/",
    });
    push_uuid(&mut key, id.0);
    key
}

/// The keys of one conversation in [`Store::Messages`]: from the first, inclusive, to the second, exclusive.
pub fn conversation_range(conversation: &Address) -> (String, String) {
    let from = under(conversation);
    let mut to = String::from(conversation.as_str());
    // The character after the slash.
    to.push('0');
    (from, to)
}

impl Saved for Message {
    fn write(&self, to: &mut Writer) {
        self.id.write(to);
        self.conversation.write(to);
        self.author.write(to);
        to.number(self.sort_time);
        to.number(self.client_time);
        to.number(self.server_time);
        self.body.write(to);
        self.mark.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            id: Saved::read(from)?,
            conversation: Saved::read(from)?,
            author: Saved::read(from)?,
            sort_time: from.number()?,
            client_time: from.number()?,
            server_time: from.number()?,
            body: Saved::read(from)?,
            mark: Saved::read(from)?,
        })
    }
}

impl Saved for Author {
    fn write(&self, to: &mut Writer) {
        to.byte(*self as u8);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        [Self::Own, Self::Peer, Self::Notice].get(usize::from(from.byte()?)).copied()
    }
}

impl Saved for MessageBody {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Text(text) => {
                to.byte(0);
                to.text(text);
            }
            Self::Notice(notice) => {
                to.byte(1);
                to.byte(*notice as u8);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Saved::read(from).map(Self::Text),
            1 => Notice::ALL.get(usize::from(from.byte()?)).map(|notice| Self::Notice(*notice)),
            _ => None,
        }
    }
}

impl Saved for Mark {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Waiting => to.byte(0),
            Self::Sent => to.byte(1),
            Self::Delivered => to.byte(2),
            Self::Received => to.byte(3),
            Self::Failed(Failure::KeyChanged) => to.byte(4),
            Self::Failed(Failure::BadPreKeys) => to.byte(5),
            Self::Failed(Failure::Refused(code)) => {
                to.byte(6);
                // By name: a number would change its meaning when a code is added.
                to.text(code.as_str());
            }
            Self::Failed(Failure::Expired) => to.byte(7),
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Waiting,
            1 => Self::Sent,
            2 => Self::Delivered,
            3 => Self::Received,
            4 => Self::Failed(Failure::KeyChanged),
            5 => Self::Failed(Failure::BadPreKeys),
            6 => Self::Failed(Failure::Refused(ProblemCode::named(from.text()?)?)),
            7 => Self::Failed(Failure::Expired),
            _ => return None,
        })
    }
}

/// A text is personal: a log that prints one by accident prints its length.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("author", &self.author)
            .field("mark", &self.mark)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(&text.len()).finish(),
            Self::Notice(notice) => f.debug_tuple("Notice").field(notice).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(address: &str, sort_time: u64, id: u8) -> Message {
        Message {
            id: MessageId::from_parts(1, [id; 10]),
            conversation: Address::parse(address).unwrap(),
            author: Author::Own,
            sort_time,
            client_time: 1,
            server_time: 0,
            body: MessageBody::Text("hello".into()),
            mark: Mark::Failed(Failure::Refused(ProblemCode::MailboxFull)),
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
        let (from, to) = conversation_range(&Address::parse("b@example.org").unwrap());
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
