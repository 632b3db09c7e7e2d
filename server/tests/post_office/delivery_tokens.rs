//! Posts to accounts that have not added the sender, with and without their delivery tokens.

use crate::support::office::{Office, Person, bearer, letter, problem};
use cliquet_wire::{
    bytes::Bytes,
    delivery_token::{DeliveryToken, DeliveryTokenHash, ReplaceDeliveryToken},
    problem::ProblemCode,
};
use rocket::{figment::Figment, http::Status};

fn token(byte: u8) -> DeliveryToken {
    DeliveryToken(Bytes([byte; 16]))
}

/// The answer to a replacement of one token, or none, by another, or none.
async fn replaces(office: &Office, who: &Person, old: Option<u8>, new: Option<u8>) -> Result<(), ProblemCode> {
    let hash = |byte: Option<u8>| byte.map(|byte| token(byte).hash());
    let body = ReplaceDeliveryToken { hash: hash(new), replaces: hash(old) };
    let response = office.client.put("/delivery-token").header(bearer(who)).json(&body).dispatch().await;
    if response.status() == Status::NoContent { Ok(()) } else { Err(problem(response).await) }
}

async fn kept(office: &Office, who: &Person) -> DeliveryTokenHash {
    office.client.get("/delivery-token").header(bearer(who)).dispatch().await.into_json().await.unwrap()
}

/// Requirement: G11
#[rocket::async_test]
async fn a_token_replaces_the_one_that_it_names_and_no_other() {
    let office = Office::open().await;
    let alice = office.person("alice");
    let tablet = office.another_device(&alice);
    assert_eq!(kept(&office, &alice).await, DeliveryTokenHash { hash: None });
    assert_eq!(replaces(&office, &alice, Some(9), Some(1)).await, Err(ProblemCode::DeliveryTokenOutdated));
    assert_eq!(replaces(&office, &alice, None, Some(1)).await, Ok(()));
    // The other device was slower.
    assert_eq!(replaces(&office, &tablet, None, Some(2)).await, Err(ProblemCode::DeliveryTokenOutdated));
    assert_eq!(kept(&office, &tablet).await, DeliveryTokenHash { hash: Some(token(1).hash()) });
    assert_eq!(replaces(&office, &alice, None, Some(1)).await, Ok(()), "the same again: its answer was lost");
    assert_eq!(replaces(&office, &tablet, Some(1), Some(2)).await, Ok(()));
    assert_eq!(replaces(&office, &alice, Some(1), None).await, Err(ProblemCode::DeliveryTokenOutdated));
    assert_eq!(replaces(&office, &alice, Some(2), None).await, Ok(()));
    assert_eq!(replaces(&office, &tablet, Some(2), None).await, Ok(()), "there is none already");
    assert_eq!(kept(&office, &alice).await, DeliveryTokenHash { hash: None });
    let mut nobody = alice.clone();
    nobody.token = "A".repeat(43);
    assert_eq!(replaces(&office, &nobody, None, Some(1)).await, Err(ProblemCode::SignedOut));
    assert_eq!(kept(&office, &office.person("bob")).await, DeliveryTokenHash { hash: None }, "it is one account's");
}

/// Requirement: G11
#[rocket::async_test]
async fn the_right_token_lets_a_stranger_write_and_every_other_one_answers_like_none() {
    let office = Office::open().await;
    let (alice, bob, carol) = (office.person("alice"), office.person("bob"), office.person("carol"));
    assert_eq!(replaces(&office, &bob, None, Some(1)).await, Ok(()));
    assert_eq!(replaces(&office, &carol, None, Some(2)).await, Ok(()));
    let refusal = async |to: &Person, shown: Option<&DeliveryToken>, id| {
        let tokens: Vec<_> = shown.map(|token| (to, token)).into_iter().collect();
        let response = office.posts_with(&alice, vec![letter(&alice, to, id)], &tokens).await;
        (response.status(), response.into_string().await.unwrap().replace(to.email.as_str(), "them"))
    };
    let without = refusal(&bob, None, 1).await;
    assert_eq!(without.0, Status::Forbidden);
    let nobody = Person { email: "nobody@example.org".parse().unwrap(), ..bob.clone() };
    for (to, shown, what) in [
        (&bob, Some(token(3)), "a wrong one"),
        (&bob, Some(token(2)), "another account's"),
        (&carol, Some(token(1)), "another account's"),
        (&nobody, Some(token(1)), "for an address without an account"),
        (&nobody, None, "an address without an account"),
    ] {
        assert_eq!(refusal(to, shown.as_ref(), 2).await, without, "{what}");
    }
    // As many as a contact sends, and not the twenty of somebody who has not answered.
    for id in 10..40 {
        let sent = office.posts_with(&alice, vec![letter(&alice, &bob, id)], &[(&bob, &token(1))]).await;
        assert_eq!(sent.status(), Status::Created);
    }
    assert_eq!(office.fetches(&bob, 0).await.deliveries.len(), 30);
    // All devices are named with the token too.
    let tablet = office.another_device(&bob);
    let one = office.posts_with(&alice, vec![letter(&alice, &bob, 50)], &[(&bob, &token(1))]).await;
    assert_eq!(problem(one).await, ProblemCode::DevicesChanged);
    let both = vec![letter(&alice, &bob, 51), letter(&alice, &tablet, 52)];
    assert_eq!(office.posts_with(&alice, both, &[(&bob, &token(1))]).await.status(), Status::Created);
    // The token of somebody who gets nothing is a mistake.
    let stray = office.posts_with(&alice, vec![letter(&alice, &bob, 60)], &[(&carol, &token(2))]).await;
    assert_eq!(problem(stray).await, ProblemCode::Malformed);
}

/// Requirement: G11
#[rocket::async_test]
async fn a_token_that_was_replaced_stops_at_once_also_where_it_was_remembered() {
    let office = Office::open().await;
    // Another server on the same accounts.
    let beside = office.beside(Figment::new()).await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    let mut id = 0;
    let mut status = async |at: &Office, byte| {
        id += 1;
        at.posts_with(&alice, vec![letter(&alice, &bob, id)], &[(&bob, &token(byte))]).await.status()
    };
    assert_eq!(replaces(&office, &bob, None, Some(1)).await, Ok(()));
    for (round, at) in [&office, &beside, &office, &beside].into_iter().enumerate() {
        let old = u8::try_from(round).unwrap() + 1;
        // The second time from memory.
        assert_eq!([status(&office, old).await, status(&office, old).await], [Status::Created; 2]);
        assert_eq!(replaces(at, &bob, Some(old), Some(old + 1)).await, Ok(()));
        assert_eq!(status(&office, old).await, Status::Forbidden);
        assert_eq!(status(&office, old + 1).await, Status::Created);
    }
    assert_eq!(replaces(&beside, &bob, Some(5), None).await, Ok(()));
    assert_eq!(status(&office, 5).await, Status::Forbidden);
}

/// Requirement: G11
#[rocket::async_test]
async fn who_is_blocked_is_refused_even_with_the_token_and_who_is_a_contact_needs_none() {
    let office = Office::open().await;
    let (alice, bob, carol) = (office.person("alice"), office.person("bob"), office.person("carol"));
    assert_eq!(replaces(&office, &bob, None, Some(1)).await, Ok(()));
    let send = async |who: &Person, shown: u8, id| {
        office.posts_with(who, vec![letter(who, &bob, id)], &[(&bob, &token(shown))]).await
    };
    assert_eq!(send(&alice, 1, 1).await.status(), Status::Created);
    office.blocks(&bob, &alice);
    assert_eq!(problem(send(&alice, 1, 2).await).await, ProblemCode::NotAContact);
    // A contact's old or wrong token does no harm.
    office.adds(&carol, &bob);
    office.adds(&bob, &carol);
    assert_eq!(send(&carol, 9, 3).await.status(), Status::Created);
    assert_eq!(office.posts(&carol, vec![letter(&carol, &bob, 4)]).await.status(), Status::Created);
    office.blocks(&bob, &carol);
    assert_eq!(problem(send(&carol, 1, 5).await).await, ProblemCode::NotAContact);
    assert_eq!(office.fetches(&bob, 0).await.deliveries.len(), 3);
}

/// A bearer whose request was not answered is no stranger while the token counts, and is one without it.
#[rocket::async_test]
async fn a_token_lifts_the_limit_of_strangers_and_no_other() {
    let limits = serde_json::json!({ "mailbox_limits": { "envelopes_max": 40, "stranger_envelopes": 2 } });
    let office = Office::open_with(Figment::from(rocket::figment::providers::Serialized::defaults(limits))).await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    assert_eq!(replaces(&office, &bob, None, Some(1)).await, Ok(()));
    for id in 1..=2 {
        assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, id)]).await.status(), Status::Created);
    }
    assert_eq!(problem(office.posts(&alice, vec![letter(&alice, &bob, 3)]).await).await, ProblemCode::Unanswered);
    let with = async |id| office.posts_with(&alice, vec![letter(&alice, &bob, id)], &[(&bob, &token(1))]).await;
    for id in 3..=10 {
        assert_eq!(with(id).await.status(), Status::Created, "a quarter of forty is hers");
    }
    assert_eq!(problem(with(11).await).await, ProblemCode::MailboxFull);
    assert_eq!(problem(office.posts(&alice, vec![letter(&alice, &bob, 12)]).await).await, ProblemCode::Unanswered);
}
