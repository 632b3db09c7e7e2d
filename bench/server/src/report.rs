//! Medians, ratios and tables.

use crate::{process, workloads::Figures};
use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

/// Rocket with nothing of ours: what the rest of the goals is measured from.
pub const BARE: &str = "bare Rocket";

/// What was seen, by system and figure, and in which circumstances.
#[derive(Default)]
pub struct Samples {
    order: Vec<&'static str>,
    figures: BTreeMap<(&'static str, &'static str), Vec<f64>>,
    fdatasync_micros: Vec<f64>,
    loads: Vec<String>,
}

pub fn line(figures: &Figures) -> String {
    figures.iter().map(|(name, value)| format!("{name} {value:.1}")).collect::<Vec<_>>().join(", ")
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
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

    fn median(&self, system: &'static str, figure: &'static str) -> f64 {
        self.figures.get(&(system, figure)).map_or(f64::NAN, |values| median(values))
    }

    fn sum(&self, system: &'static str, figure: &'static str) -> f64 {
        self.figures.get(&(system, figure)).map_or(0.0, |values| values.iter().sum())
    }

    /// The median of the ratios within each repeat: what disturbed both is in neither.
    fn ratio(&self, (above, below): (&'static str, &'static str), figure: &'static str) -> Option<f64> {
        let (above, below) = (self.figures.get(&(above, figure))?, self.figures.get(&(below, figure))?);
        Some(median(&above.iter().zip(below).map(|(above, below)| above / below).collect::<Vec<_>>()))
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
                "| {system} | {:.1} KB | {:.2} s | {:.2} s | {:.0} µs | {:.0} µs | {:.0} | {:.0} µs | {lost} | {wrong} |",
                of("A: bytes a waiter") / 1e3,
                of("A: seconds to open"),
                of("A: seconds to wake"),
                of("B: µs p50"),
                of("B: µs p99"),
                of("C: messages/s"),
                of("C: CPU µs a message"),
            );
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
            let ratio = |figure| self.ratio((system, BARE), figure).unwrap_or(f64::NAN);
            let queued =
                self.figures.get(&(*system, "Q: messages/s")).zip(self.figures.get(&(*system, "C: messages/s")));
            let queued = queued.map(|(q, c)| median(&q.iter().zip(c).map(|(q, c)| q / c).collect::<Vec<_>>()));
            let _ = writeln!(
                text,
                "| {system} | {:.0} | {:.2} | {:.0} µs | {:.2} | {:.0} | {:.2} | {:.0} µs | {} |",
                self.median(system, "C: messages/s"),
                ratio("C: messages/s"),
                self.median(system, "C: CPU µs a message"),
                ratio("C: CPU µs a message"),
                self.median(system, "Q: messages/s"),
                queued.unwrap_or(f64::NAN),
                self.median(system, "Q: CPU µs a message"),
                self.sum(system, "C: lost") + self.sum(system, "C: out of order or twice"),
            );
        }
        text
    }

    fn goals(&self) -> String {
        let cliquet = "Cliquet, SQLite";
        let mut text = String::from("\n| goal, Cliquet with SQLite | asked | seen | |\n|---|---|---|---|\n");
        let mut goal = |words: &str, most: bool, asked: f64, seen: Option<f64>, unit: &str| {
            let Some(seen) = seen else { return };
            let (sign, reached) = if most { ("≤", seen <= asked) } else { ("≥", seen >= asked) };
            let verdict = if reached { "reached" } else { "**missed**" };
            let _ = writeln!(text, "| {words} | {sign} {asked}{unit} | {seen:.2}{unit} | {verdict} |");
        };
        goal("A: memory of a waiter", true, 30.0, Some(self.median(cliquet, "A: bytes a waiter") / 1e3), " KB");
        goal("A: all polls opened", true, 2.0, Some(self.median(cliquet, "A: seconds to open")), " s");
        // The goal is that much past the bare Rocket of the same repeat.
        let disk = median(&self.fdatasync_micros);
        let above = self.figures.get(&(cliquet, "B: µs p50")).zip(self.figures.get(&(BARE, "B: µs p50")));
        let above = above.map(|(ours, bare)| median(&ours.iter().zip(bare).map(|(o, b)| o - b).collect::<Vec<_>>()));
        goal("B: p50 above the bare Rocket's, two fdatasync", true, (2.0 * disk).round(), above, " µs");
        let (p50, p99) = (self.median(cliquet, "B: µs p50"), self.median(cliquet, "B: µs p99"));
        goal("B: p99 to p50", true, 3.0, Some(p99 / p50), "");
        let memory = (cliquet, "nchan, memory");
        let redis = (cliquet, "nchan, Redis");
        goal("C: messages/s to nchan's in memory", false, 0.6, self.ratio(memory, "C: messages/s"), "");
        goal("C: messages/s to nchan's with Redis", false, 2.0, self.ratio(redis, "C: messages/s"), "");
        goal("C: CPU a message to nchan's in memory", true, 2.0, self.ratio(memory, "C: CPU µs a message"), "");
        text
    }

    pub fn at_rest(&self, system: &'static str) -> String {
        let mut text = String::from("\n| at rest | asked | seen | |\n|---|---|---|---|\n");
        for (words, figure, asked, unit) in [
            ("from exec to connectable", "rest: ms from exec to connectable", 50.0, "ms"),
            ("resident, nobody there", "rest: MB idle", 18.0, "MB"),
            ("resident, 50 polls held", "rest: MB with 50 polls held", 30.0, "MB"),
        ] {
            let seen = self.median(system, figure);
            let verdict = if seen < asked { "reached" } else { "**missed**" };
            let _ = writeln!(text, "| {words} | < {asked} {unit} | {seen:.1} {unit} | {verdict} |");
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
        let of = |figure| samples.median("Cliquet, SQLite", figure);
        let _ = writeln!(
            text,
            "| {name} | {:.0} | {:.0} µs | {:.0} µs | {:.0} µs | {} | {:.0} µs |",
            of("C: messages/s"),
            of("C: CPU µs a message"),
            of("B: µs p50"),
            of("scatter: CPU µs a post"),
            samples.sum("Cliquet, SQLite", "C: lost") + samples.sum("Cliquet, SQLite", "C: out of order or twice"),
            median(&samples.fdatasync_micros),
        );
    }
    text
}
