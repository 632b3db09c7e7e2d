//! Workloads A, B and C: many idle polls, one message at a time, and everyone flat out.

use crate::{
    Outcome,
    poller::Poller,
    process::{cpu, resident},
    sender::Sender,
    target::Target,
};
use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{sleep, timeout},
};

/// Named figures of one run.
pub type Figures = BTreeMap<&'static str, f64>;

/// Connections that are opened or written to at once.
pub const CONNECTIONS: usize = 64;
const OPENED_AT_ONCE: usize = 256;
pub const PATIENCE: Duration = Duration::from_secs(45);
/// The server has taken all polls when its CPU stands still for so long.
const QUIET: Duration = Duration::from_millis(100);
/// Between two messages of workload B: the acknowledgement of the first is done before the second.
pub const PAUSE: Duration = Duration::from_millis(2);

/// Tells the messages of one run from those of another.
pub fn run_number() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_millis() as u64 & 0xffff_ffff_ffff
}

/// Does `count` pieces of work, `at_once` at a time.
pub async fn spread<F>(count: usize, at_once: usize, work: impl Fn(usize) -> F) -> Outcome<()>
where
    F: Future<Output = Outcome<()>> + Send + 'static,
{
    let mut running = JoinSet::new();
    for index in 0..count {
        if running.len() >= at_once {
            running.join_next().await.ok_or("no work")???;
        }
        running.spawn(work(index));
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

/// **A**: holds `count` polls, then writes to each. All must be woken by their own message.
pub async fn idle(target: &Arc<Target>, count: usize) -> Outcome<Figures> {
    let run = run_number();
    let before = resident(&target.fronts)?;
    let begun = Instant::now();
    let (sender, mut opened) = mpsc::unbounded_channel();
    spread(count, OPENED_AT_ONCE, |index| {
        let (target, sender) = (Arc::clone(target), sender.clone());
        async move {
            let mut poller = Poller::open(&target, run, index).await?;
            poller.ask().await?;
            Ok(sender.send(poller)?)
        }
    })
    .await?;
    drop(sender);
    let opened_seconds = quiet(&target.processes, begun).await?;
    let held = resident(&target.fronts)?.saturating_sub(before);
    let woken = Arc::new(AtomicUsize::new(0));
    let mut waiters = JoinSet::new();
    while let Some(mut poller) = opened.recv().await {
        let woken = Arc::clone(&woken);
        waiters.spawn(async move {
            loop {
                let numbers = poller.answer().await?;
                if !numbers.is_empty() {
                    woken.fetch_add(1, Ordering::Relaxed);
                    return Outcome::Ok(numbers == [poller.index() as u64]);
                }
                // What an earlier run left.
                poller.ask().await?;
            }
        });
    }
    let senders = senders(target).await?;
    let begun = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut posting = JoinSet::new();
    for mut sender in senders {
        let (next, accounts) = (Arc::clone(&next), target.accounts.len());
        posting.spawn(async move {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return Outcome::Ok(());
                }
                let request = sender.write(run, (index + 1) % accounts, index, index as u64);
                sender.deliver(&request).await?;
            }
        });
    }
    while let Some(done) = posting.join_next().await {
        done??;
    }
    let mut right = 0;
    let all = async {
        while let Some(done) = waiters.join_next().await {
            right += usize::from(done??);
        }
        Outcome::Ok(())
    };
    if let Ok(done) = timeout(PATIENCE, all).await {
        done?;
    }
    Ok(Figures::from([
        ("A: bytes a waiter", held as f64 / count as f64),
        ("A: seconds to open", opened_seconds),
        ("A: not woken", (count - woken.load(Ordering::Relaxed)) as f64),
        ("A: woken by something else", (woken.load(Ordering::Relaxed) - right) as f64),
        ("A: seconds to wake", begun.elapsed().as_secs_f64()),
    ]))
}

/// Opened before the clock starts: over BOSH each is a whole sign-in.
async fn senders(target: &Arc<Target>) -> Outcome<Vec<Sender>> {
    let mut senders = Vec::new();
    for lane in 0..CONNECTIONS {
        senders.push(Sender::open(target, lane).await?);
    }
    Ok(senders)
}

/// Seconds until the processes last did anything.
pub async fn quiet(processes: &[u32], begun: Instant) -> Outcome<f64> {
    let (mut last, mut since) = (cpu(processes)?, Instant::now());
    while since.elapsed() < QUIET {
        sleep(Duration::from_millis(5)).await;
        let now = cpu(processes)?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok((since - begun).as_secs_f64())
}

/// **B**: one message at a time to one of `count` waiters, from the start of the post to the poll's answer.
pub async fn latency(target: &Arc<Target>, count: usize, messages: usize) -> Outcome<Figures> {
    let run = run_number();
    let (arrival, mut arrivals) = mpsc::unbounded_channel();
    let mut waiters = JoinSet::new();
    for index in 0..count {
        let mut poller = Poller::open(target, run, index).await?;
        poller.ask().await?;
        let arrival = arrival.clone();
        waiters.spawn(async move {
            while let Ok(numbers) = poller.answer().await {
                let now = Instant::now();
                for number in numbers {
                    let _ = arrival.send((number, now));
                }
                if poller.ask().await.is_err() {
                    return;
                }
            }
        });
    }
    quiet(&target.processes, Instant::now()).await?;
    let mut sender = Sender::open(target, 0).await?;
    let before = cpu(&target.processes)?;
    let mut micros = Vec::with_capacity(messages);
    for number in 0..messages {
        // A walk that visits all in no order that a cache would like.
        let index = number * 619 % count;
        let request = sender.write(run, (index + 1) % target.accounts.len(), index, number as u64);
        let begun = Instant::now();
        sender.deliver(&request).await?;
        let (arrived, at) = timeout(PATIENCE, arrivals.recv()).await?.ok_or("the waiters are gone")?;
        if arrived != number as u64 {
            return Err(format!("message {arrived} came in the place of {number}").into());
        }
        micros.push(at.duration_since(begun).as_secs_f64() * 1e6);
        sleep(PAUSE).await;
    }
    let spent = cpu(&target.processes)? - before;
    waiters.abort_all();
    micros.sort_by(f64::total_cmp);
    Ok(Figures::from([
        ("B: µs p50", micros[micros.len() / 2]),
        ("B: µs p99", micros[micros.len() * 99 / 100]),
        ("B: CPU µs a message", spent.as_secs_f64() * 1e6 / messages as f64),
    ]))
}

/// **C**: `CONNECTIONS` senders flat out, each to its own polling recipient. In order, none lost, none twice.
pub async fn throughput(target: &Arc<Target>, time: Duration) -> Outcome<Figures> {
    let run = run_number();
    let stride = (target.accounts.len() / CONNECTIONS).max(2);
    let stop = Arc::new(AtomicBool::new(false));
    let sent: Arc<Vec<AtomicU64>> = Arc::new((0..CONNECTIONS).map(|_| AtomicU64::new(u64::MAX)).collect());
    let (received, wrong) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let senders = senders(target).await?;
    let (mut sending, mut receivers) = (JoinSet::new(), JoinSet::new());
    for pair in 0..CONNECTIONS {
        let mut poller = Poller::open(target, run, pair * stride).await?;
        let (sent, received, wrong) = (Arc::clone(&sent), Arc::clone(&received), Arc::clone(&wrong));
        receivers.spawn(async move {
            let mut expected = 0;
            // The last one sent may be known only after it came: the sender's final answer is on its way.
            while expected < sent[pair].load(Ordering::Acquire) {
                poller.ask().await?;
                for number in poller.answer().await? {
                    if number != expected {
                        wrong.fetch_add(1, Ordering::Relaxed);
                    }
                    expected = number + 1;
                    received.fetch_add(1, Ordering::Relaxed);
                }
                // Lets the sender's answer in first when both are there.
                tokio::task::yield_now().await;
            }
            Outcome::Ok(())
        });
    }
    let before = cpu(&target.processes)?;
    let begun = Instant::now();
    for (pair, mut sender) in senders.into_iter().enumerate() {
        let (stop, sent) = (Arc::clone(&stop), Arc::clone(&sent));
        sending.spawn(async move {
            let (from, to) = (pair * stride + 1, pair * stride);
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                let request = sender.write(run, from, to, number);
                sender.deliver(&request).await?;
                number += 1;
            }
            // One more, that is known to be the last before it leaves: no poll is left waiting for nothing.
            sent[pair].store(number + 1, Ordering::Release);
            let request = sender.write(run, from, to, number);
            sender.deliver(&request).await
        });
    }
    sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    while let Some(done) = sending.join_next().await {
        done??;
    }
    let all = async {
        while let Some(done) = receivers.join_next().await {
            done??;
        }
        Outcome::Ok(())
    };
    if let Ok(done) = timeout(PATIENCE, all).await {
        done?;
    }
    let (seconds, spent) = (begun.elapsed().as_secs_f64(), cpu(&target.processes)? - before);
    let received = received.load(Ordering::Relaxed);
    let accepted: u64 = sent.iter().map(|count| count.load(Ordering::Relaxed)).sum();
    Ok(Figures::from([
        ("C: messages/s", received as f64 / seconds),
        ("C: CPU µs a message", spent.as_secs_f64() * 1e6 / received as f64),
        ("C: lost", accepted as f64 - received as f64),
        ("C: out of order or twice", wrong.load(Ordering::Relaxed) as f64),
    ]))
}

/// **Q**: the same figures under names of their own.
pub fn as_queued(figures: Figures) -> Figures {
    let name = |name| match name {
        "C: messages/s" => "Q: messages/s",
        "C: CPU µs a message" => "Q: CPU µs a message",
        other => other,
    };
    figures.into_iter().map(|(figure, value)| (name(figure), value)).collect()
}

/// Posts `count` messages to accounts all over, which nobody fetches. CPU for one post.
pub async fn scatter(target: &Arc<Target>, count: usize) -> Outcome<Figures> {
    let run = run_number();
    let next = Arc::new(AtomicUsize::new(0));
    let (before, begun) = (cpu(&target.processes)?, Instant::now());
    spread(CONNECTIONS, CONNECTIONS, |lane| {
        let (target, next) = (Arc::clone(target), Arc::clone(&next));
        async move {
            let mut sender = Sender::open(&target, lane).await?;
            let accounts = target.accounts.len();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok(());
                }
                // A prime: all over, and each as often as any other.
                let to = number.wrapping_mul(7_368_787) % accounts;
                let request = sender.write(run, (to + 1) % accounts, to, number as u64);
                sender.deliver(&request).await?;
            }
        }
    })
    .await?;
    let (seconds, spent) = (begun.elapsed().as_secs_f64(), cpu(&target.processes)? - before);
    Ok(Figures::from([
        ("scatter: posts/s", count as f64 / seconds),
        ("scatter: CPU µs a post", spent.as_secs_f64() * 1e6 / count as f64),
    ]))
}
