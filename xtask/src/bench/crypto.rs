//! Owns the part `crypto`: builds Cliquet's and vodozemac's workloads natively and for the browser, fetches libolm,
//! lets them take turns, and makes the tables. What a workload does stands in bench/crypto.

use super::browser;
use super::samples::{Sample, Samples};
use crate::assets;
use crate::npm;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::project::{self, Project, WASM_TARGET};
use crate::wasm;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

const HOUSE: &str = "bench/crypto";
const CLIQUET: &str = "cliquet";
const VODOZEMAC: &str = "vodozemac";
const LIBOLM: &str = "libolm";

/// Rounds of the native run that are not counted, and those that are.
const WARM_UP: u64 = 3;
const ROUNDS: u64 = 25;

/// What is measured, in its order: `open` opens what `seal` sealed. How often natively; and the goals, as ratios to
/// vodozemac's time, natively and in the browser.
struct Workload {
    name: &'static str,
    words: &'static str,
    times: u32,
    goals: [Option<f64>; 2],
}

const WORKLOADS: [Workload; 4] = [
    Workload { name: "seal", words: "seal 1 KiB in order", times: 500, goals: [Some(0.2), Some(0.35)] },
    Workload { name: "open", words: "open 1 KiB in order", times: 500, goals: [Some(0.85), Some(1.25)] },
    Workload { name: "ping-pong", words: "one message each way", times: 40, goals: [Some(1.0), Some(1.15)] },
    Workload { name: "set-up", words: "begin a session and accept it", times: 20, goals: [None, None] },
];

/// What only Cliquet does for a text to a group of 50 members with two devices each, its goal in the browser in
/// milliseconds, and how often in a round.
const GROUP: [(&str, &str, Option<f64>); 2] = [
    ("say", "seal it: the messenger's step, up to the body of the post", Some(10.0)),
    ("keep", "seal the records of that step", None),
];
const TEXTS: usize = 5;

pub(super) fn measure(project: &Project) -> Result<String, Problem> {
    wasm::add_target(project)?;
    assets::build(project, &mut Progress::of(assets::STEPS))?;
    let folder = project.path("target/bench/page");
    page(project, &folder)?;
    for name in [CLIQUET, VODOZEMAC] {
        build(project, &["build", "--release", "--bins", "--package", &package(name)], None)?;
    }
    println!("Measuring natively");
    let native = natively(project)?;
    println!("Measuring in Chromium");
    let (browser, agent) = in_browser(project, &folder)?;
    let chromium = agent.split_whitespace().find(|word| word.contains("Chrome/")).unwrap_or("Chromium").to_owned();
    let vodozemac = version(project)?;
    let mut text = format!(
        "vodozemac {vodozemac} with its default features, libolm 3.2.15, {chromium}. Microseconds, medians; in brackets the \
         least; the ratio is the median of the ratios to vodozemac within each round.\n"
    );
    text.push_str(&table("native", &native, &[CLIQUET, VODOZEMAC], 0));
    text.push_str(&table("in Chromium (WASM)", &browser, &[CLIQUET, VODOZEMAC, LIBOLM], 1));
    text.push_str(&table_of_group(&native, &browser));
    text.push_str(&sizes(project, &folder)?);
    Ok(text)
}

fn package(name: &str) -> String {
    format!("bench-{name}")
}

/// Cargo in the benchmark's own workspace, with the profiles of ours.
fn build(project: &Project, arguments: &[&str], flags: Option<&str>) -> Result<(), Problem> {
    let mut cargo = project.cargo();
    cargo.current_dir(project.path(HOUSE)).arg("--config").arg(project.path("Cargo.toml")).args(arguments);
    cargo.args(["--quiet", "--locked", "--target-dir"]).arg(project.path("target/bench"));
    if let Some(flags) = flags {
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags).env_remove("RUSTFLAGS");
    }
    project::run(&mut cargo)
}

/// Everything that the browser loads, in one folder.
fn page(project: &Project, folder: &Path) -> Result<(), Problem> {
    fs::create_dir_all(folder).map_err(Problem::file("cannot make", folder))?;
    let flags = wasm::flags(project)?;
    for name in [CLIQUET, VODOZEMAC] {
        println!("Building {name} for the browser");
        let package = package(name);
        let module = ["rustc", "--lib", "--crate-type", "cdylib", "--package", &package];
        build(project, &[&module[..], &["--target", WASM_TARGET, "--profile", "wasm"]].concat(), Some(&flags))?;
        let compiled = project.path("target/bench").join(WASM_TARGET).join(format!("wasm/bench_{name}.wasm"));
        wasm::bind::whole(&compiled, name, folder)?;
    }
    for file in ["index.html", "bench.js"] {
        copy(&project.path(HOUSE).join("page").join(file), &folder.join(file))?;
    }
    let modules = npm::bring(project, "bench/crypto/libolm", "target/bench/libolm")?;
    for file in ["olm.js", "olm.wasm"] {
        copy(&modules.join("@matrix-org/olm").join(file), &folder.join(file))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Problem> {
    fs::copy(from, to).map(drop).map_err(Problem::file("cannot copy", from))
}

/// A native program that waits for its turn.
struct Player {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Player {
    fn start(project: &Project, name: &str) -> Result<Self, Problem> {
        let program = project.path("target/bench/release").join(package(name));
        let mut command = project.program(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|source| Problem::Start { program: package(name), source })?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Problem::Words("a native program has no pipes".into()));
        };
        Ok(Self { child, questions, answers: BufReader::new(answers) })
    }

    fn take_turn(&mut self, what: &str, times: u32) -> Option<f64> {
        writeln!(self.questions, "{what} {times}").ok()?;
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        line.trim().parse().ok()
    }

    /// Its input ends, and so does it.
    fn end(self) {
        let Self { mut child, questions, .. } = self;
        drop(questions);
        let _ = child.wait();
    }
}

fn natively(project: &Project) -> Result<Samples, Problem> {
    let mut players = [CLIQUET, VODOZEMAC].map(|name| Player::start(project, name).map(|player| (name, player)));
    let mut samples = Samples::default();
    for round in 0..WARM_UP + ROUNDS {
        for Workload { name: what, times, .. } in WORKLOADS {
            // Who begins changes, so that nobody always runs in the other's shadow.
            players.reverse();
            for player in &mut players {
                let Ok((who, player)) = player else { continue };
                let failed = || Problem::Words(format!("{who} failed at {what}"));
                if what == "set-up" {
                    player.take_turn("prepare", times).ok_or_else(failed)?;
                }
                let micros = player.take_turn(what, times).ok_or_else(failed)?;
                if round >= WARM_UP {
                    samples.0.push(Sample { round, who: (*who).into(), what: what.into(), micros });
                }
            }
        }
    }
    for (round, _) in (0..WARM_UP + ROUNDS).flat_map(|round| (0..TEXTS).map(move |text| (round, text))) {
        for (who, player) in players.iter_mut().flatten().filter(|(who, _)| *who == CLIQUET) {
            let failed = || Problem::Words(format!("{who} failed in a group"));
            player.take_turn("write", 1).ok_or_else(failed)?;
            for (what, _, _) in GROUP {
                let micros = player.take_turn(what, 1).ok_or_else(failed)?;
                if round >= WARM_UP {
                    samples.0.push(Sample { round, who: (*who).into(), what: what.into(), micros });
                }
            }
        }
    }
    for player in players {
        player?.1.end();
    }
    Ok(samples)
}

fn in_browser(project: &Project, folder: &Path) -> Result<(Samples, String), Problem> {
    let result = browser::result_of(project, folder)?;
    let unreadable = || Problem::Words(format!("the page failed: {}", result.chars().take(200).collect::<String>()));
    let value: Value = serde_json::from_str(&result).map_err(|_| unreadable())?;
    let samples = value.get("samples").and_then(Value::as_array).ok_or_else(unreadable)?;
    let sample = |value: &Value| {
        let text = |name| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let micros = value.get("micros").and_then(Value::as_f64)?;
        Some(Sample { round: value.get("round")?.as_u64()?, who: text("who")?, what: text("what")?, micros })
    };
    let samples = samples.iter().map(sample).collect::<Option<_>>().ok_or_else(unreadable)?;
    let agent = value.get("agent").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((Samples(samples), agent))
}

fn table(title: &str, samples: &Samples, who: &[&str], place: usize) -> String {
    let mut text = format!("\n| {title} |");
    for name in who {
        text.push_str(&format!(" {name} |"));
    }
    text.push_str(" ratio | goal | |\n|");
    text.push_str(&"---|".repeat(who.len() + 4));
    for workload in &WORKLOADS {
        text.push_str(&format!("\n| {} |", workload.words));
        for name in who {
            let micros = samples.median(name, workload.name).zip(samples.least(name, workload.name));
            text.push_str(&micros.map_or(" – |".into(), |(median, least)| format!(" {median:.1} ({least:.1}) |")));
        }
        let ratio = samples.ratio(CLIQUET, VODOZEMAC, workload.name).unwrap_or(f64::NAN);
        let goal = workload.goals.get(place).copied().flatten();
        let verdict = goal.map_or("", |goal| if ratio <= goal { "reached" } else { "missed" });
        let goal = goal.map_or(String::new(), |goal| format!("{goal:.2}"));
        text.push_str(&format!(" {ratio:.2} | {goal} | {verdict} |"));
    }
    text.push('\n');
    text
}

/// In milliseconds: medians, and in brackets the least.
fn table_of_group(native: &Samples, browser: &Samples) -> String {
    let mut text = "\n| a text to 99 devices of 50 accounts, ms | native | in Chromium (WASM) | goal there | |\n\
                    |---|---|---|---|---|"
        .to_owned();
    for (what, words, goal) in GROUP {
        text.push_str(&format!("\n| {words} |"));
        for samples in [native, browser] {
            let micros = samples.median(CLIQUET, what).zip(samples.least(CLIQUET, what));
            let millis = |micros: f64| micros / 1e3;
            let cell = micros.map(|(median, least)| format!(" {:.2} ({:.2}) |", millis(median), millis(least)));
            text.push_str(&cell.unwrap_or_else(|| " – |".into()));
        }
        let seen = browser.median(CLIQUET, what).unwrap_or(f64::NAN) / 1e3;
        let verdict = goal.map_or("", |goal| if seen <= goal { "reached" } else { "missed" });
        text.push_str(&format!(" {} | {verdict} |", goal.map_or(String::new(), |goal| format!("{goal:.0}"))));
    }
    text.push('\n');
    text
}

/// Brotli, as a server sends them.
fn sizes(project: &Project, folder: &Path) -> Result<String, Problem> {
    let glue = wasm::directory(project, "app");
    let rows: [(&str, [PathBuf; 2]); 4] = [
        ("Cliquet's app, everything included", ["app_bg.wasm", "app.js"].map(|file| glue.join(file))),
        ("of that, what the benchmark uses", ["cliquet_bg.wasm", "cliquet.js"].map(|file| folder.join(file))),
        ("vodozemac, what the benchmark uses", ["vodozemac_bg.wasm", "vodozemac.js"].map(|file| folder.join(file))),
        ("libolm, as published", ["olm.wasm", "olm.js"].map(|file| folder.join(file))),
    ];
    let mut text = "\n| brotli, bytes | WASM | glue | together |\n|---|---|---|---|".to_owned();
    for (words, files) in rows {
        let mut lengths = Vec::new();
        for file in files {
            let bytes = fs::read(&file).map_err(Problem::file("cannot read", &file))?;
            lengths.push(assets::brotli(&bytes).map_err(Problem::file("cannot compress", &file))?.len());
        }
        text.push_str(&format!("\n| {words} |"));
        lengths.push(lengths.iter().sum());
        for length in lengths {
            text.push_str(&format!(" {length} |"));
        }
    }
    text.push('\n');
    Ok(text)
}

/// The version that was compiled, from the benchmark's own lock file.
fn version(project: &Project) -> Result<String, Problem> {
    let lock = project.path(HOUSE).join("Cargo.lock");
    let text = fs::read_to_string(&lock).map_err(Problem::file("cannot read", &lock))?;
    let after = text.split_once("name = \"vodozemac\"\nversion = \"").map(|(_, rest)| rest);
    let version = after.and_then(|rest| rest.split_once('"')).map(|(version, _)| version);
    version.map(str::to_owned).ok_or_else(|| Problem::Words("vodozemac is not in the benchmark's lock file".into()))
}
