//! Owns which seeds are played: one alone, so many from one on, or for so long, on every core; and which of them failed.
//!
//! `CLIQUET_SEED=7` plays that one, `CLIQUET_SCHEDULES=1000000` so many, `CLIQUET_SEED_FIRST=5` from another seed on, and
//! `CLIQUET_MINUTES=60` until so long has passed.

use std::{
    env,
    fmt::Debug,
    ops::AddAssign,
    panic::{self, RefUnwindSafe},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// After so many failures no further seed is begun.
const FAULTS_MAX: usize = 10;

/// What the environment asks for.
fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Plays as many seeds as an ordinary run does, or what the environment asks for, and prints what it came to. `None`: one
/// seed was played alone.
///
/// # Panics
/// When a seed fails. All that did are named.
pub fn run<T>(ordinary: u64, play: impl Fn(u64) -> T + Sync + RefUnwindSafe) -> Option<T>
where
    T: AddAssign + Debug + Default + Send,
{
    if let Some(seed) = number("CLIQUET_SEED") {
        println!("seed {seed}: {:?}", play(seed));
        return None;
    }
    let first = number("CLIQUET_SEED_FIRST").unwrap_or(0);
    let minutes = number("CLIQUET_MINUTES");
    let count = number("CLIQUET_SCHEDULES").unwrap_or(if minutes.is_some() { u64::MAX - first } else { ordinary });
    let begun = Instant::now();
    let over = || minutes.is_some_and(|minutes| begun.elapsed() >= Duration::from_secs(60 * minutes));
    let (next, faults, totals) = (AtomicU64::new(0), Mutex::new(Vec::new()), Mutex::new(T::default()));
    thread::scope(|threads| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            threads.spawn(|| {
                let mut counts = T::default();
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= count || over() || faults.lock().unwrap().len() >= FAULTS_MAX {
                        break;
                    }
                    match panic::catch_unwind(|| play(first + place)) {
                        Ok(more) => counts += more,
                        Err(_) => {
                            eprintln!("seed {} fails", first + place);
                            faults.lock().unwrap().push(first + place);
                        }
                    }
                }
                *totals.lock().unwrap() += counts;
            });
        }
    });
    let (faults, totals) = (faults.into_inner().unwrap(), totals.into_inner().unwrap());
    println!("seeds from {first} on, {} s: {totals:?}", begun.elapsed().as_secs());
    assert!(faults.is_empty(), "these seeds fail (CLIQUET_SEED=… runs one alone): {faults:?}");
    Some(totals)
}
