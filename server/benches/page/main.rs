//! What people feel: real browsers, the real server, and a clock in each page. Prints a part of docs/benchmarks.md.
//!
//! `cargo xtask bench page` runs it with the binary that is installed (`CLIQUET_BINARY`). Nothing here passes or fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "a benchmark")]
#![allow(dead_code, reason = "the stage of the browser tests has more than is used here")]

mod files;
mod group;
mod latency;
mod long_conversation;
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

use support::{eventually, member, program::Program};

#[tokio::main]
async fn main() {
    let house = tempfile::tempdir().unwrap();
    let throttles = member::throttles();
    let server = Program::start_with_pages(house.path(), &[("ROCKET_THROTTLES", &throttles)]);
    let url = format!("http://localhost:{}", server.port);
    // Other words on the command line are cargo's own.
    let only: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| only.is_empty() || only.iter().any(|word| word == part);
    println!("| | goal | measured | |\n|---|---|---|---|");
    let print = |rows: Vec<Row>| rows.iter().for_each(|row| println!("{row}"));
    if wanted("latency") {
        print(latency::measure(house.path(), &url).await);
    }
    if wanted("slow-network") {
        print(slow_network::measure(house.path(), &url).await);
    }
    if wanted("files") {
        print(files::measure(house.path(), &url, &server).await);
    }
    if wanted("group") {
        print(group::measure(house.path(), &url, &server).await);
    }
    if wanted("long-conversation") {
        print(long_conversation::measure(house.path(), &url).await);
    }
}

/// A line of the table.
#[derive(Debug)]
struct Row {
    what: String,
    goal: Option<f64>,
    times: Times,
    unit: &'static str,
}

impl std::fmt::Display for Row {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, goal, times, unit } = self;
        let median = times.part(50);
        let (asked, verdict) = match goal {
            Some(goal) => (format!("{goal} {unit}"), if median <= *goal { "reached" } else { "**missed**" }),
            None => (String::new(), ""),
        };
        let (p90, least, count) = (times.part(90), times.part(0), times.0.len());
        // What takes a few milliseconds is told apart by tenths.
        let decimals = usize::from(median < 100.0 && *unit == "ms");
        write!(
            out,
            "| {what} | {asked} | {median:.decimals$} {unit} (p90 {p90:.decimals$}, least {least:.decimals$}; {count} times) \
             | {verdict} |"
        )
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
