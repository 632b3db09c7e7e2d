//! Two processes on one data folder: each remembers who is signed in and who may write to whom, and neither for longer
//! than it is so.

use crate::support::{
    http::Client,
    seeded::{letter, seeded, serve},
};
use cliquet_wire::{
    bytes::Bytes,
    delivery_token::{DeliveryToken, ReplaceDeliveryToken},
    envelope::SendMessages,
};
use std::collections::BTreeMap;

const PEOPLE: usize = 20;

#[test]
fn a_sign_in_that_ends_in_one_process_has_ended_in_the_other() {
    let (folder, people) = seeded(PEOPLE);
    let servers = [serve(folder.path(), "sqlite"), serve(folder.path(), "sqlite")];
    let mut clients = servers.each_ref().map(|server| Client::to(server.address()));
    let poll = |client: &mut Client, token: &str| {
        client.post("/poll", token, r#"{"cursor":0,"wait_seconds":0}"#).unwrap().status
    };
    for (number, person) in people.iter().enumerate() {
        for client in &mut clients {
            // The second time from memory.
            assert_eq!([poll(client, &person.token), poll(client, &person.token)], [200, 200]);
        }
        let [one, other] = &mut clients;
        let (here, there) = if number % 2 == 0 { (one, other) } else { (other, one) };
        assert_eq!(there.post("/sign-out", &person.token, "").unwrap().status, 204);
        assert_eq!(poll(here, &person.token), 401, "person {number}");
        assert_eq!(poll(there, &person.token), 401, "person {number}");
    }
}

/// Requirement: G11
#[test]
fn a_delivery_token_that_is_replaced_in_one_process_has_ended_in_the_other() {
    const ROUNDS: u8 = 20;
    let (folder, people) = seeded(4);
    let servers = [serve(folder.path(), "sqlite"), serve(folder.path(), "sqlite")];
    let mut clients = servers.each_ref().map(|server| Client::to(server.address()));
    // Neighbours in the ring are contacts, and these two are not.
    let (from, to) = (&people[0], &people[2]);
    let token = |byte| DeliveryToken(Bytes([byte; 16]));
    let replace = |client: &mut Client, old: Option<u8>, new: u8| {
        let body = ReplaceDeliveryToken { hash: Some(token(new).hash()), replaces: old.map(|old| token(old).hash()) };
        client.ask("PUT", "/delivery-token", &to.token, &serde_json::to_string(&body).unwrap()).unwrap().status
    };
    let mut number = 0;
    let mut post = |client: &mut Client, byte| {
        number += 1;
        let post = SendMessages {
            envelopes: vec![letter(number, from, to)],
            tokens: BTreeMap::from([(to.email.clone(), token(byte))]),
            ..Default::default()
        };
        client.post("/messages", &from.token, &serde_json::to_string(&post).unwrap()).unwrap().status
    };
    assert_eq!(replace(&mut clients[0], None, 0), 204);
    for round in 0..ROUNDS {
        let [one, other] = &mut clients;
        for client in [&mut *one, &mut *other] {
            // The second time from memory.
            assert_eq!([post(client, round), post(client, round)], [201, 201], "round {round}");
        }
        let (here, there) = if round % 2 == 0 { (one, other) } else { (other, one) };
        assert_eq!(replace(there, Some(round), round + 1), 204);
        for client in [here, there] {
            assert_eq!([post(client, round), post(client, round + 1)], [403, 201], "round {round}");
        }
    }
}
