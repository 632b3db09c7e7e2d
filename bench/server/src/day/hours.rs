//! What each hour cost, and whether the last ones cost as little as the first.

use crate::{Outcome, process::resident};
use std::{fs, io::ErrorKind, path::Path, time::Duration};

pub const HEAD: &str = "\
| hour | messages | p50, ms | p99, ms | CPU, µs a message | memory, MB | mailbox.db, MB | mailbox.db-wal, MB | cliquet.db, MB | waiting | timer's p99, ms |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

/// How much more the last hours may cost.
const MORE_MAX: f64 = 0.10;
/// One hour alone says more about what else the machine did.
const COMPARED: usize = 3;
const MEGABYTE: f64 = 1e6;

/// At the end of an hour, in bytes.
pub struct Sizes {
    memory: f64,
    mailbox: f64,
    mailbox_log: f64,
    accounts: f64,
}

impl Sizes {
    pub fn of(process: u32, data: &Path) -> Outcome<Self> {
        let file = |name: &str| match fs::metadata(data.join(name)) {
            Ok(metadata) => Ok(metadata.len() as f64),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0.0),
            Err(error) => Err(error),
        };
        Ok(Self {
            memory: resident(&[process])? as f64,
            mailbox: file("mailbox.db")?,
            mailbox_log: file("mailbox.db-wal")?,
            accounts: file("cliquet.db")?,
        })
    }
}

/// In microseconds.
#[derive(Default)]
pub struct Times {
    /// From a post to the poll's answer of a reader who was there.
    pub arrivals: Vec<u32>,
    /// By how much a timer of this program was late, for want of a core: so much of an arrival's time may be no fault of the
    /// server's code.
    pub timers: Vec<u32>,
}

pub fn micros(time: Duration) -> u32 {
    time.as_micros().try_into().unwrap_or(u32::MAX)
}

/// In milliseconds. Sorts them.
fn percentile(times: &mut [u32], percent: usize) -> f64 {
    times.sort_unstable();
    times.get(times.len() * percent / 100).map_or(f64::NAN, |micros| f64::from(*micros) / 1e3)
}

pub struct Hour {
    messages: u64,
    /// For readers who are away, at its end.
    waiting: usize,
    p50_ms: f64,
    p99_ms: f64,
    timer_ms: f64,
    cpu_micros: f64,
    sizes: Sizes,
}

impl Hour {
    pub fn new(messages: u64, waiting: usize, mut times: Times, spent: Duration, sizes: Sizes) -> Self {
        Self {
            messages,
            waiting,
            p50_ms: percentile(&mut times.arrivals, 50),
            p99_ms: percentile(&mut times.arrivals, 99),
            timer_ms: percentile(&mut times.timers, 99),
            cpu_micros: spent.as_secs_f64() * 1e6 / messages as f64,
            sizes,
        }
    }

    pub fn row(&self, number: u32) -> String {
        let Self { messages, waiting, p50_ms, p99_ms, timer_ms, cpu_micros, sizes } = self;
        let sizes = [sizes.memory, sizes.mailbox, sizes.mailbox_log, sizes.accounts];
        let [memory, mailbox, log, accounts] = sizes.map(|bytes| bytes / MEGABYTE);
        format!(
            "| {number} | {messages} | {p50_ms:.1} | {p99_ms:.1} | {cpu_micros:.0} | {memory:.1} | {mailbox:.1} | {log:.1} | \
             {accounts:.1} | {waiting} | {timer_ms:.1} |"
        )
    }
}

/// A figure that must not grow: its name, and how it is read in an hour.
type Figure = (&'static str, fn(&Hour) -> f64);

const FIGURES: [Figure; 7] = [
    ("p99, ms", |hour| hour.p99_ms),
    ("timer's p99, ms (how busy the machine was)", |hour| hour.timer_ms),
    ("CPU, µs a message", |hour| hour.cpu_micros),
    ("memory, MB", |hour| hour.sizes.memory / MEGABYTE),
    ("mailbox.db, MB", |hour| hour.sizes.mailbox / MEGABYTE),
    ("mailbox.db-wal, MB", |hour| hour.sizes.mailbox_log / MEGABYTE),
    ("cliquet.db, MB", |hour| hour.sizes.accounts / MEGABYTE),
];

pub fn verdict(hours: &[Hour]) -> String {
    let mut lines = vec![format!(
        "- the last {COMPARED} hours beside the first {COMPARED}, by their medians; at most {:.0} % more:",
        MORE_MAX * 100.0
    )];
    let (first, last) = (&hours[..COMPARED.min(hours.len())], &hours[hours.len().saturating_sub(COMPARED)..]);
    lines.extend(FIGURES.iter().map(|(name, read)| compare(name, median(first, *read), median(last, *read))));
    lines.push(growth(hours));
    lines.join("\n")
}

fn compare(name: &str, first: f64, last: f64) -> String {
    // A figure that was not taken is not within anything.
    let is_within = last <= first * (1.0 + MORE_MAX);
    let change = if first == last { 0.0 } else { (last / first - 1.0) * 100.0 };
    let mark = if is_within { "" } else { ", over" };
    format!("- {name}: {first:.1}, at the end {last:.1} ({change:+.0} %){mark}")
}

/// The ids of what was accepted are kept for longer than their envelopes may wait, so this file grows with every message
/// of the day, and a share says little. In the second half about as much waits at its beginning as at its end.
fn growth(hours: &[Hour]) -> String {
    let later = &hours[hours.len() / 2..];
    let Some((from, rest)) = later.split_first() else { return String::new() };
    let messages: u64 = rest.iter().map(|hour| hour.messages).sum();
    let (bytes, waiting) =
        rest.last().map_or((0.0, from.waiting), |last| (last.sizes.mailbox - from.sizes.mailbox, last.waiting));
    format!(
        "- mailbox.db in the second half: {:.0} bytes more for each message (ids are kept); waiting {} and then {waiting}",
        bytes / messages as f64,
        from.waiting
    )
}

fn median(hours: &[Hour], read: fn(&Hour) -> f64) -> f64 {
    let mut values: Vec<f64> = hours.iter().map(read).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_more_is_within_and_less_is_no_fault() {
        let is_over = |first, last| compare("x", first, last).ends_with(", over");
        assert!(!is_over(10.0, 11.0) && !is_over(10.0, 1.0) && !is_over(0.0, 0.0));
        assert!(is_over(10.0, 11.1) && is_over(0.0, 1.0) && is_over(10.0, f64::NAN));
    }
}
