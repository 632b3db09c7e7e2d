//! Posting letters: what is taken, and what is refused with nothing stored.

use crate::support::office::{NOW_MS, Office, letter, problem};
use cliquet_wire::{
    address::Address,
    bytes::Blob,
    envelope::{MessagesSent, SendMessages},
    limits::CIPHERTEXT_BYTES_MAX,
    problem::{Problem, ProblemCode},
};
use rocket::{
    figment::{Figment, providers::Serialized},
    http::{ContentType, Status},
};

/// Alice and Bob, who added each other.
macro_rules! friends {
    ($office:ident, $alice:ident, $bob:ident) => {
        let ($alice, $bob) = ($office.person("alice"), $office.person("bob"));
        $office.adds(&$alice, &$bob);
        $office.adds(&$bob, &$alice);
    };
}

#[rocket::async_test]
async fn what_alice_posts_bob_fetches_with_the_servers_time() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let response = office.posts(&alice, vec![letter(&alice, &bob, 1)]).await;
    assert_eq!(response.status(), Status::Created);
    assert_eq!(response.into_json::<MessagesSent>().await.unwrap().timestamp, NOW_MS);
    let fetched = office.fetches(&bob, 0).await;
    let mut expected = letter(&alice, &bob, 1);
    expected.timestamp = NOW_MS;
    assert_eq!(fetched.deliveries.len(), 1);
    assert_eq!(fetched.deliveries[0].envelope, Some(expected));
    assert!(office.fetches(&alice, 0).await.deliveries.is_empty());
}

#[rocket::async_test]
async fn a_retry_is_accepted_with_its_first_time_and_delivered_once() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    for seconds in 0..3 {
        office.set_time(NOW_MS + seconds * 1_000);
        let response = office.posts(&alice, vec![letter(&alice, &bob, 1)]).await;
        assert_eq!(response.status(), Status::Created);
        assert_eq!(response.into_json::<MessagesSent>().await.unwrap().timestamp, NOW_MS);
    }
    let fetched = office.fetches(&bob, 0).await;
    assert_eq!(fetched.deliveries.len(), 1);
    office.fetches(&bob, fetched.deliveries[0].cursor).await;
    office.posts(&alice, vec![letter(&alice, &bob, 1)]).await;
    assert!(office.fetches(&bob, 0).await.deliveries.is_empty(), "not after the acknowledgement either");
}

#[rocket::async_test]
async fn a_retry_that_is_spaced_and_ordered_otherwise_is_the_same_post() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let first = SendMessages { envelopes: vec![letter(&alice, &bob, 1)], ..Default::default() };
    assert_eq!(office.posts_text(&alice, serde_json::to_string(&first).unwrap()).await.status(), Status::Created);
    let kept = office.fetches(&bob, 0).await;
    office.set_time(NOW_MS + 1_000);
    // Of a `Value`, the fields are in the order of the alphabet.
    let by_name = serde_json::to_value(&first).unwrap().to_string();
    let spaced = serde_json::to_string_pretty(&first).unwrap();
    let escaped = serde_json::to_string(&first).unwrap().replace("alice@", "\\u0061lice@");
    let untimed = serde_json::to_string(&first).unwrap().replace("\"timestamp\":0,", "");
    for text in [by_name, spaced, escaped, untimed] {
        assert_ne!(text, serde_json::to_string(&first).unwrap());
        let response = office.posts_text(&alice, text).await;
        assert_eq!(response.into_json::<MessagesSent>().await.unwrap().timestamp, NOW_MS);
    }
    assert_eq!(office.fetches(&bob, 0).await, kept);
}

/// Whatever a sender's JSON looks like, what is kept of it is written as every envelope is.
#[rocket::async_test]
async fn what_is_kept_does_not_show_how_it_was_spaced() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let post = SendMessages { envelopes: vec![letter(&alice, &bob, 1)], ..Default::default() };
    let response = office.posts_text(&alice, serde_json::to_string_pretty(&post).unwrap()).await;
    assert_eq!(response.status(), Status::Created);
    let mut expected = letter(&alice, &bob, 1);
    expected.timestamp = NOW_MS;
    let answer = office.polls(&bob, 0, 0).await.into_string().await.unwrap();
    assert!(answer.contains(&serde_json::to_string(&expected).unwrap()), "{answer}");
}

#[rocket::async_test]
async fn an_id_of_another_envelope_is_refused() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    office.posts(&alice, vec![letter(&alice, &bob, 1)]).await;
    let mut other = letter(&alice, &bob, 1);
    other.ciphertext = Blob(vec![9; 176]);
    assert_eq!(problem(office.posts(&alice, vec![other]).await).await, ProblemCode::IdReused);
}

#[rocket::async_test]
async fn a_letter_in_anothers_name_is_refused() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let mallory = office.person("mallory");
    office.adds(&mallory, &bob);
    let forged = letter(&alice, &bob, 1);
    assert_eq!(problem(office.posts(&mallory, vec![forged]).await).await, ProblemCode::WrongSender);
    let mut half_forged = letter(&mallory, &bob, 2);
    half_forged.sender_device = alice.device;
    assert_eq!(problem(office.posts(&mallory, vec![half_forged]).await).await, ProblemCode::WrongSender);
    assert!(office.fetches(&bob, 0).await.deliveries.is_empty());
}

/// Requirement: S1
#[rocket::async_test]
async fn strangers_the_blocked_and_unknown_addresses_answer_alike() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    let refusal = async |envelope| {
        let response = office.posts(&alice, vec![envelope]).await;
        (response.status(), response.into_string().await.unwrap())
    };
    let stranger = refusal(letter(&alice, &bob, 1)).await;
    let mut nobody = letter(&alice, &bob, 2);
    nobody.receiver_email = Address::parse("nobody@example.org").unwrap();
    let (status, text) = refusal(nobody).await;
    // But for the address, which she named herself.
    let unknown = (status, text.replace("nobody@", "bob@"));
    office.adds(&alice, &bob);
    office.blocks(&bob, &alice);
    let blocked = refusal(letter(&alice, &bob, 3)).await;
    assert_eq!(stranger, unknown);
    assert_eq!(stranger, blocked);
    assert_eq!(serde_json::from_str::<Problem>(&stranger.1).unwrap().code, ProblemCode::NotAContact);
    assert!(office.fetches(&bob, 0).await.deliveries.is_empty());
}

#[rocket::async_test]
async fn a_post_names_all_of_the_receivers_devices_and_no_other() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let tablet = office.another_device(&bob);
    let all = |id| vec![letter(&alice, &bob, id), letter(&alice, &tablet, id + 1)];
    let missing = office.posts(&alice, vec![letter(&alice, &bob, 1)]).await;
    assert_eq!(problem(missing).await, ProblemCode::DevicesChanged);
    assert_eq!(office.posts(&alice, all(10)).await.status(), Status::Created);
    office.revokes(&tablet);
    assert_eq!(problem(office.posts(&alice, all(20)).await).await, ProblemCode::DevicesChanged);
    assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, 30)]).await.status(), Status::Created);
    assert_eq!(office.fetches(&bob, 0).await.deliveries.len(), 2);
}

#[rocket::async_test]
async fn copies_go_to_ones_own_other_devices_in_the_same_post() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let phone = office.another_device(&alice);
    let post = vec![letter(&alice, &bob, 1), letter(&alice, &phone, 2)];
    assert_eq!(office.posts(&alice, post).await.status(), Status::Created);
    assert_eq!(office.fetches(&bob, 0).await.deliveries.len(), 1);
    assert_eq!(office.fetches(&phone, 0).await.deliveries.len(), 1);
    let to_oneself = office.posts(&alice, vec![letter(&alice, &alice, 3)]).await;
    assert_eq!(problem(to_oneself).await, ProblemCode::Malformed, "this very device");
}

#[rocket::async_test]
async fn a_post_names_each_device_once_and_somebody() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let twice = office.posts(&alice, vec![letter(&alice, &bob, 3), letter(&alice, &bob, 4)]).await;
    assert_eq!(problem(twice).await, ProblemCode::Malformed);
    assert_eq!(problem(office.posts(&alice, vec![]).await).await, ProblemCode::Malformed);
    assert!(office.fetches(&bob, 0).await.deliveries.is_empty());
}

#[rocket::async_test]
async fn what_is_malformed_is_said_with_its_place() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let whole = serde_json::to_value(letter(&alice, &bob, 1)).unwrap();
    let with = |key: &str, value: serde_json::Value| {
        let mut envelope = whole.clone();
        envelope[key] = value;
        serde_json::json!({ "envelopes": [envelope] }).to_string()
    };
    let texts = [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "\u{0}".to_owned(),
        with("v", 2.into()),
        with("v", "one".into()),
        with("id", "not an id".into()),
        with("receiver_email", "Bob@Example.org".into()),
        with("receiver_email", "not an address".into()),
        with("sender_device", serde_json::Value::Null),
        with("salt", "AAAA".into()),
        with("ciphertext", "====".into()),
        with("ciphertext", "".into()),
        with("timestamp", 1.into()),
        with("message_number", (-1).into()),
        with("unknown", "field".into()),
    ];
    for text in texts {
        let code = problem(office.posts_text(&alice, text.clone()).await).await;
        assert_eq!(code, ProblemCode::Malformed, "{text}");
    }
    let response = office.posts_text(&alice, "{\"envelopes\":\n oops".to_owned()).await;
    let problem: Problem = response.into_json().await.unwrap();
    assert!(problem.detail.contains('2'), "the line: {}", problem.detail);
    assert!(office.fetches(&bob, 0).await.deliveries.is_empty());
}

#[rocket::async_test]
async fn sizes_at_the_limit_and_past_it() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let sized = |id, bytes: usize| {
        let mut envelope = letter(&alice, &bob, id);
        envelope.ciphertext = Blob(vec![3; bytes]);
        vec![envelope]
    };
    let largest = (CIPHERTEXT_BYTES_MAX - 16) / 160 * 160 + 16;
    assert_eq!(office.posts(&alice, sized(1, largest)).await.status(), Status::Created);
    assert_eq!(problem(office.posts(&alice, sized(2, largest + 160)).await).await, ProblemCode::TooLarge);
    assert_eq!(problem(office.posts(&alice, sized(3, largest - 1)).await).await, ProblemCode::Malformed, "not padded");
}

#[rocket::async_test]
async fn a_full_mailbox_tells_the_sender_and_keeps_what_it_has() {
    let limits = serde_json::json!({ "mailbox_limits": { "envelopes_max": 2, "sender_percent": 100 } });
    let office = Office::open_with(Figment::from(Serialized::defaults(limits))).await;
    friends!(office, alice, bob);
    for id in 1..=2 {
        assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, id)]).await.status(), Status::Created);
    }
    assert_eq!(problem(office.posts(&alice, vec![letter(&alice, &bob, 3)]).await).await, ProblemCode::MailboxFull);
    let fetched = office.fetches(&bob, 0).await.deliveries;
    assert_eq!(fetched.len(), 2);
    office.fetches(&bob, fetched[0].cursor).await;
    assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, 3)]).await.status(), Status::Created);
}

#[rocket::async_test]
async fn the_signed_out_and_the_revoked_post_nothing() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let body = serde_json::json!({ "envelopes": [letter(&alice, &bob, 1)] }).to_string();
    let mut nobody = alice.clone();
    nobody.token = "A".repeat(43);
    assert_eq!(problem(office.posts_text(&nobody, body.clone()).await).await, ProblemCode::SignedOut);
    let anonymous = office.client.post("/messages").header(ContentType::JSON);
    let anonymous = anonymous.header(rocket::http::Header::new("Sec-Fetch-Site", "same-origin"));
    assert_eq!(problem(anonymous.body(&body).dispatch().await).await, ProblemCode::SignedOut);
    assert!(office.fetches(&bob, 0).await.deliveries.is_empty());
}

#[rocket::async_test]
async fn a_stranger_fills_neither_a_mailbox_nor_a_history() {
    let office = Office::open().await;
    let (mallory, bob) = (office.person("mallory"), office.person("bob"));
    office.adds(&mallory, &bob);
    for id in 1..=20 {
        assert_eq!(office.posts(&mallory, vec![letter(&mallory, &bob, id)]).await.status(), Status::Created);
    }
    let next = || office.posts(&mallory, vec![letter(&mallory, &bob, 21)]);
    assert_eq!(problem(next().await).await, ProblemCode::Unanswered, "the twenty-first");
    // Another device of hers is no other sender, and it does not help that he fetched.
    let laptop = office.another_device(&mallory);
    let both = || vec![letter(&laptop, &bob, 22), letter(&laptop, &mallory, 23)];
    assert_eq!(problem(office.posts(&laptop, both()).await).await, ProblemCode::Unanswered);
    let fetched = office.fetches(&bob, 0).await.deliveries;
    assert_eq!(fetched.len(), 20);
    office.fetches(&bob, fetched[19].cursor).await;
    assert_eq!(problem(office.posts(&laptop, both()).await).await, ProblemCode::Unanswered);
    assert!(office.fetches(&mallory, 0).await.deliveries.is_empty(), "nothing of such a post is kept");
    office.adds(&bob, &mallory);
    assert_eq!(office.posts(&laptop, both()).await.status(), Status::Created);
}

#[rocket::async_test]
async fn an_accepted_contact_fills_a_quarter_of_a_mailbox_and_the_others_still_write() {
    let limits = serde_json::json!({ "mailbox_limits": { "envelopes_max": 8 } });
    let office = Office::open_with(Figment::from(Serialized::defaults(limits))).await;
    friends!(office, alice, bob);
    let mallory = office.person("mallory");
    office.adds(&mallory, &bob);
    office.adds(&bob, &mallory);
    let laptop = office.another_device(&mallory);
    let post = |from: &crate::support::office::Person, id| {
        vec![
            letter(from, &bob, id),
            letter(from, if from.device == laptop.device { &mallory } else { &laptop }, id + 100),
        ]
    };
    for (from, id) in [(&mallory, 1), (&laptop, 2)] {
        assert_eq!(office.posts(from, post(from, id)).await.status(), Status::Created);
    }
    for (from, id) in [(&mallory, 3), (&laptop, 4)] {
        assert_eq!(problem(office.posts(from, post(from, id)).await).await, ProblemCode::MailboxFull);
    }
    assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, 5)]).await.status(), Status::Created);
}
