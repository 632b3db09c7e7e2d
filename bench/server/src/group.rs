//! Workload G: a group of 50 members with two devices each, beside conversations of two.
//!
//! The members are no contacts: each post shows the delivery token of every other member, as a client's does.

use crate::{
    Options, Outcome, block_on,
    http::Connection,
    poller::Poller,
    process::{self, cpu},
    report::{CLIQUET, CLIQUET_REDIS, Samples, line},
    sender::Sender,
    servers::{Cliquet, Redis, installed},
    target::{Target, unexpected},
    workloads::{self, Figures, PATIENCE, PAUSE, quiet, run_number},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{sleep, timeout},
};

pub const MEMBERS: usize = 50;
pub const DEVICES: usize = 2;
/// Devices that post at the same time, each of another member.
const SENDERS: usize = 4;
/// Posts that nobody fetches, of each of them.
const UNFETCHED: u64 = 50;
/// Posts of which each is read by all before the next, and messages between two of the same kind.
const ONE_BY_ONE: u64 = 100;
const ONE_BY_ONE_OF_TWO: usize = 2_000;

/// 16 bytes, the token of every member, and its SHA-256.
pub const TOKEN: &str = "WlpaWlpaWlpaWlpaWlpaWg";
const TOKEN_HASH: &str = "HHEuzCHifjdBEdWhvur3Wk40OzgUwYR8uhQBNCCAmHM";

/// On each repeat, servers that did nothing before.
pub fn groups(options: &Options) -> Outcome<String> {
    let mut order = vec![CLIQUET, CLIQUET_REDIS];
    order.retain(|system| options.compares(system) && (*system == CLIQUET || installed("redis-server")));
    let mut samples = Samples::of(order.iter().copied());
    for repeat in 0..options.repeats {
        samples.circumstances(process::fdatasync(&options.folder)?);
        for system in &order {
            let figures = both(options, system, repeat)?;
            eprintln!("{}/{} {system}: {}", repeat + 1, options.repeats, line(&figures));
            samples.add(system, figures);
        }
        order.rotate_left(1);
    }
    Ok(samples.groups(MEMBERS * DEVICES - 1))
}

/// Conversations of two and the group, in turns: which of them is the first changes with the repeat.
fn both(options: &Options, system: &str, repeat: usize) -> Outcome<Figures> {
    let folder = options.folder.join(format!("groups {repeat}, {system}"));
    let (pairs, _) = Cliquet::seeded(&options.cliquet, folder.join("pairs"), 1_000)?;
    let (group, _) = Cliquet::seeded_with_devices(&options.cliquet, folder.join("group"), MEMBERS, DEVICES)?;
    let time = Duration::from_secs(options.seconds);
    let redis = |name: &str| (system == CLIQUET_REDIS).then(|| Redis::start(&folder.join(name), true)).transpose();
    let mut figures = Figures::new();
    for turn in 0..2 {
        if (turn + repeat) % 2 == 0 {
            let redis = redis("redis of pairs")?;
            let (_running, target, _) = pairs.start(redis.as_ref())?;
            let target = Arc::new(target);
            figures.extend(block_on(workloads::latency(&target, MEMBERS * DEVICES, ONE_BY_ONE_OF_TWO))?);
            figures.extend(block_on(workloads::throughput(&target, time))?);
            figures.extend(block_on(workloads::scatter(&target, SENDERS * UNFETCHED as usize * 99))?);
        } else {
            let redis = redis("redis of the group")?;
            let (_running, target, _) = group.start(redis.as_ref())?;
            let target = Arc::new(target);
            block_on(set_tokens(&target))?;
            figures.extend(block_on(one_by_one(&target))?);
            figures.extend(block_on(flat_out(&target, time))?);
            figures.extend(block_on(unfetched(&target))?);
        }
    }
    std::fs::remove_dir_all(folder)?;
    Ok(figures)
}

async fn set_tokens(target: &Target) -> Outcome<()> {
    let mut connection = Connection::open(target.address).await?;
    for member in target.accounts.iter().step_by(DEVICES) {
        connection.send(&member.request("PUT", "/delivery-token", &format!("{{\"hash\":\"{TOKEN_HASH}\"}}"))).await?;
        match connection.answer().await? {
            204 => (),
            status => return Err(unexpected("a token", status, &connection)),
        }
    }
    Ok(())
}

/// The number of one envelope: which of the senders, which of its posts, and for which device.
fn number(sender: usize, post: u64, device: usize) -> u64 {
    (sender as u64) << 40 | post << 16 | device as u64
}

/// The first device of a member posts to all others.
fn write(target: &Target, run: u64, sender: usize, post: u64) -> Vec<u8> {
    let from = sender * DEVICES;
    let others = (0..target.accounts.len()).filter(|device| *device != from);
    let to: Vec<(usize, u64)> = others.map(|device| (device, number(sender, post, device))).collect();
    crate::sender::group_post(target, run, from, &to)
}

/// Everybody's polls, and what came of each sender's posts.
struct Reader {
    poller: Poller,
    device: usize,
    next: [u64; SENDERS],
    received: u64,
    wrong: u64,
}

impl Reader {
    async fn open(target: &Arc<Target>, run: u64, device: usize) -> Outcome<Self> {
        let poller = Poller::open(target, run, device).await?;
        Ok(Self { poller, device, next: [0; SENDERS], received: 0, wrong: 0 })
    }

    fn takes(&mut self, numbers: Vec<u64>) {
        for number in numbers {
            let (sender, post, device) = ((number >> 40) as usize, number >> 16 & 0xff_ffff, number & 0xffff);
            self.received += 1;
            match self.next.get_mut(sender) {
                Some(next) if *next == post && device == self.device as u64 => *next += 1,
                _ => self.wrong += 1,
            }
        }
    }
}

/// Some members post as fast as they are answered, to all devices, which all poll.
async fn flat_out(target: &Arc<Target>, time: Duration) -> Outcome<Figures> {
    let run = run_number();
    let stop = Arc::new(AtomicBool::new(false));
    let sent: Arc<Vec<AtomicU64>> = Arc::new((0..SENDERS).map(|_| AtomicU64::new(u64::MAX)).collect());
    let mut readers = JoinSet::new();
    for device in 0..target.accounts.len() {
        let mut reader = Reader::open(target, run, device).await?;
        let sent = Arc::clone(&sent);
        readers.spawn(async move {
            // Until all have said which post is their last, and it came.
            let others = || (0..SENDERS).filter(|sender| sender * DEVICES != device);
            while others().any(|sender| reader.next[sender] < sent[sender].load(Ordering::Acquire)) {
                reader.poller.ask().await?;
                let numbers = reader.poller.answer().await?;
                reader.takes(numbers);
                tokio::task::yield_now().await;
            }
            Outcome::Ok((reader.received, reader.wrong))
        });
    }
    let mut sending = JoinSet::new();
    let (before, begun) = (cpu(&target.processes)?, Instant::now());
    for sender in 0..SENDERS {
        let mut connection = Sender::open(target, sender).await?;
        let (target, stop, sent) = (Arc::clone(target), Arc::clone(&stop), Arc::clone(&sent));
        sending.spawn(async move {
            let mut post = 0;
            while !stop.load(Ordering::Relaxed) {
                connection.deliver(&write(&target, run, sender, post)).await?;
                post += 1;
            }
            // One more, that is known to be the last before it leaves: no poll is left waiting for nothing.
            sent[sender].store(post + 1, Ordering::Release);
            connection.deliver(&write(&target, run, sender, post)).await
        });
    }
    sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    while let Some(done) = sending.join_next().await {
        done??;
    }
    let (mut received, mut wrong) = (0, 0);
    let all = async {
        while let Some(done) = readers.join_next().await {
            let (more, worse) = done??;
            (received, wrong) = (received + more, wrong + worse);
        }
        Outcome::Ok(())
    };
    if let Ok(done) = timeout(PATIENCE, all).await {
        done?;
    }
    let (seconds, spent) = (begun.elapsed().as_secs_f64(), cpu(&target.processes)? - before);
    let posts: u64 = sent.iter().map(|posts| posts.load(Ordering::Relaxed)).sum();
    let expected = posts * (target.accounts.len() as u64 - 1);
    Ok(Figures::from([
        ("G: envelopes/s", received as f64 / seconds),
        ("G: CPU µs an envelope", spent.as_secs_f64() * 1e6 / received as f64),
        ("G: lost", expected as f64 - received as f64),
        ("G: out of order or twice", wrong as f64),
    ]))
}

/// From the start of a post to the end of the last device's poll, nothing else going on.
async fn one_by_one(target: &Arc<Target>) -> Outcome<Figures> {
    let run = run_number();
    let (arrival, mut arrivals) = mpsc::unbounded_channel();
    let mut readers = JoinSet::new();
    for device in 1..target.accounts.len() {
        let mut reader = Reader::open(target, run, device).await?;
        reader.poller.ask().await?;
        let arrival = arrival.clone();
        readers.spawn(async move {
            while let Ok(numbers) = reader.poller.answer().await {
                let now = Instant::now();
                for _ in numbers {
                    let _ = arrival.send(now);
                }
                if reader.poller.ask().await.is_err() {
                    return;
                }
            }
        });
    }
    quiet(&target.processes, Instant::now()).await?;
    let mut sender = Sender::open(target, 0).await?;
    let before = cpu(&target.processes)?;
    let mut micros = Vec::new();
    for post in 0..ONE_BY_ONE {
        let request = write(target, run, 0, post);
        let begun = Instant::now();
        sender.deliver(&request).await?;
        let mut last = begun;
        for _ in 1..target.accounts.len() {
            last = timeout(PATIENCE, arrivals.recv()).await?.ok_or("the waiters are gone")?.max(last);
        }
        micros.push(last.duration_since(begun).as_secs_f64() * 1e6);
        sleep(PAUSE).await;
    }
    let spent = cpu(&target.processes)? - before;
    readers.abort_all();
    micros.sort_by(f64::total_cmp);
    let envelopes = ONE_BY_ONE * (target.accounts.len() as u64 - 1);
    Ok(Figures::from([
        ("G: µs p50", micros[micros.len() / 2]),
        ("G: µs p99", micros[micros.len() * 99 / 100]),
        ("G: CPU µs an envelope, one by one", spent.as_secs_f64() * 1e6 / envelopes as f64),
    ]))
}

/// Posts alone, that nobody fetches.
async fn unfetched(target: &Arc<Target>) -> Outcome<Figures> {
    let run = run_number();
    let mut requests = Vec::new();
    for sender in 0..SENDERS {
        let posts: Vec<Vec<u8>> = (0..UNFETCHED).map(|post| write(target, run, sender, post)).collect();
        requests.push((Sender::open(target, sender).await?, posts));
    }
    let mut sending = JoinSet::new();
    let before = cpu(&target.processes)?;
    for (mut sender, posts) in requests {
        sending.spawn(async move {
            for post in posts {
                sender.deliver(&post).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(done) = sending.join_next().await {
        done??;
    }
    let spent = cpu(&target.processes)? - before;
    let envelopes = SENDERS as u64 * UNFETCHED * (target.accounts.len() as u64 - 1);
    Ok(Figures::from([("G: CPU µs an envelope of a post", spent.as_secs_f64() * 1e6 / envelopes as f64)]))
}
