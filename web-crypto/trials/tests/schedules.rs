//! Seeded schedules over the real client: whatever happens, it ends in quiet agreement.
//!
//! `CLIQUET_SEED=7` runs that one, `CLIQUET_SCHEDULES=1000000` so many, `CLIQUET_SEED_FIRST=5` from another seed on, and
//! `CLIQUET_MINUTES=60` until so long has passed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may fail, and prints its seeds")]

use cliquet_trials::{schedule, verdict::Counts};
use std::{
    env, panic,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Schedules of an ordinary run.
const SCHEDULES: u64 = 500;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn any_schedule_ends_in_quiet_agreement() {
    if let Some(seed) = number("CLIQUET_SEED") {
        println!("seed {seed}: {:?}", schedule::from_seed(seed));
        return;
    }
    let first = number("CLIQUET_SEED_FIRST").unwrap_or(0);
    let minutes = number("CLIQUET_MINUTES");
    let count = number("CLIQUET_SCHEDULES").unwrap_or(if minutes.is_some() { u64::MAX - first } else { SCHEDULES });
    let begun = Instant::now();
    let over = || minutes.is_some_and(|minutes| begun.elapsed() >= Duration::from_secs(60 * minutes));
    let (next, faults, totals) = (AtomicU64::new(0), Mutex::new(Vec::new()), Mutex::new(Counts::default()));
    thread::scope(|threads| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            threads.spawn(|| {
                let mut counts = Counts::default();
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= count || over() || faults.lock().unwrap().len() >= 10 {
                        break;
                    }
                    match panic::catch_unwind(|| schedule::from_seed(first + place)) {
                        Ok(more) => counts += more,
                        Err(_) => faults.lock().unwrap().push(first + place),
                    }
                }
                *totals.lock().unwrap() += counts;
            });
        }
    });
    let (faults, totals) = (faults.into_inner().unwrap(), totals.into_inner().unwrap());
    println!("seeds from {first} on, {} s: {totals:?}", begun.elapsed().as_secs());
    assert!(faults.is_empty(), "these seeds fail (CLIQUET_SEED=… runs one alone): {faults:?}");
    assert!(totals.opened > totals.schedules, "hardly a text was written");
    assert!(totals.disappeared > 0, "nothing disappeared");
    assert!(totals.recovered > 0 && totals.destroyed > 0, "no schedule was rough");
}

/// Two devices of one account showed different reactions.
#[test]
fn a_schedule_that_once_ended_in_disagreement_ends_in_agreement() {
    for seed in [7907, 5_001_532, 5_011_681] {
        schedule::from_seed(seed);
    }
}
