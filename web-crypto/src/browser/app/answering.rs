//! What a program that answers by itself, a bot, has answered and what it has not.
//!
//! An answer and the note that its message was answered are one transaction: a program that is killed at any moment answers
//! each message once.

use super::{
    engine::Engine,
    error::AppError,
    load_messages,
    register_message::{Draft, RegisterError, register},
};
use crate::{
    browser::platform::service::{Platform, Storage as _},
    client::{
        conversation::{Conversation, ConversationId, Message, MessageBody},
        group::Standing,
        peer::Trust,
        records::{Changes, Store, decode, push_order, sortable},
    },
};

/// In [`Store::Answered`]: when the program began.
const BEGUN: &str = "begun";
/// Messages that are read at once.
const SLICE: u32 = 64;

/// Notes that what came until now is not to be answered. Only the first call counts.
///
/// # Errors
/// When the storage does not answer. So for each of these functions.
pub async fn begin<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    if engine.store().value(Store::Answered.name(), BEGUN).await?.is_some() {
        return Ok(());
    }
    let mut changes = Changes::default();
    changes.put(Store::Answered, BEGUN.to_owned(), &sortable(engine.platform().now_ms()));
    engine.commit(&changes).await
}

/// The texts of others that were not answered yet, in the order in which they came: those of contacts, and those of groups
/// that this account is in.
///
/// # Errors
/// As [`begin`].
pub async fn unanswered<P: Platform>(engine: &Engine<P>) -> Result<Vec<Message>, AppError> {
    let mut found = Vec::new();
    for conversation in load_messages::conversations(engine).await? {
        let after = answered(engine, &conversation.id).await?;
        if sortable(conversation.newest) >= after && may_answer(engine, &conversation).await? {
            found.extend(after_that(engine, &conversation.id, &after).await?);
        }
    }
    found.retain(|message| message.sender != *engine.email() && matches!(message.body, MessageBody::Text(_)));
    found.sort_by_key(|message| (message.sort_time, message.id));
    Ok(found)
}

/// Answers a message with this text, or with nothing.
///
/// # Errors
/// [`RegisterError::Empty`] and [`RegisterError::TooLong`] for a text that cannot be sent: the message counts as answered.
/// After any other error it does not.
pub async fn answer<P: Platform>(
    engine: &Engine<P>,
    message: &Message,
    text: Option<String>,
) -> Result<(), RegisterError> {
    let mut noted = Changes::default();
    noted.put(Store::Answered, message.conversation.text().into_owned(), &order(message));
    let refused = match text {
        None => Ok(()),
        Some(text) => {
            let draft = Draft { conversation: message.conversation.clone(), text: text.into(), quote: None };
            match register(engine, &draft, noted.clone()).await {
                Ok(_) => return Ok(()),
                Err(error @ (RegisterError::Empty | RegisterError::TooLong)) => Err(error),
                Err(error) => return Err(error),
            }
        }
    };
    engine.commit(&noted).await?;
    refused
}

/// The last message of a conversation that was answered, as the end of its key, or when the program began.
async fn answered<P: Platform>(engine: &Engine<P>, id: &ConversationId) -> Result<String, AppError> {
    let store = engine.store();
    let noted = match store.value(Store::Answered.name(), &id.text()).await? {
        Some(noted) => Some(noted),
        None => store.value(Store::Answered.name(), BEGUN).await?,
    };
    Ok(noted.map(|noted| decode(&noted)).transpose()?.unwrap_or_default())
}

async fn may_answer<P: Platform>(engine: &Engine<P>, conversation: &Conversation) -> Result<bool, AppError> {
    Ok(match &conversation.id {
        ConversationId::Direct(address) => load_messages::peer(engine, address)
            .await?
            .is_some_and(|peer| peer.trust == Trust::Added && !peer.key_changed),
        ConversationId::Group(id) => {
            load_messages::group(engine, *id).await?.is_some_and(|group| group.standing == Standing::Joined)
        }
    })
}

/// The messages of a conversation past this one.
async fn after_that<P: Platform>(
    engine: &Engine<P>,
    id: &ConversationId,
    after: &str,
) -> Result<Vec<Message>, AppError> {
    let mut found = load_messages::last(engine, id, SLICE).await?;
    while let Some(first) = found.first().map(order).filter(|first| first.as_str() > after) {
        let mut earlier = load_messages::before(engine, id, &first, SLICE).await?;
        if earlier.is_empty() {
            break;
        }
        earlier.append(&mut found);
        found = earlier;
    }
    found.retain(|message| order(message).as_str() > after);
    Ok(found)
}

fn order(message: &Message) -> String {
    let mut order = String::new();
    push_order(&mut order, message.sort_time, message.id);
    order
}
