//! Medians, ratios and tables.

use crate::{process, workloads::Figures};
use Bound::{AtLeast, AtMost, Under};
use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

/// The systems, as the tables call them.
pub const CLIQUET: &str = "Cliquet, SQLite";
pub const BESIDE: &str = "Cliquet, the other build";
pub const CLIQUET_REDIS: &str = "Cliquet, Redis";
/// Rocket with nothing of ours: what most goals are measured from.
pub const BARE: &str = "bare Rocket";
pub const NCHAN: &str = "nchan, memory";
pub const NCHAN_REDIS: &str = "nchan, Redis";
pub const PROSODY: &str = "Prosody";
pub const EJABBERD: &str = "ejabberd";

/// What was seen, by system and figure, and in which circumstances.
#[derive(Default)]
pub struct Samples {
    order: Vec<&'static str>,
    figures: BTreeMap<(&'static str, &'static str), Vec<f64>>,
    fdatasync_micros: Vec<f64>,
    loads: Vec<String>,
    /// What was not measured, and why.
    missing: Vec<String>,
}

pub fn line(figures: &Figures) -> String {
    figures.iter().map(|(name, value)| format!("{name} {value:.1}")).collect::<Vec<_>>().join(", ")
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A figure for a table; one that was not measured is a dash.
fn shown(value: f64, decimals: usize, unit: &str) -> String {
    if value.is_nan() { "–".to_owned() } else { format!("{value:.decimals$}{unit}") }
}

const GOALS: &str = "\n| goal, Cliquet with SQLite | asked | seen | |\n|---|---|---|---|\n";

enum Bound {
    AtMost,
    Under,
    AtLeast,
}

/// A row of a table of goals.
fn goal(words: &str, bound: Bound, asked: f64, seen: f64, unit: &str) -> String {
    let (sign, reached) = match bound {
        AtMost => ("≤", seen <= asked),
        Under => ("<", seen < asked),
        AtLeast => ("≥", seen >= asked),
    };
    let verdict = match reached {
        _ if seen.is_nan() => "not measured",
        true => "reached",
        false => "**missed**",
    };
    format!("| {words} | {sign} {asked}{unit} | {} | {verdict} |\n", shown(seen, 2, unit))
}

impl Samples {
    /// In the order of the tables.
    pub fn of(systems: impl IntoIterator<Item = &'static str>) -> Self {
        Self { order: systems.into_iter().collect(), ..Self::default() }
    }

    pub fn circumstances(&mut self, fdatasync: Duration) {
        self.fdatasync_micros.push(fdatasync.as_secs_f64() * 1e6);
        self.loads.push(process::load());
    }

    pub fn add(&mut self, system: &'static str, figures: Figures) {
        if !self.order.contains(&system) {
            self.order.push(system);
        }
        for (name, value) in figures {
            self.figures.entry((system, name)).or_default().push(value);
        }
    }

    pub fn not_measured(&mut self, system: &str, workload: &str, why: String) {
        let line = format!("- {system}, {workload}: not measured ({why})");
        eprintln!("{line}");
        self.missing.push(line);
    }

    fn median(&self, system: &'static str, figure: &'static str) -> f64 {
        self.figures.get(&(system, figure)).map_or(f64::NAN, |values| median(values))
    }

    fn sum(&self, system: &'static str, figure: &'static str) -> f64 {
        self.figures.get(&(system, figure)).map_or(0.0, |values| values.iter().sum())
    }

    /// The median of the ratios within each repeat: what disturbed both is in neither.
    fn ratio(&self, above: (&'static str, &'static str), below: (&'static str, &'static str)) -> f64 {
        self.compared(above, below, |above, below| above / below)
    }

    fn compared(
        &self,
        one: (&'static str, &'static str),
        other: (&'static str, &'static str),
        how: impl Fn(f64, f64) -> f64,
    ) -> f64 {
        let both = self.figures.get(&one).zip(self.figures.get(&other));
        both.map_or(f64::NAN, |(one, other)| {
            median(&one.iter().zip(other).map(|(one, other)| how(*one, *other)).collect::<Vec<_>>())
        })
    }

    fn surroundings(&self) -> String {
        let disk = self.fdatasync_micros.iter().map(|micros| format!("{micros:.0}")).collect::<Vec<_>>().join(", ");
        format!("fdatasync of 4 KB at each repeat: {disk} µs; load (1 minute) then: {}.\n", self.loads.join(", "))
    }

    /// A, B and C of all systems, and how Cliquet stands to the goals.
    pub fn table(&self, waiters: usize) -> String {
        let mut text = format!(
            "Medians of {} interleaved repeats. {}\n\
             | system | A: bytes a waiter at {waiters} | A: opened in | A: all woken in | B: p50 | B: p99 | C: messages/s | C: CPU a message | lost | twice or out of order |\n\
             |---|---|---|---|---|---|---|---|---|---|\n",
            self.fdatasync_micros.len(),
            self.surroundings(),
        );
        for system in &self.order {
            let of = |figure| self.median(system, figure);
            let lost = self.sum(system, "A: not woken") + self.sum(system, "C: lost");
            let wrong = self.sum(system, "A: woken by something else") + self.sum(system, "C: out of order or twice");
            let _ = writeln!(
                text,
                "| {system} | {} | {} | {} | {} | {} | {} | {} | {lost} | {wrong} |",
                shown(of("A: bytes a waiter") / 1e3, 1, " KB"),
                shown(of("A: seconds to open"), 2, " s"),
                shown(of("A: seconds to wake"), 2, " s"),
                shown(of("B: µs p50"), 0, " µs"),
                shown(of("B: µs p99"), 0, " µs"),
                shown(of("C: messages/s"), 0, ""),
                shown(of("C: CPU µs a message"), 0, " µs"),
            );
        }
        if !self.missing.is_empty() {
            let _ = write!(text, "\n{}\n", self.missing.join("\n"));
        }
        text + &self.goals()
    }

    /// C on fresh servers, and with so many messages queued elsewhere.
    pub fn fresh(&self, queued: usize) -> String {
        let mut text = format!(
            "\nOn servers that did nothing before, and with {queued} messages queued elsewhere; medians of {} interleaved \
             repeats, ratios within a repeat. {}\n\
             | system | C-fresh: messages/s | to the bare Rocket's | CPU a message | to the bare Rocket's | Q: messages/s | \
             to C-fresh | Q: CPU a message | lost |\n|---|---|---|---|---|---|---|---|---|\n",
            self.fdatasync_micros.len(),
            self.surroundings(),
        );
        for system in self.order.iter().filter(|system| self.figures.contains_key(&(system, "C: messages/s"))) {
            let of = |figure| self.median(system, figure);
            let to_bare = |figure| shown(self.ratio((system, figure), (BARE, figure)), 2, "");
            let to_fresh = self.ratio((system, "Q: messages/s"), (system, "C: messages/s"));
            let _ = writeln!(
                text,
                "| {system} | {} | {} | {} | {} | {} | {} | {} | {} |",
                shown(of("C: messages/s"), 0, ""),
                to_bare("C: messages/s"),
                shown(of("C: CPU µs a message"), 0, " µs"),
                to_bare("C: CPU µs a message"),
                shown(of("Q: messages/s"), 0, ""),
                shown(to_fresh, 2, ""),
                shown(of("Q: CPU µs a message"), 0, " µs"),
                self.sum(system, "C: lost") + self.sum(system, "C: out of order or twice"),
            );
        }
        let to_bare = |figure| self.ratio((CLIQUET, figure), (BARE, figure));
        let to_fresh = self.ratio((CLIQUET, "Q: messages/s"), (CLIQUET, "C: messages/s"));
        text.push_str(GOALS);
        text += &goal("C-fresh: CPU a message to the bare Rocket's", AtMost, 1.6, to_bare("C: CPU µs a message"), "");
        text += &goal("C-fresh: messages/s to the bare Rocket's", AtLeast, 0.7, to_bare("C: messages/s"), "");
        text + &goal("Q: messages/s to C-fresh", AtLeast, 0.9, to_fresh, "")
    }

    /// G beside B and C: what an envelope costs in a post for so many devices, and what a message between two.
    pub fn groups(&self, devices: usize) -> String {
        const COMPARED: [(&str, &str, &str); 3] = [
            ("flat out", "C: CPU µs a message", "G: CPU µs an envelope"),
            ("one post after the other was read", "B: CPU µs a message", "G: CPU µs an envelope, one by one"),
            ("posts that nobody fetches", "scatter: CPU µs a post", "G: CPU µs an envelope of a post"),
        ];
        let mut text = format!(
            "\nA group of {} devices beside conversations of two, on servers that did nothing before; medians of {} \
             interleaved repeats, ratios within a repeat. {}\n\
             | server's CPU | for a message of two | for each of {devices} envelopes | ratio |\n|---|---|---|---|\n",
            devices + 1,
            self.fdatasync_micros.len(),
            self.surroundings(),
        );
        for system in &self.order {
            for (words, two, group) in COMPARED {
                let (of_two, of_group) = (self.median(system, two), self.median(system, group));
                let ratio = shown(self.ratio((system, group), (system, two)), 2, "");
                let _ = writeln!(text, "| {system}: {words} | {of_two:.0} µs | {of_group:.0} µs | {ratio} |");
            }
        }
        text.push_str(
            "\n| | C: messages/s | G: envelopes/s | B: p50 | p99 | G: to the last of all polls, p50 | p99 | lost | ",
        );
        text.push_str("twice or out of order |\n|---|---|---|---|---|---|---|---|---|\n");
        for system in &self.order {
            let of = |figure| self.median(system, figure);
            let millis = |figure| shown(of(figure) / 1e3, 1, " ms");
            let _ = writeln!(
                text,
                "| {system} | {:.0} | {:.0} | {} | {} | {} | {} | {} | {} |",
                of("C: messages/s"),
                of("G: envelopes/s"),
                millis("B: µs p50"),
                millis("B: µs p99"),
                millis("G: µs p50"),
                millis("G: µs p99"),
                self.sum(system, "C: lost") + self.sum(system, "G: lost"),
                self.sum(system, "C: out of order or twice") + self.sum(system, "G: out of order or twice"),
            );
        }
        text.push_str(GOALS);
        for (words, two, group) in &COMPARED[..2] {
            let seen = self.ratio((CLIQUET, *group), (CLIQUET, *two));
            text += &goal(&format!("G: CPU an envelope to a message of two, {words}"), AtMost, 1.3, seen, "");
        }
        text
    }

    fn goals(&self) -> String {
        let of = |figure| self.median(CLIQUET, figure);
        let to = |system, figure| self.ratio((CLIQUET, figure), (system, figure));
        let mut text = String::from(GOALS);
        text += &goal("A: memory of a waiter", AtMost, 34.0, of("A: bytes a waiter") / 1e3, " KB");
        text += &goal("A: all polls opened", Under, 2.0, of("A: seconds to open"), " s");
        // The goal is that much past the bare Rocket of the same repeat.
        let disk = (2.0 * median(&self.fdatasync_micros)).round();
        let above = self.compared((CLIQUET, "B: µs p50"), (BARE, "B: µs p50"), |ours, bare| ours - bare);
        text += &goal("B: p50 above the bare Rocket's, two fdatasync", AtMost, disk, above, " µs");
        text += &goal("B: p99 to p50", AtMost, 3.0, of("B: µs p99") / of("B: µs p50"), "");
        text += &goal("C: CPU a message to the bare Rocket's", AtMost, 2.0, to(BARE, "C: CPU µs a message"), "");
        for (words, system, asked) in [
            ("the bare Rocket's", BARE, 0.55),
            ("nchan's with Redis", NCHAN_REDIS, 1.0),
            ("Prosody's", PROSODY, 8.0),
            ("ejabberd's", EJABBERD, 4.0),
        ] {
            text += &goal(&format!("C: messages/s to {words}"), AtLeast, asked, to(system, "C: messages/s"), "");
        }
        text
    }

    pub fn at_rest(&self, system: &'static str) -> String {
        let mut text = String::from("\n| at rest | asked | seen | |\n|---|---|---|---|\n");
        for (words, figure, asked, unit) in [
            ("from exec to connectable", "rest: ms from exec to connectable", 50.0, " ms"),
            ("resident, nobody there", "rest: MB idle", 20.0, " MB"),
            ("resident, 50 polls held", "rest: MB with 50 polls held", 30.0, " MB"),
        ] {
            text += &goal(words, Under, asked, self.median(system, figure), unit);
        }
        text
    }
}

/// One row for each size.
pub fn growth(what: &str, rows: &[(String, Samples)]) -> String {
    let mut text = format!(
        "\nGrowing {what}, Cliquet with SQLite. *Elsewhere*: posts to mailboxes all over that nobody fetches.\n\n\
         | | C: messages/s | C: CPU a message | B: p50 | elsewhere: CPU a post | lost | fdatasync |\n|---|---|---|---|---|---|---|\n"
    );
    for (name, samples) in rows {
        let of = |figure| samples.median(CLIQUET, figure);
        let _ = writeln!(
            text,
            "| {name} | {:.0} | {:.0} µs | {:.0} µs | {:.0} µs | {} | {:.0} µs |",
            of("C: messages/s"),
            of("C: CPU µs a message"),
            of("B: µs p50"),
            of("scatter: CPU µs a post"),
            samples.sum(CLIQUET, "C: lost") + samples.sum(CLIQUET, "C: out of order or twice"),
            median(&samples.fdatasync_micros),
        );
    }
    text
}
