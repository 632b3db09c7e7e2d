//! What holds for one post to many accounts, whatever keeps the mailboxes.

#![allow(dead_code)] // Each test program uses its part.

use crate::support::office::{NOW_MS, Office, Person, letter, problem, problem_for};
use cliquet_wire::{
    bytes::{Blob, Bytes},
    delivery_token::DeliveryToken,
    envelope::{Envelope, MessagesSent, SendMessages},
    limits::{DEVICES_MAX, ENVELOPES_PER_POST_MAX, GROUP_MEMBERS_MAX, POST_BYTES_MAX},
    problem::ProblemCode,
};
use rocket::{
    figment::{Figment, providers::Serialized},
    http::Status,
};

/// The token of every member.
pub(crate) fn token() -> DeliveryToken {
    DeliveryToken(Bytes([0x5a; 16]))
}

/// Alice, and members who know her by the token alone.
fn group(office: &Office, accounts: usize, devices: usize) -> (Person, Vec<Person>) {
    let (alice, members) = (office.person("alice"), office.crowd(accounts, devices));
    members.iter().step_by(devices).for_each(|member| office.has_token(member, Some(&token())));
    (alice, members)
}

/// A letter to each, and their tokens.
fn post(from: &Person, to: &[Person], first: u128) -> SendMessages {
    let envelopes = (first..).zip(to).map(|(id, to)| letter(from, to, id)).collect();
    let others = to.iter().filter(|to| to.account_id != from.account_id);
    let tokens = others.map(|to| (to.email.clone(), token())).collect();
    SendMessages { envelopes, tokens, urgent: false }
}

fn text(post: &SendMessages) -> String {
    serde_json::to_string(post).unwrap()
}

/// How many letters each has.
async fn waiting(office: &Office, who: &[Person]) -> Vec<usize> {
    let mut counts = Vec::new();
    for one in who {
        counts.push(office.fetches(one, 0).await.deliveries.len());
    }
    counts
}

pub(crate) async fn four_hundred_envelopes_are_one_post_and_one_more_is_none(settings: Figment) {
    let office = Office::open_with(settings).await;
    let (alice, mut members) = group(&office, GROUP_MEMBERS_MAX - 1, DEVICES_MAX);
    // More of her own devices than an account may have, so that the bound of the post itself is met.
    members.extend((0..DEVICES_MAX).map(|_| office.another_device(&alice)));
    assert_eq!(members.len(), ENVELOPES_PER_POST_MAX);
    let largest = post(&alice, &members, 1);
    for seconds in 0..2 {
        office.set_time(NOW_MS + seconds * 1_000);
        let response = office.posts_text(&alice, text(&largest)).await;
        assert_eq!(response.status(), Status::Created);
        assert_eq!(response.into_json::<MessagesSent>().await.unwrap().timestamp, NOW_MS, "a retry");
    }
    assert_eq!(waiting(&office, &members).await, [1; ENVELOPES_PER_POST_MAX]);
    members.push(office.another_device(&alice));
    let past = office.posts_text(&alice, text(&post(&alice, &members, 1_000))).await;
    assert_eq!(problem(past).await, ProblemCode::TooLarge);
    assert_eq!(waiting(&office, &members[..3]).await, [1; 3], "nothing of it was kept");
}

pub(crate) async fn fifty_accounts_are_one_post_and_one_more_is_none(settings: Figment) {
    let office = Office::open_with(settings).await;
    let (alice, members) = group(&office, GROUP_MEMBERS_MAX + 1, 1);
    let past = office.posts_text(&alice, text(&post(&alice, &members, 1))).await;
    assert_eq!(problem(past).await, ProblemCode::TooLarge);
    assert_eq!(waiting(&office, &members).await, [0; GROUP_MEMBERS_MAX + 1]);
    let at_the_limit = office.posts_text(&alice, text(&post(&alice, &members[1..], 100))).await;
    assert_eq!(at_the_limit.status(), Status::Created);
    assert_eq!(waiting(&office, &members[1..]).await, [1; GROUP_MEMBERS_MAX]);
}

pub(crate) async fn four_mebibytes_are_one_post_and_one_byte_more_is_none(settings: Figment) {
    let office = Office::open_with(settings).await;
    let (alice, members) = group(&office, GROUP_MEMBERS_MAX, DEVICES_MAX);
    let sized = |envelope: Envelope, steps: usize| Envelope { ciphertext: Blob(vec![3; 160 * steps + 16]), ..envelope };
    let of_steps = |steps: usize, first| {
        let SendMessages { envelopes, tokens, urgent } = post(&alice, &members, first);
        let envelopes = envelopes.into_iter().map(|envelope| sized(envelope, steps)).collect();
        text(&SendMessages { envelopes, tokens, urgent })
    };
    // About as many padding steps as fit, and spaces for the rest.
    let (one, two) = (of_steps(1, 1).len(), of_steps(2, 1).len());
    let steps = (POST_BYTES_MAX - one) / (two - one);
    let filled = |text: String, bytes: usize| format!("{text}{}", " ".repeat(bytes - text.len()));
    let past = office.posts_text(&alice, filled(of_steps(steps, 1), POST_BYTES_MAX + 1)).await;
    assert_eq!(problem(past).await, ProblemCode::TooLarge);
    assert_eq!(waiting(&office, &members[..3]).await, [0; 3]);
    let largest = office.posts_text(&alice, filled(of_steps(steps, 1), POST_BYTES_MAX)).await;
    assert_eq!(largest.status(), Status::Created);
    assert_eq!(waiting(&office, &members).await, [1; ENVELOPES_PER_POST_MAX]);
}

/// Whatever the reason, and whichever of them it is: nobody gets anything, and all who refuse are named.
pub(crate) async fn a_post_that_some_refuse_is_kept_for_nobody_and_names_them_all(settings: Figment) {
    let office = Office::open_with(settings.merge(small_mailboxes())).await;
    let (alice, members) = group(&office, 6, 2);
    let account = |number: usize| &members[2 * number];
    let refused = async |post: SendMessages, code: ProblemCode, named: &[usize]| {
        let before = waiting(&office, &members).await;
        let (said, accounts) = problem_for(office.posts_text(&alice, text(&post)).await).await;
        let named: Vec<_> = named.iter().map(|number| account(*number).email.to_string()).collect();
        assert_eq!((said, accounts), (code, named));
        assert_eq!(waiting(&office, &members).await, before, "{code:?}");
    };
    // Two who do not know her, of which one does not exist.
    let mut strangers = post(&alice, &members, 1);
    strangers.tokens.remove(&account(1).email);
    let nobody = "nobody@example.org".parse().unwrap();
    strangers.envelopes.push(Envelope { receiver_email: nobody, ..letter(&alice, account(0), 50) });
    strangers.envelopes[12].receiver_device = cliquet_wire::ids::DeviceId::from_random([9; 16]);
    let (said, accounts) = problem_for(office.posts_text(&alice, text(&strangers)).await).await;
    assert_eq!(
        (said, accounts),
        (ProblemCode::NotAContact, ["member1@example.org", "nobody@example.org"].map(String::from).to_vec())
    );
    assert_eq!(waiting(&office, &members).await, [0; 12]);
    // Two of whose devices one is missing, and one who has blocked her: those who do not take it come first.
    let mut changed = post(&alice, &members, 100);
    changed.envelopes.remove(10);
    changed.envelopes.remove(4);
    office.blocks(account(3), &alice);
    refused(changed.clone(), ProblemCode::NotAContact, &[3]).await;
    changed.envelopes.retain(|envelope| envelope.receiver_email != account(3).email);
    changed.tokens.remove(&account(3).email);
    refused(changed, ProblemCode::DevicesChanged, &[2, 5]).await;
    // Two whose mailbox is full: one has no room, the other none for her.
    let carol = office.person("carol");
    for id in 0..4 {
        let one = &members[..2];
        assert_eq!(office.posts_text(&carol, text(&post(&carol, one, 200 + 2 * id))).await.status(), Status::Created);
        let other = &members[8..10];
        let own = office.posts_text(&alice, text(&post(&alice, other, 300 + 2 * id))).await;
        assert_eq!(own.status(), Status::Created);
    }
    for id in 0..4 {
        let dave = office.person(&format!("dave{id}"));
        let sent = office.posts_text(&dave, text(&post(&dave, &members[..2], 400 + 2 * id))).await;
        assert_eq!(sent.status(), Status::Created);
    }
    let reachable: Vec<_> = [&members[..6], &members[8..]].concat();
    refused(post(&alice, &reachable, 500), ProblemCode::MailboxFull, &[0, 4]).await;
    let rest = [&members[2..6], &members[10..]].concat();
    assert_eq!(office.posts_text(&alice, text(&post(&alice, &rest, 600))).await.status(), Status::Created);
    assert_eq!(waiting(&office, &rest).await, [1; 6]);
}

/// Eight letters, of which one sender has four.
fn small_mailboxes() -> Figment {
    let limits = serde_json::json!({ "mailbox_limits": { "envelopes_max": 8, "sender_percent": 50 } });
    Figment::from(Serialized::defaults(limits))
}

/// Who has used up what strangers take is refused for all of them at once.
pub(crate) async fn strangers_who_have_not_answered_are_named_too(settings: Figment) {
    let limits = serde_json::json!({ "mailbox_limits": { "stranger_envelopes": 2 } });
    let office = Office::open_with(settings.merge(Serialized::defaults(limits))).await;
    let (alice, members) = (office.person("alice"), office.crowd(3, 1));
    members.iter().for_each(|member| office.adds(&alice, member));
    let unknown = |to: &[Person], first| SendMessages { tokens: Default::default(), ..post(&alice, to, first) };
    for round in 0..2 {
        let sent = office.posts_text(&alice, text(&unknown(&members[..2], 10 * round))).await;
        assert_eq!(sent.status(), Status::Created);
    }
    let (said, accounts) = problem_for(office.posts_text(&alice, text(&unknown(&members, 100))).await).await;
    let named = ["member0@example.org", "member1@example.org"].map(String::from).to_vec();
    assert_eq!((said, accounts), (ProblemCode::Unanswered, named));
    assert_eq!(waiting(&office, &members).await, [2, 2, 0]);
    // One of them has answered since; of the other there is the token.
    office.adds(&members[0], &alice);
    office.has_token(&members[1], Some(&token()));
    let mut third = unknown(&members, 200);
    third.tokens.insert(members[1].email.clone(), token());
    assert_eq!(office.posts_text(&alice, text(&third)).await.status(), Status::Created);
    assert_eq!(waiting(&office, &members).await, [3, 3, 1]);
}
