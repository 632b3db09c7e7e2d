//! R3: the mailboxes are in a Redis that is killed, started again, stopped, and out of memory, while everybody writes and reads.

use crate::{
    load::Load,
    support::{
        PATIENCE,
        redis::RedisServer,
        seeded::{seeded, serve},
        setting,
    },
};
use std::{
    thread,
    time::{Duration, Instant},
};

const PEOPLE: u64 = 8;
const ROUNDS: u64 = 1;

/// After trouble: until something is taken and shown again.
fn resumes(load: &Load) -> Duration {
    let (start, before) = (Instant::now(), load.verdict_so_far());
    loop {
        let now = load.verdict_so_far();
        if now.acknowledged > before.acknowledged && now.shown > before.shown {
            return start.elapsed();
        }
        assert!(start.elapsed() < PATIENCE, "it does not recover: {now}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn r3_redis_killed_stopped_and_without_memory_loses_nothing_and_polls_resume() {
    let people = usize::try_from(setting("CLIQUET_PEOPLE").unwrap_or(PEOPLE)).unwrap();
    let minutes = setting("CLIQUET_MINUTES");
    let (folder, people) = seeded(people);
    let mut redis = RedisServer::start();
    let server = serve(folder.path(), &redis.url());
    let load = Load::start(server.address(), &people);
    let (start, mut rounds, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    let pause = || thread::sleep(Duration::from_millis(700));
    while minutes.map_or(rounds < ROUNDS, |minutes| start.elapsed() < Duration::from_secs(60 * minutes)) {
        pause();
        redis.kill();
        pause();
        redis.start_again();
        slowest = slowest.max(resumes(&load));
        redis.pause();
        // Longer than the server waits for it.
        thread::sleep(Duration::from_secs(3));
        redis.resume();
        slowest = slowest.max(resumes(&load));
        redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
        pause();
        redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
        slowest = slowest.max(resumes(&load));
        rounds += 1;
    }
    let verdict = load.end();
    println!(
        "kill-redis: {} people, {rounds} times killed, stopped, without memory; slowest recovery {} ms; {verdict}",
        people.len(),
        slowest.as_millis()
    );
    verdict.demand();
    assert!(verdict.refusals() > 0, "nobody met the trouble: {verdict}");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}
