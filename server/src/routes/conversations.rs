//! The skeleton of a conversation. The server has no texts: the browser fills them in.

use crate::{error::Error, response::HtmlOrJson, signed_in::SignedIn};
use cliquet_wire::{address::Address, problem::ProblemCode};
use rocket::{Route, get, routes};
use serde::Serialize;

pub fn routes() -> Vec<Route> {
    routes![conversation, none]
}

/// Hexadecimal digits of a group's id.
const GROUP_ID_DIGITS: usize = 32;

/// What `fragments/conversation.html` needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Conversation {
    /// The address of the other account, or of this one for its notes; or a group's id, 32 lower-case hexadecimal digits.
    id: String,
    /// The address. Empty for a group: the server does not know which groups there are, and the browser writes the name.
    name: String,
}

impl Conversation {
    /// Reads the text form of a conversation's id, as it occurs in an address of this site.
    ///
    /// # Errors
    ///
    /// [`ProblemCode::InvalidAddress`]: it is neither.
    pub(super) fn read(id: &str) -> Result<Self, ProblemCode> {
        let is_group = id.len() == GROUP_ID_DIGITS && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_group {
            return Ok(Self { id: id.to_owned(), name: String::new() });
        }
        let address = Address::parse(id).map_err(|_| ProblemCode::InvalidAddress)?;
        Ok(Self { id: address.to_string(), name: address.to_string() })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

/// The same for every id that reads, whether or not there is such a contact or group: nothing is looked up, and the answer
/// tells nothing about who has an account.
#[get("/conversations/<id>")]
fn conversation(_signed_in: SignedIn, id: &str) -> Result<HtmlOrJson<Conversation>, Error> {
    let conversation = Conversation::read(id)?;
    Ok(HtmlOrJson::new(conversation).fragment("fragments/conversation.html"))
}

/// The pane while nobody is chosen: the way back on a phone.
#[get("/conversations")]
fn none(_signed_in: SignedIn) -> HtmlOrJson<serde_json::Map<String, serde_json::Value>> {
    HtmlOrJson::new(serde_json::Map::new()).fragment("fragments/no_conversation.html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_groups_id_read_and_nothing_else_does() {
        let read = |id: &str| Conversation::read(id);
        let group = "0123456789abcdef".repeat(2);
        let conversation = |id: &str, name: &str| Ok(Conversation { id: id.to_owned(), name: name.to_owned() });
        assert_eq!(read(&group), conversation(&group, ""));
        assert_eq!(read("Bob@Example.org"), conversation("bob@example.org", "bob@example.org"));
        for id in ["", "bob", &group[1..], &format!("{group}0"), &group.to_uppercase(), &group.replace('0', "g")] {
            assert_eq!(read(id), Err(ProblemCode::InvalidAddress), "{id}");
        }
    }
}
