//! The long poll: brings a cursor, takes what came after it, or waits.
//!
//! Owns how long. Removes nothing but what the cursor acknowledges, so that an answer that is lost on its way is given
//! again. A handler goes on after its client has left (Rocket spawns it); that is harmless, because it only reads.

use crate::{
    body::Body,
    config::sizes,
    error::Error,
    mailbox::{AcknowledgeError, Arrived, Kind, Mailbox, Mailboxes, Stored, Unavailable},
    response::RawJson,
    signed_in::SignedInDevice,
};
use cliquet_wire::{
    limits::{POLL_SECONDS_DEFAULT, POLL_SECONDS_MAX},
    poll::Poll,
    problem::ProblemCode,
};
use rocket::{Route, Shutdown, State, post, routes};
use std::time::Duration;
use tokio::time::Instant;

pub fn routes() -> Vec<Route> {
    routes![poll]
}

/// Always JSON: what it carries is for the browser's Rust, and for nobody's eyes.
#[post("/poll", data = "<asked>")]
async fn poll(
    me: SignedInDevice,
    asked: Body<Poll, { sizes::SMALL }>,
    mailboxes: &State<Mailboxes>,
    shutdown: Shutdown,
) -> Result<RawJson, Error> {
    let Poll { cursor, wait_seconds } = asked.0;
    // Boxed: a poll that is held is as small as it can be.
    Box::pin(mailboxes.acknowledge(me.device, cursor)).await?;
    let deadline = Instant::now() + held_for(wait_seconds);
    let arrived = tokio::select! {
        arrived = mailboxes.wait(me.device, cursor, deadline) => arrived?,
        // An honest empty answer: the next poll finds the next server.
        () = shutdown => Arrived::default(),
    };
    Ok(RawJson(answer(&arrived)))
}

fn held_for(asked_seconds: Option<u32>) -> Duration {
    Duration::from_secs(asked_seconds.unwrap_or(POLL_SECONDS_DEFAULT).min(POLL_SECONDS_MAX).into())
}

/// `PollAnswer`, around the texts as they are stored: they were checked and written once, when they were accepted.
fn answer(arrived: &Arrived) -> String {
    // Digits and commas come to less than this for each.
    let stored_bytes = arrived.stored.iter().map(|stored| stored.json.len() + 64).sum::<usize>();
    let ephemeral_bytes = arrived.ephemeral.iter().map(|json| json.len() + 1).sum::<usize>();
    let mut text = String::with_capacity(stored_bytes + ephemeral_bytes + 48);
    text.push_str("{\"deliveries\":");
    list(&mut text, &arrived.stored, |text, Stored { cursor, kind, json }| {
        text.push_str("{\"cursor\":");
        text.push_str(&cursor.to_string());
        text.push_str(match kind {
            Kind::Envelope => ",\"envelope\":",
            Kind::Expired => ",\"expired\":",
        });
        text.push_str(json);
        text.push('}');
    });
    if !arrived.ephemeral.is_empty() {
        text.push_str(",\"ephemeral\":");
        list(&mut text, &arrived.ephemeral, |text, json| text.push_str(json));
    }
    text.push('}');
    text
}

/// Appends a list of JSON.
fn list<T>(text: &mut String, items: &[T], write: impl Fn(&mut String, &T)) {
    text.push('[');
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        write(text, item);
    }
    text.push(']');
}

impl From<Unavailable> for Error {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<AcknowledgeError> for Error {
    fn from(error: AcknowledgeError) -> Self {
        match error {
            AcknowledgeError::UnknownCursor => ProblemCode::UnknownCursor.into(),
            AcknowledgeError::Unavailable(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_poll_is_held_longer_than_the_longest() {
        let seconds = |asked| held_for(asked).as_secs();
        assert_eq!(seconds(None), u64::from(POLL_SECONDS_DEFAULT));
        assert_eq!(seconds(Some(0)), 0);
        assert_eq!(seconds(Some(POLL_SECONDS_MAX)), u64::from(POLL_SECONDS_MAX));
        assert_eq!(seconds(Some(POLL_SECONDS_MAX + 1)), u64::from(POLL_SECONDS_MAX));
        assert_eq!(seconds(Some(u32::MAX)), u64::from(POLL_SECONDS_MAX));
    }

    #[test]
    fn the_texts_stand_in_the_answer_as_they_are() {
        let stored = |cursor, json: &str| Stored { cursor, kind: Kind::Envelope, json: json.into() };
        let arrived = |stored: &[Stored], ephemeral: &[&str]| {
            let ephemeral = ephemeral.iter().map(|json| (*json).into()).collect();
            answer(&Arrived { stored: stored.to_vec(), ephemeral })
        };
        assert_eq!(arrived(&[], &[]), r#"{"deliveries":[]}"#);
        let two = [stored(7, r#"{"a":1}"#), stored(u64::MAX, r#"{"b":"é"}"#)];
        let expected =
            r#"{"deliveries":[{"cursor":7,"envelope":{"a":1}},{"cursor":18446744073709551615,"envelope":{"b":"é"}}]}"#;
        assert_eq!(arrived(&two, &[]), expected);
        let notice = Stored { kind: Kind::Expired, ..stored(8, r#""x""#) };
        let expected = r#"{"deliveries":[{"cursor":8,"expired":"x"},{"cursor":9,"envelope":{"a":1}}]}"#;
        assert_eq!(arrived(&[notice, stored(9, r#"{"a":1}"#)], &[]), expected);
        let expected = r#"{"deliveries":[],"ephemeral":[{"c":1},{"d":2}]}"#;
        assert_eq!(arrived(&[], &[r#"{"c":1}"#, r#"{"d":2}"#]), expected);
    }
}
