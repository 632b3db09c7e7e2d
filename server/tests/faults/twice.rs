//! R6: the same post again and again, at once and across a kill.

use crate::support::{
    PATIENCE,
    http::{Answer, Client},
    seeded::{Person, letter, post_of, seeded, serve},
};
use cliquet_wire::{
    envelope::MessagesSent,
    poll::{Delivery, PollAnswer},
};
use std::{
    net::SocketAddr,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

/// Posts it `copies` times at once, each until it is taken; when each was told it was accepted.
fn post_at_once(address: SocketAddr, from: &Person, body: &str, copies: usize, meanwhile: impl FnOnce()) -> Vec<u64> {
    let together = Barrier::new(copies + 1);
    let post = || {
        let mut client = Client::to(address);
        together.wait();
        let start = Instant::now();
        loop {
            match client.post("/messages", &from.token, body) {
                Ok(Answer { status: 201, body, .. }) => {
                    return serde_json::from_str::<MessagesSent>(&body).unwrap().timestamp;
                }
                Ok(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
                Err(_) => {}
            }
            assert!(start.elapsed() < PATIENCE, "the post is not taken");
            thread::sleep(Duration::from_millis(5));
        }
    };
    thread::scope(|scope| {
        let posts: Vec<_> = (0..copies).map(|_| scope.spawn(post)).collect();
        together.wait();
        meanwhile();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    })
}

fn poll(address: SocketAddr, who: &Person, cursor: u64) -> Vec<Delivery> {
    let body = format!(r#"{{"cursor":{cursor},"wait_seconds":0}}"#);
    let answer = Client::to(address).post("/poll", &who.token, &body).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str::<PollAnswer>(&answer.body).unwrap().deliveries
}

/// All were told the same, and it is there once.
fn is_there_once(told: &[u64], deliveries: &[Delivery], number: u64) {
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "told different times: {told:?}");
    assert_eq!(deliveries.len(), 1, "post {number}");
    assert_eq!(deliveries[0].envelope.as_ref().unwrap().timestamp, told[0]);
}

#[test]
fn r6_the_same_post_once_to_ten_times_at_once_is_stored_once() {
    let (folder, people) = seeded(2);
    let server = serve(folder.path(), "sqlite");
    let (from, to, address) = (&people[0], &people[1], server.address());
    let mut cursor = 0;
    for copies in 1..=10_u64 {
        let body = post_of(&letter(copies, from, to));
        let told = post_at_once(address, from, &body, usize::try_from(copies).unwrap(), || {});
        let deliveries = poll(address, to, cursor);
        is_there_once(&told, &deliveries, copies);
        cursor = deliveries[0].cursor;
        assert_eq!(poll(address, to, cursor), []);
        // Also after it was read and removed.
        assert_eq!(post_at_once(address, from, &body, 1, || {}), told[..1]);
        assert_eq!(poll(address, to, cursor), []);
    }
}

#[test]
fn r6_the_same_post_across_a_kill_is_stored_once() {
    let (folder, people) = seeded(2);
    let mut server = serve(folder.path(), "sqlite");
    let (from, to, address) = (&people[0], &people[1], server.address());
    let mut cursor = 0;
    for number in 1..=10_u64 {
        let body = post_of(&letter(number, from, to));
        let told = post_at_once(address, from, &body, usize::try_from(number).unwrap(), || {
            thread::sleep(Duration::from_millis(number - 1));
            server.kill();
            server.start_again();
        });
        let deliveries = poll(address, to, cursor);
        is_there_once(&told, &deliveries, number);
        cursor = deliveries[0].cursor;
    }
    assert_eq!(poll(address, to, cursor), []);
}
