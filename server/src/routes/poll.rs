//! The long poll: brings a cursor, takes what came after it, or waits.
//!
//! Owns how long. Removes nothing but what the cursor acknowledges, so that an answer that is lost on its way is given
//! again. A handler goes on after its client has left (Rocket spawns it); that is harmless, because it only reads.

use crate::{
    answer::WrittenJson,
    body::Body,
    config::sizes,
    error::Error,
    mailbox::{AcknowledgeError, Kind, Mailbox, Mailboxes, Stored, Unavailable},
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
) -> Result<WrittenJson, Error> {
    let Poll { cursor, wait_seconds } = asked.0;
    // Boxed: a poll that is held is as small as it can be.
    Box::pin(mailboxes.acknowledge(me.device, cursor)).await?;
    let deadline = Instant::now() + held_for(wait_seconds);
    let found = tokio::select! {
        found = mailboxes.wait(me.device, cursor, deadline) => found?,
        // An honest empty answer: the next poll finds the next server.
        () = shutdown => Vec::new(),
    };
    Ok(WrittenJson(answer(&found)))
}

fn held_for(asked_seconds: Option<u32>) -> Duration {
    Duration::from_secs(asked_seconds.unwrap_or(POLL_SECONDS_DEFAULT).min(POLL_SECONDS_MAX).into())
}

/// `PollAnswer`, around the texts as they are stored: they were checked and written once, when they were accepted.
fn answer(found: &[Stored]) -> String {
    // Digits and commas come to less than this for each.
    let length = found.iter().map(|stored| stored.json.len() + 64).sum::<usize>() + 32;
    let mut text = String::with_capacity(length);
    text.push_str("{\"deliveries\":[");
    for (number, Stored { cursor, kind, json }) in found.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        text.push_str("{\"cursor\":");
        text.push_str(&cursor.to_string());
        text.push_str(match kind {
            Kind::Envelope => ",\"envelope\":",
            Kind::Expired => ",\"expired\":",
        });
        text.push_str(json);
        text.push('}');
    }
    text.push_str("]}");
    text
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
        assert_eq!(answer(&[]), r#"{"deliveries":[]}"#);
        let two = [stored(7, r#"{"a":1}"#), stored(u64::MAX, r#"{"b":"é"}"#)];
        let expected =
            r#"{"deliveries":[{"cursor":7,"envelope":{"a":1}},{"cursor":18446744073709551615,"envelope":{"b":"é"}}]}"#;
        assert_eq!(answer(&two), expected);
        let notice = Stored { kind: Kind::Expired, ..stored(8, r#""x""#) };
        let expected = r#"{"deliveries":[{"cursor":8,"expired":"x"},{"cursor":9,"envelope":{"a":1}}]}"#;
        assert_eq!(answer(&[notice, stored(9, r#"{"a":1}"#)]), expected);
    }
}
