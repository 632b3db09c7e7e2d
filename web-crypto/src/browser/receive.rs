//! What a poll brought: each delivery in its own step, in order, durable before the next poll acknowledges it.

use super::add_contact::{Verb, Wish};
use super::{
    home::{self, Home, Trouble},
    platform::{http::HttpError, random, timer, webcrypto::WebVerifier},
    show::Conversation,
    status::State,
};
use cliquet_wire::poll::PollAnswer;
use std::rc::Rc;

pub async fn keep(home: &Rc<Home>, answer: PollAnswer) -> Result<(), Trouble> {
    if answer.deliveries.is_empty() {
        // What could not be opened is asked for a minute later, whether something comes meanwhile or not.
        home.pump();
        return Ok(());
    }
    let device = home.turn().await?.messenger().device();
    for delivery in answer.deliveries {
        // Somebody else signed in with this browser: what comes now is theirs, and must not be acknowledged from here.
        if let Some(envelope) = &delivery.envelope
            && (envelope.receiver_device != device || envelope.receiver_email != home.email)
        {
            home.say(State::SignedOut);
            return Err(Trouble::NotLeading);
        }
        let turn = home.turn().await?;
        let rng = &mut random::system();
        let received = turn.messenger().receive(&delivery, &home.store, &WebVerifier, timer::now_ms(), rng).await;
        turn.end(received).await?;
    }
    // Receipts are owed now.
    home.pump();
    Ok(())
}

/// The open conversation is read when somebody looks at it.
pub fn in_sight(home: &Rc<Home>) {
    if home::in_sight()
        && let Some(conversation) = Conversation::on_page()
    {
        home.wish(&Wish::new(Verb::Read, &conversation.address));
    }
}

/// A server that hands out what was not asked for.
pub fn unexpected() -> Trouble {
    Trouble::Http(HttpError::Unreadable)
}
