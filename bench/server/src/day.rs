//! `cargo xtask soak day`: one day of a server, made short, with mixed load and a kill now and then.
//!
//! Owns the order of the day: how long its hours are, when the server is killed, and when it is over. Who writes and reads
//! is in `people`, what must arrive in `pairs`, what each hour cost in `hours`.

mod hours;
mod pairs;
mod people;

use crate::{
    Outcome,
    process::{self, cpu},
    servers::{Cliquet, Running},
    target::Target,
    workloads::run_number,
};
use hours::{Hour, Sizes, Times};
use pairs::{PAIRS, Pair, Wrong};
use people::Pace;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::{sleep, sleep_until},
};

const HOURS: u32 = 24;
/// The server is killed at the ends of these. The first three and the last three are compared, and left alone.
const KILLS_AFTER: [u32; 3] = [5, 11, 17];
const MINUTES: u64 = 48;
/// What two slow cores hold beside the generator.
const PER_SECOND: u64 = 500;
/// What an hour of the day is meant to bring.
const PER_HOUR: u64 = 200_000;
/// A free port may be taken by a client before the server has it.
const STARTS_MAX: u32 = 5;
/// How long what was accepted may take to arrive after the last post.
const ARRIVAL_PATIENCE: Duration = Duration::from_secs(60);
/// After everything is there: what comes twice may come late.
const GRACE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// As `--minutes` and `--rate`.
pub struct Options {
    minutes: u64,
    per_second: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { minutes: MINUTES, per_second: PER_SECOND }
    }
}

impl Options {
    pub fn set(&mut self, name: &str, value: &str) -> Outcome<()> {
        let number = value.parse::<u64>()?;
        if number == 0 {
            return Err(format!("{name} is at least 1").into());
        }
        match name {
            "--minutes" => self.minutes = number,
            _ => self.per_second = number,
        }
        Ok(())
    }

    fn hour(&self) -> Duration {
        Duration::from_secs(60 * self.minutes) / HOURS
    }

    /// How much shorter and thinner this day is than the one that is meant.
    fn scale(&self) -> String {
        let seconds = self.hour().as_secs_f64();
        let messages = self.per_second as f64 * seconds;
        let (share, pace) = (100.0 * messages / PER_HOUR as f64, self.per_second as f64 * 3_600.0 / PER_HOUR as f64);
        format!(
            "A day of {HOURS} hours, {seconds:.1} s each, at {} messages a second: {messages:.0} an hour, {share:.1} % of \
             {PER_HOUR}; by the clock {pace:.1} times {PER_HOUR} in 3600 s.",
            self.per_second
        )
    }
}

/// What everyone in it shares.
struct Day {
    run: u64,
    pace: Pace,
    /// Where the server is now: after a kill it has another port.
    target: Mutex<Arc<Target>>,
    pairs: Vec<Mutex<Pair>>,
    /// Of the envelopes' ids, in the order in which they are made.
    next_number: AtomicU64,
    accepted: AtomicU64,
    /// Of this hour.
    times: Mutex<Times>,
    posts_repeated: AtomicU64,
    polls_repeated: AtomicU64,
    /// Nobody writes any more.
    is_over: AtomicBool,
}

impl Day {
    fn new(target: Target, per_second: u64) -> Arc<Self> {
        Arc::new(Self {
            run: run_number(),
            pace: Pace::new(per_second),
            target: Mutex::new(Arc::new(target)),
            pairs: (0..PAIRS).map(|_| Mutex::default()).collect(),
            next_number: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            times: Mutex::default(),
            posts_repeated: AtomicU64::new(0),
            polls_repeated: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        })
    }

    fn target(&self) -> Arc<Target> {
        Arc::clone(&lock(&self.target))
    }

    fn pair(&self, index: usize) -> MutexGuard<'_, Pair> {
        lock(&self.pairs[index])
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Until everything that was accepted is there, and a little longer.
    async fn arrivals(&self) {
        let begun = Instant::now();
        while begun.elapsed() < ARRIVAL_PATIENCE && self.waiting() > 0 {
            sleep(LOOK_AGAIN).await;
        }
        sleep(GRACE).await;
    }

    fn waiting(&self) -> usize {
        (0..PAIRS).map(|index| self.pair(index).waiting()).sum()
    }

    fn wrong(&self) -> Wrong {
        (0..PAIRS).map(|index| self.pair(index).wrong()).sum()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The server of the day, which is another process after each kill.
struct Server {
    cliquet: Arc<Cliquet>,
    running: Running,
    /// CPU of those that were killed.
    spent_before: Duration,
    slowest_restart: Duration,
}

impl Server {
    fn start(cliquet: Cliquet) -> Outcome<(Self, Target)> {
        let (running, target) = started(&cliquet)?;
        let (spent_before, slowest_restart) = (Duration::ZERO, Duration::ZERO);
        Ok((Self { cliquet: Arc::new(cliquet), running, spent_before, slowest_restart }, target))
    }

    fn cpu(&self) -> Outcome<Duration> {
        Ok(self.spent_before + cpu(&[self.running.id()])?)
    }

    /// Off the load's thread: people go on writing and polling meanwhile.
    async fn restart(mut self, day: &Day) -> Outcome<Self> {
        self.spent_before = self.cpu()?;
        let begun = Instant::now();
        let (cliquet, killed) = (Arc::clone(&self.cliquet), self.running);
        let (running, target) = spawn_blocking(move || {
            kill(killed)?;
            started(&cliquet)
        })
        .await??;
        *lock(&day.target) = Arc::new(target);
        self.slowest_restart = self.slowest_restart.max(begun.elapsed());
        Ok(Self { running, ..self })
    }

    fn data(&self) -> PathBuf {
        self.cliquet.folder.join("data")
    }
}

fn started(cliquet: &Cliquet) -> Outcome<(Running, Target)> {
    let mut attempt = 1;
    loop {
        match cliquet.start(None) {
            Ok((running, target, _)) => return Ok((running, target)),
            Err(error) if attempt == STARTS_MAX => return Err(error),
            Err(error) => eprintln!("the server is started again: {error}"),
        }
        attempt += 1;
    }
}

/// With SIGKILL: what it had not written yet is gone.
fn kill(running: Running) -> Outcome<()> {
    let pid = Pid::from_raw(i32::try_from(running.id())?).ok_or("a server without a process id")?;
    Ok(kill_process(pid, Signal::KILL)?)
}

/// Prints its hours as they end, and the verdict. An error when something was lost or came twice.
pub fn run(options: &Options, program: &Path, folder: &Path) -> Outcome<String> {
    println!("{}", options.scale());
    let disk = process::fdatasync(folder)?;
    println!("fdatasync {} µs (median), load {}.\n", disk.as_micros(), process::load());
    let (cliquet, _) = Cliquet::seeded(program, folder.join("day"), PAIRS)?;
    let (server, target) = Server::start(cliquet)?;
    let day = Day::new(target, options.per_second);
    crate::block_on(live(Arc::clone(&day), server, options.hour()))
}

async fn live(day: Arc<Day>, mut server: Server, hour: Duration) -> Outcome<String> {
    let mut readers = JoinSet::new();
    for index in 0..PAIRS {
        readers.spawn(people::read(Arc::clone(&day), index));
    }
    let mut writers = JoinSet::new();
    for writer in 0..people::WRITERS {
        writers.spawn(people::write(Arc::clone(&day), writer));
    }
    let begun = tokio::time::Instant::now();
    let mut hours = Vec::new();
    let (mut accepted, mut spent) = (0, server.cpu()?);
    println!("{}", hours::HEAD);
    for number in 1..=HOURS {
        sleep_until(begun + hour * number).await;
        // Nobody ends before the day does, but for a fault.
        while let Some(ended) = readers.try_join_next().or_else(|| writers.try_join_next()) {
            ended??;
        }
        let (accepted_now, spent_now) = (day.accepted.load(Ordering::Relaxed), server.cpu()?);
        let times = std::mem::take(&mut *lock(&day.times));
        let sizes = Sizes::of(server.running.id(), &server.data())?;
        let this = Hour::new(accepted_now - accepted, day.waiting(), times, spent_now - spent, sizes);
        println!("{}", this.row(number));
        hours.push(this);
        (accepted, spent) = (accepted_now, spent_now);
        if KILLS_AFTER.contains(&number) {
            server = server.restart(&day).await?;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    day.is_over.store(true, Ordering::Relaxed);
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    day.arrivals().await;
    readers.abort_all();
    println!("\n{}", hours::verdict(&hours));
    println!("{}", totals(&day, &server, seconds)?);
    match day.wrong() {
        Wrong { lost: 0, twice: 0 } => Ok(String::new()),
        _ => Err("something was lost or came twice".into()),
    }
}

/// What was reached, and how often it had to be tried.
fn totals(day: &Day, server: &Server, seconds: f64) -> Outcome<String> {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (accepted, Wrong { lost, twice }) = (count(&day.accepted), day.wrong());
    let own = cpu(&[std::process::id()])?.as_secs_f64() * 1e6 / accepted as f64;
    Ok(format!(
        "- accepted {accepted}, {:.0} a second; lost {lost}, twice {twice}\n\
         - kills {}, slowest restart {} ms; posts repeated {}, polls begun again {}\n\
         - the generator: {own:.0} µs of CPU a message",
        accepted as f64 / seconds,
        KILLS_AFTER.len(),
        server.slowest_restart.as_millis(),
        count(&day.posts_repeated),
        count(&day.polls_repeated),
    ))
}
