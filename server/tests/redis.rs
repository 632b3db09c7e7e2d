//! The contract of `Mailbox` over a real Redis, and what happens when Redis falls silent. Each test has a server of its
//! own, which it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)] // a test may

mod group_posts;
mod mailbox_contract;
mod support;

use cliquet_server::{
    clock::Clock,
    config::MailboxLimits,
    mailbox::{EnqueueError, Mailbox, RedisMailbox},
};
use cliquet_wire::{poll::PollAnswer, problem::ProblemCode};
use group_posts::*;
use mailbox_contract::{Durable, NOW_MS, Store, item, mailbox, now, read_all};
use rocket::{figment::Figment, http::Status};
use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use support::{
    letters::holds_a_signal,
    office::{Office, letter, problem, signal},
    redis::RedisServer,
};

struct OverRedis {
    mailbox: RedisMailbox,
    limits: MailboxLimits,
    server: RedisServer,
    time: Arc<AtomicU64>,
}

fn open(server: &RedisServer, limits: MailboxLimits, time: &Arc<AtomicU64>) -> RedisMailbox {
    let time = Arc::clone(time);
    RedisMailbox::open(&server.url(), limits, Clock::new(move || time.load(Ordering::SeqCst))).unwrap()
}

impl OverRedis {
    /// Another server process on the same Redis.
    fn neighbour(&self) -> RedisMailbox {
        open(&self.server, self.limits, &self.time)
    }
}

impl Store for OverRedis {
    type Mailbox = RedisMailbox;

    async fn open(limits: MailboxLimits) -> Self {
        let server = RedisServer::start();
        let time = Arc::new(AtomicU64::new(NOW_MS));
        Self { mailbox: open(&server, limits, &time), limits, server, time }
    }

    fn mailbox(&self) -> &RedisMailbox {
        &self.mailbox
    }

    fn set_time(&self, now_ms: u64) {
        self.time.store(now_ms, Ordering::SeqCst);
    }

    async fn expire(&self) {
        self.mailbox.expire().await.unwrap();
    }

    /// Redis is killed too: what it answered it kept.
    async fn reopen(mut self) -> Self {
        self.server.kill();
        self.server.start_again();
        self.mailbox = open(&self.server, self.limits, &self.time);
        self
    }
}

mailbox_contract::contract!(OverRedis);

async fn opened() -> OverRedis {
    OverRedis::open(MailboxLimits::default()).await
}

/// Tries until it succeeds: how long the store needs to be itself again.
async fn recovers(mailbox: &RedisMailbox) -> Duration {
    let start = Instant::now();
    while mailbox.check().await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(20), "does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    start.elapsed()
}

fn soon() -> tokio::time::Instant {
    now() + Duration::from_secs(25)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_wakes_the_wait() {
    let store = opened().await;
    let neighbour = store.neighbour();
    let start = Instant::now();
    // Before the timer that reads again without being woken.
    let posting = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        neighbour.enqueue(vec![item(1, 1, "from next door")]).await.unwrap();
    };
    let (found, ()) = tokio::join!(store.mailbox.stored(mailbox(1), 0, soon()), posting);
    assert_eq!(&*found.unwrap()[0].json, "from next door");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_everything_says_so_quickly_and_it_recovers_by_itself() {
    let mut store = opened().await;
    store.mailbox.enqueue(vec![item(1, 1, "kept")]).await.unwrap();
    store.server.kill();
    for _ in 0..3 {
        let start = Instant::now();
        let refused = store.mailbox.enqueue(vec![item(1, 2, "two")]).await;
        assert!(matches!(refused, Err(EnqueueError::Unavailable(_))), "{refused:?}");
        assert!(store.mailbox.stored(mailbox(1), 0, soon()).await.is_err());
        assert!(store.mailbox.acknowledge(mailbox(1), NOW_MS).await.is_err());
        assert!(store.mailbox.delete(mailbox(2)).await.is_err());
        assert!(start.elapsed() < Duration::from_secs(8), "four answers, each in under 2 s: {:?}", start.elapsed());
    }
    store.server.start_again();
    recovers(&store.mailbox).await;
    store.mailbox.enqueue(vec![item(1, 2, "two")]).await.unwrap();
    assert_eq!(read_all(&store.mailbox, 1).await, ["kept", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn opens_before_redis_is_there() {
    let mut server = RedisServer::start();
    server.kill();
    let time = Arc::new(AtomicU64::new(NOW_MS));
    let mailbox = open(&server, MailboxLimits::default(), &time);
    assert!(mailbox.check().await.is_err());
    server.start_again();
    recovers(&mailbox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_outlives_a_restart_of_redis() {
    let mut store = opened().await;
    let neighbour = store.neighbour();
    let start = Instant::now();
    let waiting = store.mailbox.stored(mailbox(1), 0, soon());
    let restarting = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        store.server.kill();
        store.server.start_again();
        recovers(&neighbour).await;
        neighbour.enqueue(vec![item(1, 1, "after")]).await.unwrap();
    };
    let (found, ()) = tokio::join!(waiting, restarting);
    assert_eq!(&*found.unwrap()[0].json, "after");
    assert!(start.elapsed() < Duration::from_secs(8), "woken by the new subscription: {:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_stands_still_is_given_up_in_two_seconds() {
    let store = opened().await;
    store.mailbox.check().await.unwrap();
    store.server.pause();
    for _ in 0..2 {
        let start = Instant::now();
        let refused = store.mailbox.enqueue(vec![item(1, 1, "one")]).await;
        assert!(matches!(refused, Err(EnqueueError::Unavailable(_))), "{refused:?}");
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
    store.server.resume();
    recovers(&store.mailbox).await;
    // It may have done late what it was asked; asking again makes sure, and doubles nothing.
    store.mailbox.enqueue(vec![item(1, 1, "one")]).await.unwrap();
    assert_eq!(read_all(&store.mailbox, 1).await, ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_without_memory_or_as_a_replica_refuses_and_keeps() {
    let store = opened().await;
    store.mailbox.enqueue(vec![item(1, 1, "kept")]).await.unwrap();
    store.server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let refused = store.mailbox.enqueue(vec![item(1, 2, "two"), item(2, 3, "three")]).await;
    assert!(matches!(refused, Err(EnqueueError::Unavailable(_))), "{refused:?}");
    assert_eq!(read_all(&store.mailbox, 1).await, ["kept"], "reading needs no memory");
    store.server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    store.server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    let refused = store.mailbox.enqueue(vec![item(1, 2, "two")]).await;
    assert!(matches!(refused, Err(EnqueueError::Unavailable(_))), "{refused:?}");
    store.server.command(&["REPLICAOF", "NO", "ONE"]);
    store.mailbox.enqueue(vec![item(1, 2, "two")]).await.unwrap();
    assert_eq!(read_all(&store.mailbox, 1).await, ["kept", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_redis_forgot_are_taught_again() {
    let store = opened().await;
    store.mailbox.enqueue(vec![item(1, 1, "one")]).await.unwrap();
    store.server.command(&["SCRIPT", "FLUSH"]);
    store.mailbox.enqueue(vec![item(1, 2, "two")]).await.unwrap();
    assert_eq!(read_all(&store.mailbox, 1).await, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_one_mailbox_lies_in_one_slot_and_expires() {
    let store = opened().await;
    store.mailbox.enqueue(vec![item(1, 1, "one")]).await.unwrap();
    let redis::Value::Array(keys) = store.server.command(&["KEYS", "*"]) else { panic!("no keys") };
    let keys: Vec<String> = keys.into_iter().map(|key| redis::from_redis_value(key).unwrap()).collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    for key in keys.iter().filter(|key| *key != "cliquet:by-expiry") {
        assert!(key.starts_with(&format!("cliquet:{{{}}}:", mailbox(1))), "{key}");
        let life: i64 = redis::from_redis_value(store.server.command(&["TTL", key])).unwrap();
        // The state stays: it says which cursors were used.
        assert_eq!(life > 0, !key.ends_with(":state"), "{key} {life}");
    }
}

/// Requirement: S3
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_wait_next_door_ends_the_older_and_so_does_the_end_of_its_sign_in() {
    let store = opened().await;
    let neighbour = store.neighbour();
    // Both hear each other.
    for (one, other) in [(&store.mailbox, &neighbour), (&neighbour, &store.mailbox)] {
        let posting = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            other.enqueue(vec![item(2, 1, "hello")]).await.unwrap();
        };
        tokio::join!(one.stored(mailbox(2), 0, soon()), posting).0.unwrap();
    }
    let start = Instant::now();
    let older = store.mailbox.stored(mailbox(1), 0, soon());
    let newer = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        neighbour.stored(mailbox(1), 0, soon()).await
    };
    let ending = async {
        // The newer one stays until its sign-in ends at the first server.
        let older = older.await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        store.mailbox.end_wait(mailbox(1));
        older
    };
    let (older, newer) = tokio::join!(ending, newer);
    assert!(older.unwrap().is_empty() && newer.unwrap().is_empty());
    assert!(start.elapsed() >= Duration::from_millis(600), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_redis_are_one_post_office() {
    let redis = RedisServer::start();
    let settings = || Figment::new().merge(("mailbox", redis.url()));
    let first = Office::open_with(settings()).await;
    let second = first.beside(settings()).await;
    let (alice, bob) = (first.person("alice"), first.person("bob"));
    first.adds(&alice, &bob);
    let pause = || tokio::time::sleep(Duration::from_millis(300));

    // Alice posts at the second server what Bob waits for at the first.
    let posting = async {
        pause().await;
        assert_eq!(second.posts(&alice, vec![letter(&alice, &bob, 1)]).await.status(), Status::Created);
    };
    let (answer, ()) = tokio::join!(first.polls(&bob, 0, 20), posting);
    let answer: PollAnswer = answer.into_json().await.unwrap();
    assert_eq!(answer.deliveries.len(), 1);
    let cursor = answer.deliveries[0].cursor;

    // Bob polls at the second: his poll at the first ends. He signs out at the first: the one at the second ends too.
    let start = Instant::now();
    let older = async {
        let older: PollAnswer = first.polls(&bob, cursor, 50).await.into_json().await.unwrap();
        pause().await;
        assert_eq!(first.signs_out(&bob).await.status(), Status::NoContent);
        older
    };
    let newer = async {
        pause().await;
        second.polls(&bob, cursor, 50).await.into_json::<PollAnswer>().await.unwrap()
    };
    let (older, newer) = tokio::join!(older, newer);
    assert!(older.deliveries.is_empty() && newer.deliveries.is_empty());
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    assert_eq!(problem(second.polls(&bob, cursor, 0).await).await, ProblemCode::SignedOut);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_reaches_a_poll_at_another_server_and_redis_keeps_nothing_of_it() {
    let redis = RedisServer::start();
    let settings = || Figment::new().merge(("mailbox", redis.url()));
    let first = Office::open_with(settings()).await;
    let second = first.beside(settings()).await;
    let (alice, bob) = (first.person("alice"), first.person("bob"));
    first.adds(&alice, &bob);
    for (one, other) in [(&first, &second), (&second, &first), (&first, &first)] {
        let start = Instant::now();
        let sending = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let sent = one.signals(&alice, vec![signal(&alice, &bob, 160 + 16)]).await;
            assert_eq!(sent.status(), Status::NoContent);
        };
        let (answer, ()) = tokio::join!(other.polls(&bob, 0, 40), sending);
        let answer: PollAnswer = answer.into_json().await.unwrap();
        assert_eq!((answer.deliveries.len(), answer.ephemeral.len()), (0, 1));
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
    // One for nobody, too. It may still be on its way when Bob asks: told once then, and kept for nobody.
    assert_eq!(first.signals(&alice, vec![signal(&alice, &bob, 160 + 16)]).await.status(), Status::NoContent);
    if first.fetches(&bob, 0).await != PollAnswer::default() {
        assert_eq!(first.fetches(&bob, 0).await, PollAnswer::default());
    }
    let redis::Value::Array(keys) = redis.command(&["KEYS", "*"]) else { panic!("no keys") };
    assert_eq!(keys, [], "no key was made");
    assert!(!holds_a_signal(&redis.everything()), "it was written down");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_signal_is_dropped_and_answered_alike() {
    let mut redis = RedisServer::start();
    let office = Office::open_with(Figment::new().merge(("mailbox", redis.url()))).await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    redis.kill();
    let start = Instant::now();
    assert_eq!(office.signals(&alice, vec![signal(&alice, &bob, 160 + 16)]).await.status(), Status::NoContent);
    assert!(start.elapsed() < Duration::from_secs(1), "it waits for nobody: {:?}", start.elapsed());
}

/// What `cliquet doctor` says, and whether it finds nothing wrong.
fn doctor(url: &str) -> (String, bool) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cliquet"))
        .arg("doctor")
        .current_dir(folder.path())
        .env("ROCKET_DATA_DIR", folder.path())
        .env("ROCKET_MAILBOX", url)
        .output()
        .unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

#[test]
fn the_doctor_asks_redis_for_its_settings_and_says_what_to_set() {
    let mut server = RedisServer::start();
    let (said, is_well) = doctor(&server.url());
    assert!(is_well && said.contains("Redis 7") && said.contains("`maxmemory-policy noeviction`"), "{said}");
    for (setting, value, is_wrong) in
        [("appendfsync", "everysec", false), ("appendonly", "no", true), ("maxmemory-policy", "allkeys-lru", true)]
    {
        let before = server.command(&["CONFIG", "GET", setting]);
        let before: Vec<String> = redis::from_redis_value(before).unwrap();
        server.command(&["CONFIG", "SET", setting, value]);
        let (said, is_well) = doctor(&server.url());
        let mark = if is_wrong { "WRONG" } else { "note " };
        assert!(said.contains(&format!("{mark}  Redis has `{setting} {value}`")), "{said}");
        assert!(said.contains(&format!("redis-cli CONFIG SET {setting} {}", before[1])), "{said}");
        assert_eq!(is_well, !is_wrong, "{said}");
        server.command(&["CONFIG", "SET", setting, &before[1]]);
    }
    server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    let (said, is_well) = doctor(&server.url());
    assert!(!is_well && said.contains("replica"), "{said}");
    server.kill();
    let (said, is_well) = doctor(&format!("redis://:hidden@127.0.0.1:{}", server.port));
    assert!(!is_well && said.contains("does not answer") && !said.contains("hidden"), "{said}");
}

/// A server with its mailboxes in a Redis of its own, which ends with it.
fn over_redis() -> (RedisServer, Figment) {
    let redis = RedisServer::start();
    let settings = Figment::new().merge(("mailbox", redis.url()));
    (redis, settings)
}

/// Requirement: G10
#[rocket::async_test]
async fn r10_four_hundred_envelopes_are_one_post_and_one_more_is_none() {
    let (_redis, settings) = over_redis();
    four_hundred_envelopes_are_one_post_and_one_more_is_none(settings).await;
}

#[rocket::async_test]
async fn r10_four_mebibytes_are_one_post_and_one_byte_more_is_none() {
    let (_redis, settings) = over_redis();
    four_mebibytes_are_one_post_and_one_byte_more_is_none(settings).await;
}

/// Requirements: G10, G12
#[rocket::async_test]
async fn what_some_refuse_is_kept_for_nobody_and_they_are_named() {
    let (_redis, settings) = over_redis();
    a_post_that_some_refuse_is_kept_for_nobody_and_names_them_all(settings).await;
}

/// Requirement: G12
#[rocket::async_test]
async fn those_who_have_not_answered_are_named() {
    let (_redis, settings) = over_redis();
    strangers_who_have_not_answered_are_named_too(settings).await;
}

/// Requirement: G10
#[tokio::test(flavor = "multi_thread")]
async fn r3_killed_in_the_middle_of_the_largest_post_redis_has_all_of_it_or_none() {
    let mut store = opened().await;
    let (mut kept, mut lost) = (0, 0);
    for kill in 0..12_u32 {
        let text = format!("{kill:02} {}", "x".repeat(8_000));
        // To two hundred mailboxes, two letters each.
        let first = u128::from(kill) * 1_000;
        let post: Vec<_> = (first..).zip((0..200).chain(0..200)).map(|(id, to)| item(to, id, &text)).collect();
        let (neighbour, items) = (open(&store.server, store.limits, &store.time), post.clone());
        let posting = tokio::spawn(async move { neighbour.enqueue(items).await.is_ok() });
        tokio::time::sleep(Duration::from_millis(u64::from(kill) * 8)).await;
        store.server.kill();
        store.server.start_again();
        let was_answered = posting.await.unwrap();
        recovers(&store.mailbox).await;
        let mut counts = Vec::new();
        for to in 0..200 {
            counts.push(read_all(&store.mailbox, to).await.iter().filter(|found| **found == text).count());
        }
        assert!(counts == vec![0; 200] || counts == vec![2; 200], "kill {kill}: {counts:?}");
        assert!(!was_answered || counts[0] == 2, "kill {kill}: what was answered is there");
        if counts[0] == 2 {
            kept += 1
        } else {
            lost += 1
        }
        store.mailbox.enqueue(post).await.unwrap();
        for to in 0..200 {
            let texts = read_all(&store.mailbox, to).await;
            assert_eq!(texts.iter().filter(|found| **found == text).count(), 2, "kill {kill}, mailbox {to}");
            let last = mailbox_contract::cursors(&store.mailbox, to).await[1];
            store.mailbox.acknowledge(mailbox(to), last).await.unwrap();
        }
    }
    println!("largest post: {kept} times Redis had all of it, {lost} times nothing");
}
