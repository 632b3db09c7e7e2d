//! Which texts a search looks at, whatever their words.

use super::conversation::{ConversationId, Message};

/// Who wrote a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// This account.
    Own,
    /// Anybody else.
    Other,
}

/// Leaves out texts of other conversations, authors and days. What is `None` leaves out nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The one conversation.
    pub conversation: Option<ConversationId>,
    /// Who wrote it.
    pub author: Option<Author>,
    /// Not earlier, in milliseconds since 1970.
    pub from: Option<u64>,
    /// Earlier than this, in milliseconds since 1970.
    pub before: Option<u64>,
    /// Only what this account marked.
    pub starred: bool,
}

/// What a filter asks of a message, beside its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// Whether this account wrote it.
    pub is_own: bool,
    /// Its time as it is shown, in milliseconds since 1970.
    pub time: u64,
    /// Whether this account marked it.
    pub is_starred: bool,
}

impl Filter {
    /// Whether it leaves out nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the search looks at a message.
    pub fn accepts(&self, message: &Message) -> bool {
        self.accepts_conversation(&message.conversation.text()) && self.accepts_traits(Traits::of(message))
    }

    /// Whether the search looks at the conversation with this id.
    pub fn accepts_conversation(&self, id: &str) -> bool {
        self.conversation.as_ref().is_none_or(|conversation| conversation.text() == id)
    }

    /// Whether the search looks at a message of a conversation that it looks at.
    pub fn accepts_traits(&self, Traits { is_own, time, is_starred }: Traits) -> bool {
        self.author.is_none_or(|author| (author == Author::Own) == is_own)
            && self.from.is_none_or(|from| time >= from)
            && self.before.is_none_or(|before| time < before)
            && (!self.starred || is_starred)
    }
}

impl Traits {
    /// Those of a message.
    pub fn of(message: &Message) -> Self {
        Self { is_own: message.is_own(), time: message.shown_time(), is_starred: message.is_starred() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::conversation::{DeliveryStatus, MessageBody, MessageId};
    use cliquet_wire::address::Address;

    fn message(with: &str, sender: &str, server_time: u64) -> Message {
        let address = |text| Address::parse(text).unwrap();
        let own = sender == "alice@example.org";
        Message {
            id: MessageId::from_parts(server_time, [1; 10]),
            conversation: ConversationId::from(&address(with)),
            sender: address(sender),
            sort_time: server_time,
            client_time: server_time,
            server_time,
            body: MessageBody::Text("a text".into()),
            status: if own { DeliveryStatus::Sent } else { DeliveryStatus::Received },
            amendments: Default::default(),
            quote: None,
            lifetime: None,
            received_by: None,
            passed_on_by: None,
            attachment: None,
        }
    }

    #[test]
    fn each_filter_leaves_out_what_it_names_and_both_ends_of_the_days_count() {
        let (bob, carol) = ("bob@example.org", "carol@example.org");
        let (his, hers, mine) =
            (message(bob, bob, 10), message(carol, carol, 20), message(bob, "alice@example.org", 30));
        let accepted = |filter: Filter| [&his, &hers, &mine].map(|message| filter.accepts(message));
        let with_bob = Filter { conversation: Some(his.conversation.clone()), ..Filter::default() };
        assert_eq!(accepted(Filter::default()), [true, true, true]);
        assert_eq!(accepted(with_bob.clone()), [true, false, true]);
        assert_eq!(accepted(Filter { author: Some(Author::Own), ..Filter::default() }), [false, false, true]);
        assert_eq!(accepted(Filter { author: Some(Author::Other), ..with_bob.clone() }), [true, false, false]);
        assert_eq!(accepted(Filter { from: Some(20), ..Filter::default() }), [false, true, true]);
        assert_eq!(accepted(Filter { before: Some(30), ..Filter::default() }), [true, true, false]);
        assert_eq!(accepted(Filter { from: Some(11), ..with_bob.clone() }), [false, false, true]);
        assert!(Filter::default().is_empty() && !with_bob.is_empty());
    }
}
