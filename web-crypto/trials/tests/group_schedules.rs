//! Seeded schedules of groups: whatever happens, all members end with the same group and the same texts.
//!
//! `CLIQUET_SEED=7` runs that one, `CLIQUET_SCHEDULES=100000` so many, and `CLIQUET_SEED_FIRST=5` from another seed on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may fail, and prints its seeds")]

use cliquet_trials::groups;
use std::{
    env, panic,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// Schedules of an ordinary run.
const SCHEDULES: u64 = 500;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn any_schedule_of_groups_ends_in_one_group_and_one_conversation() {
    if let Some(seed) = number("CLIQUET_SEED") {
        println!("seed {seed}: {:?}", groups::from_seed(seed));
        return;
    }
    let first = number("CLIQUET_SEED_FIRST").unwrap_or(0);
    let count = number("CLIQUET_SCHEDULES").unwrap_or(SCHEDULES);
    let (next, faults, totals) = (AtomicU64::new(0), Mutex::new(Vec::new()), Mutex::new((0, 0)));
    thread::scope(|threads| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            threads.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= count {
                        return;
                    }
                    match panic::catch_unwind(|| groups::from_seed(first + seed)) {
                        Ok((texts, statements)) => {
                            let mut totals = totals.lock().unwrap();
                            *totals = (totals.0 + texts, totals.1 + statements);
                        }
                        Err(_) => faults.lock().unwrap().push(first + seed),
                    }
                }
            });
        }
    });
    let (texts, statements) = totals.into_inner().unwrap();
    println!("{count} schedules: {texts} texts, {statements} statements");
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} of {count} schedules failed: seeds {faults:?}", faults.len());
    assert!(texts as u64 > count && statements as u64 > count, "the schedules do something");
}
