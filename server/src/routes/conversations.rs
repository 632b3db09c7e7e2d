//! The skeleton of a conversation. The server has no texts: the browser fills them in.

use crate::{answer::Answer, error::Error, signed_in::SignedIn};
use cliquet_wire::{address::Address, problem::ProblemCode};
use rocket::{Route, get, routes};
use serde::Serialize;

pub fn routes() -> Vec<Route> {
    routes![conversation, none]
}

#[derive(Clone, Debug, Serialize)]
struct Conversation {
    email: Address,
}

/// The same for everyone whose address reads, a contact or not: it tells nothing about who has an account.
#[get("/conversations/<email>")]
fn conversation(signed_in: SignedIn, email: &str) -> Result<Answer<Conversation>, Error> {
    let email = Address::parse(email).map_err(|_| ProblemCode::InvalidAddress)?;
    if email == signed_in.email {
        return Err(ProblemCode::OwnAddress.into());
    }
    Ok(Answer::new(Conversation { email }).fragment("fragments/conversation.html"))
}

/// The pane while nobody is chosen: the way back on a phone.
#[get("/conversations")]
fn none(_signed_in: SignedIn) -> Answer<serde_json::Map<String, serde_json::Value>> {
    Answer::new(serde_json::Map::new()).fragment("fragments/no_conversation.html")
}
