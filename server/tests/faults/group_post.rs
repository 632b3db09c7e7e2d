//! R1 for a post to a whole group: the server is killed at every stage of it, and everybody has it or nobody.

use crate::support::{
    http::{Client, request},
    program::Program,
    seeded::{Person, letter, seeded, serve},
};
use cliquet_wire::{
    bytes::{Blob, Bytes},
    delivery_token::{DeliveryToken, ReplaceDeliveryToken},
    envelope::{Envelope, SendMessages},
    limits::GROUP_MEMBERS_MAX,
    poll::PollAnswer,
};
use std::{io::Write, net::TcpStream, thread, time::Duration};

const KILLS: u64 = 16;

fn token() -> DeliveryToken {
    DeliveryToken(Bytes([0x5a; 16]))
}

/// Everybody but the first may be written to by who has the token.
fn sets_tokens(server: &Program, people: &[Person]) {
    let body = ReplaceDeliveryToken { hash: Some(token().hash()), replaces: None };
    let body = serde_json::to_string(&body).unwrap();
    for person in &people[1..] {
        let answer = Client::to(server.address()).ask("PUT", "/delivery-token", &person.token, &body).unwrap();
        assert_eq!(answer.status, 204, "{answer:?}");
    }
}

/// A post of a megabyte and a half from the first to all others.
fn post(number: u64, people: &[Person]) -> String {
    let (from, others) = people.split_first().unwrap();
    let ciphertext = Blob(vec![7; 160 * 150 + 16]);
    let letters = others.iter().enumerate().map(|(place, to)| Envelope {
        ciphertext: ciphertext.clone(),
        ..letter(number * 1_000 + place as u64, from, to)
    });
    let envelopes = letters.collect();
    let tokens = others.iter().map(|to| (to.email.clone(), token())).collect();
    serde_json::to_string(&SendMessages { envelopes, tokens }).unwrap()
}

/// How many letters each of the others has.
fn waiting(server: &Program, people: &[Person]) -> Vec<usize> {
    let mut client = Client::to(server.address());
    let mut count = |person: &Person| {
        let answer = client.post("/poll", &person.token, r#"{"cursor":0,"wait_seconds":0}"#).unwrap();
        serde_json::from_str::<PollAnswer>(&answer.body).unwrap().deliveries.len()
    };
    people[1..].iter().map(&mut count).collect()
}

/// Requirement: G10
#[test]
fn r1_killed_in_the_middle_of_a_post_to_a_group_it_has_all_of_it_or_none() {
    let (folder, people) = seeded(GROUP_MEMBERS_MAX);
    let mut server = serve(folder.path(), "sqlite");
    sets_tokens(&server, &people);
    let (mut kept, mut lost) = (0, 0);
    for kill in 0..KILLS {
        let body = post(kill, &people);
        // Nobody waits for the answer: it is killed a little later each time.
        let mut connection = TcpStream::connect(server.address()).unwrap();
        let whole = request(server.address(), "POST", "/messages", &people[0].token, &body);
        connection.write_all(whole.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(kill * 20));
        server.kill();
        server.start_again();
        let before = usize::try_from(kill).unwrap();
        let counts = waiting(&server, &people);
        let has_it = counts[0] > before;
        let expected = before + usize::from(has_it);
        assert!(counts.iter().all(|count| *count == expected), "kill {kill}: {counts:?}");
        if has_it {
            kept += 1
        } else {
            lost += 1
        }
        // The sender, who was not answered, posts again.
        let answer = Client::to(server.address()).post("/messages", &people[0].token, &body).unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(waiting(&server, &people), vec![before + 1; people.len() - 1], "kill {kill}");
    }
    println!("group post: {KILLS} kills, {kept} had all of it, {lost} nothing");
    assert_eq!(crate::kill::integrity(&server), ["ok", "ok"]);
}

/// Not even the log of a developer, which has every path.
#[test]
fn no_log_holds_a_delivery_token() {
    let (folder, people) = seeded(3);
    let server = Program::start(folder.path(), &[("ROCKET_LOG_LEVEL", "debug")]);
    sets_tokens(&server, &people);
    let (me, them) = (&people[0], &people[1]);
    let mut client = Client::to(server.address());
    let shown = serde_json::to_string(&token()).unwrap();
    assert_eq!(client.post("/messages", &me.token, &post(1, &people)).unwrap().status, 201);
    let path = format!("/contacts/{}", them.email);
    let directory = format!(r#"{{"token":{shown}}}"#);
    assert_eq!(client.post(&format!("{path}/directory"), &me.token, &directory).unwrap().status, 200);
    for refused in [&format!(r#"{{"token":{shown},"more":1}}"#), &format!(r#"{{"token":{shown}"#)] {
        assert_eq!(client.post(&format!("{path}/directory"), &me.token, refused).unwrap().status, 422);
    }
    let claim = format!(r#"{{"devices":["{}"],"token":{shown}}}"#, them.device);
    client.post(&format!("{path}/bundles"), &me.token, &claim).unwrap();
    let log = server.log();
    assert!(log.contains("/messages"), "it says something: {log}");
    for secret in [shown.trim_matches('"'), &token().hash().to_string()] {
        assert!(!log.contains(secret), "{log}");
    }
}
