//! Who writes and who reads during the day.
//!
//! Owns how a client goes on when the server is gone: the same post with the same id until it is taken, and the poll again
//! from its cursor.

use super::{Day, hours::micros, lock, pairs::PAIRS};
use crate::{Outcome, http::Connection, poller::Poller, sender};
use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::time::{sleep, sleep_until, timeout};

/// Each writes to the readers whose index leaves its own as the remainder, in turns.
pub const WRITERS: usize = 25;
const READERS_EACH: usize = PAIRS / WRITERS;
/// Of each writer's readers, the first is away now and then, and the next few come and go.
const RESTLESS_EACH: usize = 4;
/// One message of so many is for the reader who is away now and then, so that hundreds wait for them.
const AWAY_EVERY: usize = 4;
/// An away reader comes back when so many wait; each for a number of their own, so that they do not come at once.
const AWAY_UNTIL: usize = 200;
const AWAY_UNTIL_STEP: usize = 8;
const AWAY_STAY: Duration = Duration::from_secs(5);
const RESTLESS_STAY: Duration = Duration::from_secs(2);
const RESTLESS_STAY_STEP: Duration = Duration::from_millis(10);
const RESTLESS_PAUSE: Duration = Duration::from_millis(200);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const TRY_AGAIN: Duration = Duration::from_millis(100);
/// A server that cannot be used for so long is no server. Longer than any poll is held.
const PATIENCE: Duration = Duration::from_secs(120);
/// As much may be made up for after the server was away.
const BURST: Duration = Duration::from_secs(1);
/// What a client tries again after: too many requests, and not now.
const TRANSIENT: [u16; 2] = [429, 503];

/// When the next message may leave.
pub struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    pub fn new(per_second: u64) -> Self {
        Self { interval: Duration::from_secs(1).div_f64(per_second as f64), next: Mutex::new(Instant::now()) }
    }

    fn turn(&self) -> Instant {
        let mut next = lock(&self.next);
        let turn = (*next).max(Instant::now() - BURST);
        *next = turn + self.interval;
        turn
    }
}

/// Writes until the day is over.
pub async fn write(day: Arc<Day>, writer: usize) -> Outcome<()> {
    let mut connection = None;
    let mut turn = 0;
    loop {
        until(&day, day.pace.turn()).await;
        if day.is_over() {
            return Ok(());
        }
        let to = writer + WRITERS * reader_of_turn(turn);
        turn += 1;
        let number = day.next_number.fetch_add(1, Ordering::Relaxed);
        let request = sender::post(&day.target(), day.run, (to + 1) % PAIRS, to, number);
        day.pair(to).posts(number, Instant::now());
        timeout(PATIENCE, until_taken(&day, &mut connection, &request)).await.map_err(|_| "a post is not taken")??;
        day.accepted.fetch_add(1, Ordering::Relaxed);
    }
}

async fn until(day: &Day, turn: Instant) {
    // Who is behind already says nothing of the timer.
    if turn > Instant::now() {
        sleep_until(turn.into()).await;
        lock(&day.times).timers.push(micros(turn.elapsed()));
    }
}

fn reader_of_turn(turn: usize) -> usize {
    let (round, place) = (turn / AWAY_EVERY, turn % AWAY_EVERY);
    match place {
        0 => 0,
        _ => 1 + (round * (AWAY_EVERY - 1) + place - 1) % (READERS_EACH - 1),
    }
}

async fn until_taken(day: &Day, connection: &mut Option<Connection>, request: &[u8]) -> Outcome<()> {
    loop {
        match post(day, connection, request).await {
            Ok(200..=299) => return Ok(()),
            Ok(status) if !TRANSIENT.contains(&status) => {
                return Err(format!("a post was answered with {status}").into());
            }
            Ok(_) => (),
            Err(_) => *connection = None,
        }
        day.posts_repeated.fetch_add(1, Ordering::Relaxed);
        sleep(TRY_AGAIN).await;
    }
}

async fn post(day: &Day, connection: &mut Option<Connection>, request: &[u8]) -> Outcome<u16> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(Connection::open(day.target().address).await?),
    };
    connection.send(request).await?;
    connection.answer().await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// Always holds a poll.
    Steady,
    /// Leaves in the middle of a poll, and comes back at once.
    Restless,
    /// Stays away until hundreds wait.
    Away,
}

impl Habit {
    fn of(index: usize) -> Self {
        match index / WRITERS {
            0 => Self::Away,
            1..=RESTLESS_EACH => Self::Restless,
            _ => Self::Steady,
        }
    }

    fn stays(self, index: usize) -> Duration {
        match self {
            Self::Steady => Duration::MAX,
            Self::Restless => RESTLESS_STAY + RESTLESS_STAY_STEP * index as u32,
            Self::Away => AWAY_STAY,
        }
    }
}

/// Reads until it is ended from outside.
pub async fn read(day: Arc<Day>, index: usize) -> Outcome<()> {
    let habit = Habit::of(index);
    let mut answered = Instant::now();
    loop {
        let held = timeout(habit.stays(index), hold(&day, index, &mut answered)).await;
        day.pair(index).leaves();
        match held {
            Ok(Err(error)) if answered.elapsed() > PATIENCE => return Err(error),
            Ok(_) => {
                day.polls_repeated.fetch_add(1, Ordering::Relaxed);
                sleep(TRY_AGAIN).await;
            }
            Err(_) => {
                pause(&day, index, habit).await;
                answered = Instant::now();
            }
        }
    }
}

async fn pause(day: &Day, index: usize, habit: Habit) {
    if habit != Habit::Away {
        return sleep(RESTLESS_PAUSE).await;
    }
    let enough = AWAY_UNTIL + AWAY_UNTIL_STEP * index;
    while !day.is_over() && day.pair(index).waiting() < enough {
        sleep(LOOK_AGAIN).await;
    }
}

/// Polls until the connection breaks. It may be left at any moment: an answer counts, and moves the cursor, when it is
/// whole.
async fn hold(day: &Day, index: usize, answered: &mut Instant) -> Outcome<()> {
    let mut poller = Poller::open(&day.target(), day.run, index).await?;
    loop {
        poller.ask().await?;
        day.pair(index).polls();
        let numbers = poller.answer().await?;
        *answered = Instant::now();
        let took = numbers.iter().filter_map(|number| day.pair(index).came(*number, *answered));
        lock(&day.times).arrivals.extend(took.map(micros));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_for_who_is_away_and_the_rest_for_everyone_else_alike() {
        let mut messages = [0; READERS_EACH];
        let others = READERS_EACH - 1;
        (0..AWAY_EVERY * others).for_each(|turn| messages[reader_of_turn(turn)] += 1);
        assert_eq!(messages[0], others);
        assert!(messages[1..].iter().all(|count| *count == AWAY_EVERY - 1));
    }
}
