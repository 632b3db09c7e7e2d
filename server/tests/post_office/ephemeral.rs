//! Signals that are handed to who is there, and otherwise dropped.

use crate::support::{
    folder::files_under,
    letters::holds_a_signal,
    office::{Office, Person, bearer, letter, problem, signal},
};
use cliquet_wire::{
    bytes::Bytes,
    delivery_token::DeliveryToken,
    ephemeral::{EphemeralEnvelope, SendEphemeral},
    limits::{
        ADDRESS_BYTES_MAX, DEVICES_MAX, EPHEMERAL_ACCOUNTS_MAX, EPHEMERAL_CIPHERTEXT_BYTES_MAX, EPHEMERAL_PER_POST_MAX,
        POLL_SECONDS_MAX,
    },
    poll::PollAnswer,
    problem::ProblemCode,
};
use rocket::{
    figment::Figment,
    http::Status,
    tokio::{join, time::sleep},
};
use std::time::{Duration, Instant};

/// One padding step and the tag.
const BYTES: usize = 160 + 16;
/// A lost signal would be waited for until here.
const LONG_SECONDS: u32 = POLL_SECONDS_MAX;
const AT_ONCE: Duration = Duration::from_secs(40);

async fn shortly() {
    sleep(Duration::from_millis(200)).await;
}

/// Somebody polls; meanwhile somebody sends signals, which are taken.
async fn polls_while(office: &Office, who: &Person, from: &Person, signals: Vec<EphemeralEnvelope>) -> PollAnswer {
    let start = Instant::now();
    let sending = async {
        shortly().await;
        assert_eq!(office.signals(from, signals).await.status(), Status::NoContent);
    };
    let (answer, ()) = join!(office.polls(who, 0, LONG_SECONDS), sending);
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    answer.into_json().await.unwrap()
}

/// Everything that the data folder holds.
fn on_the_disk(office: &Office) -> Vec<u8> {
    files_under(office.folder.path()).into_iter().flat_map(|(_, bytes)| bytes).collect()
}

#[rocket::async_test]
async fn a_held_poll_is_handed_the_signal_and_nothing_stays() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    let phone = office.another_device(&bob);
    let signals = vec![signal(&alice, &bob, BYTES), signal(&alice, &phone, BYTES)];
    let answer = polls_while(&office, &bob, &alice, signals).await;
    assert_eq!(answer, PollAnswer { deliveries: vec![], ephemeral: vec![signal(&alice, &bob, BYTES)] });
    // It is not given twice, and the other device was not there.
    assert_eq!(office.fetches(&bob, 0).await, PollAnswer::default());
    assert_eq!(office.fetches(&phone, 0).await, PollAnswer::default());
    assert!(!holds_a_signal(&on_the_disk(&office)));
    assert!(holds_a_signal(serde_json::to_string(&answer).unwrap().as_bytes()), "the search finds what is there");
}

#[rocket::async_test]
async fn a_signal_for_nobody_is_answered_alike_and_dropped() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    let response = office.signals(&alice, vec![signal(&alice, &bob, BYTES)]).await;
    assert_eq!((response.status(), response.into_string().await), (Status::NoContent, None));
    shortly().await;
    assert_eq!(office.fetches(&bob, 0).await, PollAnswer::default());
    assert!(!holds_a_signal(&on_the_disk(&office)));
}

#[rocket::async_test]
async fn a_poll_that_brings_only_a_signal_leaves_the_cursor_where_it_is() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    office.posts(&alice, vec![letter(&alice, &bob, 1)]).await;
    let cursor = office.fetches(&bob, 0).await.deliveries[0].cursor;
    let sending = async {
        shortly().await;
        office.signals(&alice, vec![signal(&alice, &bob, BYTES)]).await;
        shortly().await;
        office.posts(&alice, vec![letter(&alice, &bob, 2)]).await;
    };
    let (first, ()) = join!(office.polls(&bob, cursor, LONG_SECONDS), sending);
    let first: PollAnswer = first.into_json().await.unwrap();
    assert_eq!((first.deliveries.len(), first.ephemeral.len()), (0, 1));
    let second = office.fetches(&bob, cursor).await;
    assert_eq!((second.deliveries.len(), second.ephemeral.len()), (1, 0));
    assert!(second.deliveries[0].cursor > cursor);
}

/// Requirement: S1
#[rocket::async_test]
async fn strangers_blocked_senders_and_unknown_addresses_are_refused_alike() {
    let office = Office::open().await;
    let (alice, bob, carol) = (office.person("alice"), office.person("bob"), office.person("carol"));
    office.adds(&alice, &bob);
    office.blocks(&bob, &alice);
    let mut nobody = signal(&carol, &bob, BYTES);
    nobody.receiver_email = "nobody@example.org".parse().unwrap();
    for (who, signal) in
        [(&alice, signal(&alice, &bob, BYTES)), (&carol, signal(&carol, &bob, BYTES)), (&carol, nobody)]
    {
        let refused = async {
            shortly().await;
            problem(office.signals(who, vec![signal]).await).await
        };
        let (answer, refused) = join!(office.polls(&bob, 0, 1), refused);
        assert_eq!(refused, ProblemCode::NotAContact);
        assert_eq!(answer.into_json::<PollAnswer>().await.unwrap(), PollAnswer::default());
    }
}

#[rocket::async_test]
async fn a_contact_who_blocks_is_out_of_reach_from_then_on() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    let send = || async { office.signals(&alice, vec![signal(&alice, &bob, BYTES)]).await.status() };
    assert_eq!(send().await, Status::NoContent);
    office.blocks(&bob, &alice);
    assert_eq!(send().await, Status::Forbidden);
}

#[rocket::async_test]
async fn nobody_signals_as_another_to_themselves_or_to_devices_that_are_not_there() {
    let office = Office::open().await;
    let (alice, bob, carol) = (office.person("alice"), office.person("bob"), office.person("carol"));
    office.adds(&alice, &bob);
    office.adds(&alice, &carol);
    let laptop = office.another_device(&alice);
    let refused = |signals: Vec<EphemeralEnvelope>| async { problem(office.signals(&alice, signals).await).await };
    let good = || signal(&alice, &bob, BYTES);
    assert_eq!(refused(vec![signal(&bob, &bob, BYTES)]).await, ProblemCode::WrongSender);
    assert_eq!(refused(vec![signal(&laptop, &bob, BYTES)]).await, ProblemCode::WrongSender);
    assert_eq!(refused(vec![signal(&alice, &laptop, BYTES)]).await, ProblemCode::OwnAddress);
    assert_eq!(refused(vec![]).await, ProblemCode::Malformed);
    assert_eq!(refused(vec![good(), good()]).await, ProblemCode::Malformed, "one for each device");
    assert_eq!(refused(vec![EphemeralEnvelope { v: 2, ..good() }]).await, ProblemCode::Malformed);
    let other = EphemeralEnvelope { receiver_device: carol.device, ..good() };
    assert_eq!(refused(vec![good(), other]).await, ProblemCode::DevicesChanged);
    let phone = office.another_device(&bob);
    assert_eq!(office.signals(&alice, vec![signal(&alice, &phone, BYTES)]).await.status(), Status::NoContent);
    office.revokes(&phone);
    assert_eq!(refused(vec![signal(&alice, &phone, BYTES)]).await, ProblemCode::DevicesChanged);
}

#[rocket::async_test]
async fn a_signal_is_taken_at_its_largest_and_not_a_step_past_it() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    let send = |bytes| office.signals(&alice, vec![signal(&alice, &bob, bytes)]);
    assert_eq!(send(EPHEMERAL_CIPHERTEXT_BYTES_MAX).await.status(), Status::NoContent);
    assert_eq!(problem(send(EPHEMERAL_CIPHERTEXT_BYTES_MAX + 160).await).await, ProblemCode::TooLarge);
    for bytes in [0, 16, 160, BYTES + 1] {
        assert_eq!(problem(send(bytes).await).await, ProblemCode::Malformed, "{bytes}");
    }
}

#[rocket::async_test]
async fn a_post_of_the_largest_signals_for_every_device_is_taken_and_not_one_more() {
    let office = Office::open().await;
    let local = |letter: &str| letter.repeat(64);
    let domain = |letter: &str| [letter.repeat(62), letter.repeat(62), letter.repeat(60)].join(".") + ".ch";
    let long = |letter: &str| format!("{}@{}", local(letter), domain(letter));
    assert_eq!(long("a").len(), ADDRESS_BYTES_MAX);
    let alice = office.person_at(&long("a"));
    let mut devices = Vec::new();
    for number in 0..EPHEMERAL_ACCOUNTS_MAX {
        let member = office.person_at(&long(char::from(b'b' + u8::try_from(number).unwrap()).encode_utf8(&mut [0; 4])));
        office.has_token(&member, Some(&token(1)));
        devices.push(member.clone());
        devices.extend((1..DEVICES_MAX).map(|_| office.another_device(&member)));
    }
    assert_eq!(devices.len(), EPHEMERAL_PER_POST_MAX);
    let tokens: std::collections::BTreeMap<_, _> =
        devices.iter().map(|device| (device.email.clone(), token(1))).collect();
    let envelopes: Vec<_> =
        devices.iter().map(|device| signal(&alice, device, EPHEMERAL_CIPHERTEXT_BYTES_MAX)).collect();
    let largest = SendEphemeral { envelopes: envelopes.clone(), tokens };
    let last = devices.last().unwrap();
    let sending = async {
        shortly().await;
        assert_eq!(office.signals_with(&alice, largest.clone()).await.status(), Status::NoContent);
    };
    let (answer, ()) = join!(office.polls(last, 0, LONG_SECONDS), sending);
    let answer: PollAnswer = answer.into_json().await.unwrap();
    assert_eq!(answer.ephemeral, envelopes.last().cloned().into_iter().collect::<Vec<_>>());

    let one_more = |device: &Person| {
        let mut post = largest.clone();
        post.envelopes.push(signal(&alice, device, BYTES));
        post
    };
    assert_eq!(problem(office.signals_with(&alice, one_more(last)).await).await, ProblemCode::TooLarge);
    // As few envelopes, but for one account more.
    let zoe = office.person_at(&long("z"));
    let mut post = one_more(&zoe);
    post.envelopes.remove(0);
    assert_eq!(problem(office.signals_with(&alice, post).await).await, ProblemCode::TooLarge);
}

fn token(byte: u8) -> DeliveryToken {
    DeliveryToken(Bytes([byte; 16]))
}

#[rocket::async_test]
async fn a_signal_reaches_members_by_their_tokens_and_leaves_out_who_cannot_be_reached() {
    let office = Office::open().await;
    let (alice, bob, carol) = (office.person("alice"), office.person("bob"), office.person("carol"));
    office.adds(&alice, &bob);
    office.has_token(&carol, Some(&token(1)));
    let post = |byte: Option<u8>| SendEphemeral {
        envelopes: vec![signal(&alice, &bob, BYTES), signal(&alice, &carol, BYTES)],
        tokens: byte.map(|byte| (carol.email.clone(), token(byte))).into_iter().collect(),
    };
    let heard = async |post: SendEphemeral| {
        let sending = async {
            shortly().await;
            assert_eq!(office.signals_with(&alice, post).await.status(), Status::NoContent);
        };
        let (bobs, carols, ()) = join!(office.polls(&bob, 0, 2), office.polls(&carol, 0, 2), sending);
        let [bobs, carols] = [bobs.into_json::<PollAnswer>().await, carols.into_json().await];
        [bobs.unwrap().ephemeral.len(), carols.unwrap().ephemeral.len()]
    };
    assert_eq!(heard(post(None)).await, [1, 0]);
    assert_eq!(heard(post(Some(2))).await, [1, 0], "with another token");
    assert_eq!(heard(post(Some(1))).await, [1, 1]);
    // A member whom nobody knows by that token any more.
    office.has_token(&carol, Some(&token(3)));
    assert_eq!(heard(post(Some(1))).await, [1, 0]);
    // A blocked one is not heard, whatever they know.
    office.blocks(&carol, &alice);
    assert_eq!(heard(post(Some(3))).await, [1, 0]);

    let alone = SendEphemeral { envelopes: vec![signal(&alice, &carol, BYTES)], ..post(Some(2)) };
    assert_eq!(problem(office.signals_with(&alice, alone).await).await, ProblemCode::NotAContact);
    let of_nobody = SendEphemeral { envelopes: vec![signal(&alice, &bob, BYTES)], ..post(Some(1)) };
    assert_eq!(problem(office.signals_with(&alice, of_nobody).await).await, ProblemCode::Malformed);
}

#[rocket::async_test]
async fn a_body_past_its_size_is_refused_unread() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    let largest = SendEphemeral { envelopes: vec![signal(&alice, &bob, BYTES)], ..SendEphemeral::default() };
    let mut body = serde_json::to_string(&largest).unwrap();
    body.push_str(&" ".repeat(cliquet_server::config::sizes::EPHEMERAL - body.len()));
    let post = |body: String| office.client.post("/ephemeral").header(bearer(&alice)).body(body).dispatch();
    assert_eq!(post(body.clone()).await.status(), Status::NoContent);
    body.push(' ');
    assert_eq!(problem(post(body).await).await, ProblemCode::TooLarge);
}

#[rocket::async_test]
async fn signals_are_throttled_for_each_account() {
    let office = Office::open_with(Figment::new().merge(("throttles.ephemeral_per_account_hour", 2))).await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    office.adds(&bob, &alice);
    let send = async |from: &Person, to: &Person| office.signals(from, vec![signal(from, to, BYTES)]).await.status();
    assert_eq!(send(&alice, &bob).await, Status::NoContent);
    assert_eq!(send(&alice, &bob).await, Status::NoContent);
    assert_eq!(send(&alice, &bob).await, Status::TooManyRequests);
    assert_eq!(send(&bob, &alice).await, Status::NoContent);
}

#[rocket::async_test]
async fn a_post_of_signals_counts_once_for_each_sixteen_envelopes() {
    let office = Office::open_with(Figment::new().merge(("throttles.ephemeral_per_account_hour", 3))).await;
    let (alice, bob, carol, dave) =
        (office.person("alice"), office.person("bob"), office.person("carol"), office.person("dave"));
    let mut signals = Vec::new();
    for member in [&bob, &carol, &dave] {
        office.adds(&alice, member);
        let others = (1..DEVICES_MAX).map(|_| office.another_device(member));
        signals.extend([member.clone()].into_iter().chain(others).map(|device| signal(&alice, &device, BYTES)));
    }
    let send = async |count| office.signals(&alice, signals.iter().take(count).cloned().collect()).await.status();
    assert_eq!(send(16).await, Status::NoContent);
    assert_eq!(send(17).await, Status::NoContent);
    assert_eq!(send(1).await, Status::TooManyRequests);
}

#[rocket::async_test]
async fn a_signal_for_a_poll_that_was_taken_over_goes_to_the_newer() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    let newer = async {
        shortly().await;
        polls_while(&office, &bob, &alice, vec![signal(&alice, &bob, BYTES)]).await
    };
    let (older, newer) = join!(office.polls(&bob, 0, LONG_SECONDS), newer);
    assert_eq!(older.into_json::<PollAnswer>().await.unwrap(), PollAnswer::default());
    assert_eq!(newer.ephemeral.len(), 1);
}

#[rocket::async_test]
async fn without_a_sign_in_nobody_signals() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    let stranger = Person { token: "x".to_owned(), ..alice.clone() };
    let refused = office.signals(&stranger, vec![signal(&alice, &bob, BYTES)]).await;
    assert_eq!(problem(refused).await, ProblemCode::SignedOut);
}
