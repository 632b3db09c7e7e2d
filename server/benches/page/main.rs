//! What people feel: real browsers, the real server, and a clock in each page. Prints a part of docs/benchmarks.md.
//!
//! `cargo xtask bench page` runs it with the binary that is installed (`CLIQUET_BINARY`). Nothing here passes or fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "a benchmark")]
#![allow(dead_code, reason = "the stage of the browser tests has more than is used here")]

mod latency;
mod slow_network;

#[path = "../../tests/browser/browser.rs"]
mod browser;
#[path = "../../tests/browser/engine.rs"]
mod engine;
#[path = "../../tests/browser/person.rs"]
mod person;
#[path = "../../tests/browser/proxy.rs"]
mod proxy;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../tests/browser/word.rs"]
mod word;

use support::{eventually, program::Program};

#[tokio::main]
async fn main() {
    let house = tempfile::tempdir().unwrap();
    let server = Program::start_with_pages(house.path(), &[]);
    let url = format!("http://localhost:{}", server.port);
    let latency = latency::measure(house.path(), &url).await;
    let slow = slow_network::measure(house.path(), &url).await;
    println!("| | goal | measured | |\n|---|---|---|---|");
    for row in latency.into_iter().chain(slow) {
        println!("{row}");
    }
}

/// A line of the table. Times in ms.
#[derive(Debug)]
struct Row {
    what: String,
    goal: Option<f64>,
    times: Times,
}

impl std::fmt::Display for Row {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, goal, times } = self;
        let median = times.part(50);
        let (asked, verdict) = match goal {
            Some(goal) => (format!("{goal} ms"), if median <= *goal { "reached" } else { "**missed**" }),
            None => (String::new(), ""),
        };
        let (p90, least, count) = (times.part(90), times.part(0), times.0.len());
        write!(out, "| {what} | {asked} | {median:.0} ms (p90 {p90:.0}, least {least:.0}; {count} times) | {verdict} |")
    }
}

/// In ascending order.
#[derive(Debug)]
struct Times(Vec<f64>);

impl Times {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The time that this many of a hundred stay below.
    fn part(&self, percent: usize) -> f64 {
        let last = self.0.len() - 1;
        self.0[(last * percent + 50) / 100]
    }
}
