//! Owns the long runs: the same checks as `test`, for hours. Ends in a block to be dated in `docs/reliability.md`.

use crate::assets;
use crate::bench;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::project::{self, Project};
use crate::test::FEATURES;
use crate::vectors;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Instant;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only these
    parts: Vec<Part>,
    /// How long each part lasts, and each fuzz target (instead of a million schedules, a hundred thousand of groups, an
    /// hour, half an hour of kills, and 48 minutes of the day)
    #[arg(long)]
    minutes: Option<u64>,
    /// The schedules begin with this seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Only these fuzz targets
    #[arg(long, value_delimiter = ',')]
    targets: Vec<String>,
    /// Messages a second of the day (instead of 500)
    #[arg(long)]
    rate: Option<u64>,
}

/// What can be run for long. A new one is a line here, a line in `run_part`, and a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Seeded schedules of people, devices and a misbehaving network over the real client
    Schedules,
    /// The same of groups of three to eight people
    Groups,
    /// Every bit of everything that is sent or kept, flipped, where the daily tests flip one in each byte
    Flips,
    /// The browser's files, built from two clean clones in different folders: the same bytes
    Reproduce,
    /// Every fuzz target, one after the other
    Fuzz,
    /// The real server, killed about once a second while fifty people write and read
    Kill,
    /// The same over a Redis that is killed, stopped and out of memory
    KillRedis,
    /// Posts of four hundred envelopes, the real server killed at random moments of them, on SQLite and over Redis
    GroupPosts,
    /// One person in eight tabs, ten thousand messages, the leading tab closed or crashed now and then
    Tabs,
    /// The stories that take minutes each, which the daily tests leave out
    Stories,
    /// A browser that is killed two hundred times within half a second of a send or a receive
    BrowserKills,
    /// The browser tests with Firefox in Chromium's place
    Firefox,
    /// The same with WebKitGTK
    Webkit,
    /// Two thousand texts, brought back to a browser that was cleared: with the password alone, and with the recovery key
    LongHistory,
    /// A day of the real server, made short: mixed load, kills now and then, and what the last hours cost beside the first
    Day,
}

const PARTS: [Part; 15] = [
    Part::Schedules,
    Part::Groups,
    Part::Flips,
    Part::Reproduce,
    Part::Fuzz,
    Part::Kill,
    Part::KillRedis,
    Part::GroupPosts,
    Part::Tabs,
    Part::Stories,
    Part::BrowserKills,
    Part::Firefox,
    Part::Webkit,
    Part::LongHistory,
    Part::Day,
];
const SCHEDULES: u64 = 1_000_000;
const GROUP_SCHEDULES: u64 = 100_000;
const FUZZ_MINUTES: u64 = 60;
const KILL_MINUTES: u64 = 30;
const KILL_PEOPLE: u64 = 50;
const TAB_SENDS: u64 = 10_000;
const BROWSER_KILLS: u64 = 200;
const HISTORY_TEXTS: u64 = 2_000;

/// Another browser than Chromium.
struct Engine {
    name: &'static str,
    driver: &'static str,
    hint: &'static str,
    /// What its driver cannot do beside [`CHROMIUM_ONLY`].
    left_out: &'static [&'static str],
}

/// What is done with the Chrome DevTools Protocol: words in the tests' names. Pictures, a cache or a database that goes
/// under an open page, a quota, a finger, another time zone.
const CHROMIUM_ONLY: [&str; 10] = [
    "pictures::",
    "no_wasm::",
    "when_the_app_does_not_load",
    "fields_take_a_login",
    "cleared_storage",
    "the_storage_is_full",
    "home_can_be_installed",
    "under_a_finger",
    "a_long_press",
    "yesterday_is_counted",
];

const FIREFOX: Engine = Engine {
    name: "firefox",
    driver: "geckodriver",
    hint: "this needs Firefox (Debian: firefox-esr) and `cargo install --locked geckodriver`",
    left_out: &[],
};

/// Its driver types no emoji, keeps no profile, knows only real names, runs nothing before a page, and writes dates its own
/// way; over plain HTTP it takes no brotli. Its RSA-PSS takes signatures that are longer than their key; ours are of one
/// length. A long history, and one that is not kept, have not been tried with it.
const WEBKIT: Engine = Engine {
    name: "webkit",
    driver: "WebKitWebDriver",
    hint: "this needs WebKitGTK (Debian: webkit2gtk-driver) and a display: xvfb-run cargo xtask soak webkit",
    left_out: &[
        "behind_proxy::",
        "light",
        "b2_",
        "talk_both_ways",
        "who_lost_every_device",
        "every_published_vector",
        "disappearing::",
        "notifications::",
        "policy::",
        "secrets::",
        "storage::",
        "the_history_is_checked_by_itself",
        "a_conversation_that_is_not_kept",
        "a_long_history",
        "is_frozen_for_a_month",
    ],
};

pub(crate) fn soak(project: &Project, options: &Options) -> Result<(), Problem> {
    let parts = if options.parts.is_empty() { PARTS.as_slice() } else { &options.parts };
    let mut report = String::new();
    let mut result = Ok(());
    for part in parts {
        let begun = Instant::now();
        let (said, done) = match part {
            Part::Schedules => schedules(project, options, "schedules", SCHEDULES),
            Part::Groups => schedules(project, options, "group_schedules", GROUP_SCHEDULES),
            Part::Flips => flips(project),
            Part::Reproduce => reproduce(project)?,
            Part::Fuzz => fuzz(project, options)?,
            Part::Kill => faults(project, options, "r1_killed"),
            Part::KillRedis => faults(project, options, "r3_redis"),
            Part::GroupPosts => faults(project, options, "r12_"),
            Part::Tabs => browsers(project, "b1_", ("CLIQUET_SENDS", TAB_SENDS))?,
            Part::Stories => stories(project)?,
            Part::BrowserKills => browsers(project, "b2_", ("CLIQUET_KILLS", BROWSER_KILLS))?,
            Part::Firefox => engine(project, &FIREFOX)?,
            Part::Webkit => engine(project, &WEBKIT)?,
            Part::LongHistory => browsers(project, "a_long_history", ("CLIQUET_TEXTS", HISTORY_TEXTS))?,
            Part::Day => day(project, options)?,
        };
        let outcome = if done.is_ok() { "passed" } else { "FAILED" };
        let _ = writeln!(report, "- {part:?}: {outcome} after {} s\n{said}", begun.elapsed().as_secs());
        result = result.and(done);
    }
    let commit = project::read(project.program("git").args(["rev-parse", "--short", "HEAD"])).unwrap_or_default();
    println!("\nFor docs/reliability.md, under today's date (commit {}):\n\n{report}", commit.trim());
    result
}

fn schedules(project: &Project, options: &Options, test: &str, count: u64) -> (String, Result<(), Problem>) {
    let mut cargo = project.cargo();
    cargo.args(["test", "--locked", "--release", "--package", "cliquet-trials", "--test", test, "--", "--nocapture"]);
    cargo.env("CLIQUET_SEED_FIRST", options.seed.to_string());
    match options.minutes {
        Some(minutes) => cargo.env("CLIQUET_MINUTES", minutes.to_string()),
        None => cargo.env("CLIQUET_SCHEDULES", count.to_string()),
    };
    watch(&mut cargo, |line| line.contains("seeds from") || line.contains("these seeds fail"))
}

fn flips(project: &Project) -> (String, Result<(), Problem>) {
    let mut cargo = project.cargo();
    cargo.args([
        "test",
        "--locked",
        "--release",
        "--package",
        "cliquet-web-crypto",
        "--test",
        "crypto",
        "--",
        "--ignored",
    ]);
    watch(&mut cargo, |line| line.starts_with("test result"))
}

/// Every file's name is made from its content, so two equal manifests are equal files. What is not committed is not built.
fn reproduce(project: &Project) -> Result<(String, Result<(), Problem>), Problem> {
    let mut manifests = Vec::new();
    for folder in ["target/reproduce/one", "target/reproduce/another-with-a-longer-name"] {
        let clone = Project { root: project.path(folder) };
        let _ = fs::remove_dir_all(&clone.root);
        project::run(project.program("git").args(["clone", "--quiet", "--no-hardlinks", "."]).arg(&clone.root))?;
        assets::build(&clone, &mut Progress::of(assets::STEPS))?;
        let manifest = clone.path("target/web/manifest.json");
        manifests.push(fs::read_to_string(&manifest).map_err(Problem::file("cannot read", &manifest))?);
    }
    let said = manifests.first().cloned().unwrap_or_default();
    let equal = manifests.iter().all(|manifest| *manifest == said);
    let differ = || Problem::Words(format!("the two builds differ:\n{}", manifests.join("\n")));
    Ok((said.clone(), if equal { Ok(()) } else { Err(differ()) }))
}

/// The tests of this name, which run for so long and with so many people when they are told.
fn faults(project: &Project, options: &Options, name: &str) -> (String, Result<(), Problem>) {
    let mut cargo = project.cargo();
    cargo.args(["test", "--locked", "--package", "cliquet-server", "--test", "faults", "--", "--nocapture", name]);
    cargo.env("CLIQUET_MINUTES", options.minutes.unwrap_or(KILL_MINUTES).to_string());
    cargo.env("CLIQUET_PEOPLE", KILL_PEOPLE.to_string());
    watch(&mut cargo, |line| line.contains("acknowledged") || line.starts_with("test result"))
}

/// The tests in real browsers that are marked as ignored, and those of the client without one.
fn stories(project: &Project) -> Result<(String, Result<(), Problem>), Problem> {
    assets::build(project, &mut Progress::of(assets::STEPS))?;
    let mut cargo = project.cargo();
    cargo.args(["test", "--locked", "--no-fail-fast", "--package", "cliquet-server", "--package", "cliquet-client"]);
    cargo.args(["--features", FEATURES, "--test", "browser", "--test", "talk", "--examples", "--", "--ignored"]);
    Ok(watch(&mut cargo, |line| line.starts_with("test ")))
}

/// The same with people in real browsers: as often as it is told, not as long.
fn browsers(project: &Project, name: &str, often: (&str, u64)) -> Result<(String, Result<(), Problem>), Problem> {
    assets::build(project, &mut Progress::of(assets::STEPS))?;
    let mut cargo = project.cargo();
    cargo.args(["test", "--locked", "--package", "cliquet-server", "--test", "browser", "--"]);
    cargo.args(["--nocapture", "--include-ignored", name]);
    cargo.env(often.0, often.1.to_string());
    let totals = ["B1:", "B2:", "History,", "test result"];
    Ok(watch(&mut cargo, |line| totals.iter().any(|begin| line.starts_with(begin))))
}

/// What the day is made of stands in `bench/server/src/day.rs`.
fn day(project: &Project, options: &Options) -> Result<(String, Result<(), Problem>), Problem> {
    let mut generator = bench::server::generator(project)?;
    generator.args(["--only", "day"]);
    for (name, value) in [("--minutes", options.minutes), ("--rate", options.rate)] {
        if let Some(value) = value {
            generator.arg(name).arg(value.to_string());
        }
    }
    let said = ["A day of", "fdatasync", "|", "- "];
    Ok(watch(&mut generator, |line| said.iter().any(|begin| line.starts_with(begin))))
}

/// People with another browser. What its driver cannot do is left to Chromium, and said.
fn engine(project: &Project, engine: &Engine) -> Result<(String, Result<(), Problem>), Problem> {
    // Each says how it is used; only one that is not there says nothing.
    if project.program(engine.driver).arg("--help").output().is_err() {
        return Err(Problem::Words(engine.hint.into()));
    }
    assets::build(project, &mut Progress::of(assets::STEPS))?;
    vectors::build(project)?;
    let mut cargo = project.cargo();
    cargo.args(["test", "--locked", "--package", "cliquet-server", "--test", "browser", "--", "--test-threads=2"]);
    let left_out = [CHROMIUM_ONLY.as_slice(), engine.left_out].concat();
    cargo.args(left_out.iter().flat_map(|word| ["--skip", word])).env("CLIQUET_BROWSER", engine.name);
    let (mut said, done) = watch(&mut cargo, |line| line.starts_with("test result"));
    let _ = writeln!(said, "    left to Chromium: {}", left_out.join(", "));
    Ok((said, done))
}

/// With cargo-fuzz, which needs a nightly compiler; `rustup run stable` with `RUSTC_BOOTSTRAP=1` and `--sanitizer none`
/// does, too, and finds panics all the same.
fn fuzz(project: &Project, options: &Options) -> Result<(String, Result<(), Problem>), Problem> {
    let cargo_fuzz = |arguments: &[&str]| {
        let mut command = project.program("cargo");
        command.current_dir(project.path("web-crypto")).arg("+nightly").arg("fuzz").args(arguments);
        // The outer `cargo` chose a compiler of its own.
        command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC");
        command
    };
    let hint =
        |_| Problem::Words("this needs `rustup toolchain install nightly` and `cargo install cargo-fuzz`".into());
    let listed = project::read(&mut cargo_fuzz(&["list"])).map_err(hint)?;
    let seconds = 60 * options.minutes.unwrap_or(FUZZ_MINUTES);
    if let Some(unknown) = options.targets.iter().find(|target| listed.lines().all(|name| name != *target)) {
        return Err(Problem::Words(format!("there is no fuzz target `{unknown}`; there are:\n{listed}")));
    }
    let (mut said, mut result) = (String::new(), Ok(()));
    for target in listed.lines().filter(|name| options.targets.is_empty() || options.targets.iter().any(|t| t == name))
    {
        println!("==> fuzz {target}");
        let limit = format!("-max_total_time={seconds}");
        let arguments = ["run", target, "--", &limit, "-print_final_stats=1", "-timeout=25"];
        let (lines, done) =
            watch(&mut cargo_fuzz(&arguments), |line| line.starts_with("Done ") || line.contains("DONE"));
        let _ = writeln!(said, "  - {target}: {}\n{lines}", if done.is_ok() { "nothing found" } else { "FAILED" });
        result = result.and(done);
    }
    Ok((said, result))
}

/// Shows what the program writes, and keeps the lines that matter.
fn watch(command: &mut Command, matters: impl Fn(&str) -> bool) -> (String, Result<(), Problem>) {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let start = |source| Problem::Start { program: "cargo".into(), source };
    // One pipe for both streams keeps their order; the fuzzer writes to standard error.
    let (reader, writer) = match std::io::pipe() {
        Ok(ends) => ends,
        Err(source) => return (String::new(), Err(start(source))),
    };
    let spawned =
        writer.try_clone().and_then(|other| command.stdout(Stdio::from(other)).stderr(Stdio::from(writer)).spawn());
    let mut child = match spawned {
        Ok(child) => child,
        Err(source) => return (String::new(), Err(start(source))),
    };
    let line_of_command = project::line(command);
    // The parent's ends are closed, so that reading ends with the child.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut kept = String::new();
    for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        if matters(&line) {
            let _ = writeln!(kept, "    {}", line.trim());
        }
    }
    let done = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Problem::Failed { command: line_of_command, status }),
        Err(source) => Err(start(source)),
    };
    (kept, done)
}
