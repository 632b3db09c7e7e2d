//! `cargo xtask bench server`: mailboxes and polls over the real routes, beside other long-poll servers.
//!
//! Owns the order of the measurements. Writes its tables to standard output, and what it is doing to standard error.

mod bosh;
mod day;
mod group;
mod http;
mod peers;
mod poller;
mod process;
mod report;
mod sender;
mod servers;
mod target;
mod workloads;
mod xmpp_servers;

use peers::{Peers, Start};
use poller::Poller;
use report::{BARE, BESIDE, CLIQUET, CLIQUET_REDIS, Samples};
use servers::{Cliquet, Redis, bare_rocket};
use std::{env, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};
use target::Kind;
use workloads::Figures;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// As `--name value`. The defaults are what `docs/benchmarks.md` shows.
struct Options {
    cliquet: PathBuf,
    /// Another build of Cliquet, to compare with.
    beside: Option<PathBuf>,
    folder: PathBuf,
    repeats: usize,
    /// Of workload C.
    seconds: u64,
    /// Of workload A.
    waiters: usize,
    /// Of workload B.
    messages: usize,
    growth_accounts: Vec<usize>,
    growth_queued: Vec<usize>,
    /// Messages of workload Q that wait elsewhere.
    queued: usize,
    /// Tables, with commas between them; all of them when empty.
    only: String,
    /// Rows of the first table, with semicolons between them; all of them when empty.
    systems: String,
    day: day::Options,
}

impl Options {
    fn read() -> Outcome<Self> {
        let mut options = Self {
            cliquet: PathBuf::new(),
            beside: None,
            folder: env::temp_dir().join(format!("cliquet-load-{}", std::process::id())),
            repeats: 5,
            seconds: 3,
            waiters: 10_000,
            messages: 500,
            growth_accounts: vec![128, 10_000, 100_000, 1_000_000],
            growth_queued: vec![0, 10_000, 100_000, 1_000_000],
            queued: 1_000_000,
            only: String::new(),
            systems: String::new(),
            day: day::Options::default(),
        };
        let mut arguments = env::args().skip(1);
        while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
            let list = || value.split(',').map(str::parse).collect::<Result<Vec<usize>, _>>();
            match name.as_str() {
                "--cliquet" => options.cliquet = PathBuf::from(&value).canonicalize()?,
                "--beside" => options.beside = Some(PathBuf::from(&value).canonicalize()?),
                "--folder" => options.folder = value.into(),
                "--repeats" => options.repeats = value.parse()?,
                "--seconds" => options.seconds = value.parse()?,
                "--waiters" => options.waiters = value.parse()?,
                "--messages" => options.messages = value.parse()?,
                "--growth-accounts" => options.growth_accounts = list()?,
                "--growth-queued" => options.growth_queued = list()?,
                "--queued" => options.queued = value.parse()?,
                "--only" => options.only = value,
                "--systems" => options.systems = value,
                "--minutes" | "--rate" => options.day.set(&name, &value)?,
                _ => return Err(format!("{name} is no option").into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.split(',').any(|only| only == part)
    }

    fn compares(&self, system: &str) -> bool {
        self.systems.is_empty() || self.systems.split(';').any(|named| named == system)
    }
}

fn main() -> ExitCode {
    match measure() {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cliquet-load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Outcome<String> {
    let options = Options::read()?;
    raise_open_files()?;
    std::fs::create_dir_all(&options.folder)?;
    let done = tables(&options);
    let _ = std::fs::remove_dir_all(&options.folder);
    done
}

fn tables(options: &Options) -> Outcome<String> {
    // No table of the documentation: only when it is named.
    if options.only == "day" {
        return day::run(&options.day, &options.cliquet, &options.folder);
    }
    let mut text = String::new();
    if options.wants("systems") {
        text.push_str(&systems(options)?);
    }
    if options.wants("fresh") {
        text.push_str(&fresh_and_queued(options)?);
    }
    if options.wants("groups") {
        text.push_str(&group::groups(options)?);
    }
    if options.wants("idle") {
        text.push_str(&at_rest(options)?);
    }
    if options.wants("accounts") {
        text.push_str(&growing_accounts(options)?);
    }
    if options.wants("queued") {
        text.push_str(&growing_queues(options)?);
    }
    Ok(text)
}

/// As many as this process may have; the servers inherit it.
fn raise_open_files() -> Outcome<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(())
}

/// The generator has one thread, so that it takes the servers no more than one core.
fn block_on<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}

fn served<'a>(cliquet: &'a Cliquet, redis: Option<&'a Redis>) -> Start<'a> {
    Box::new(move || cliquet.start(redis).map(|(running, target, _)| (running, target)))
}

/// The build that is measured, and the other one if there is one, with so many accounts each.
fn builds(options: &Options, name: &str, accounts: usize) -> Outcome<Vec<(&'static str, Cliquet)>> {
    let programs = [(CLIQUET, Some(&options.cliquet)), (BESIDE, options.beside.as_ref())];
    let programs = programs.into_iter().filter_map(|(system, program)| Some((system, program?)));
    programs
        .map(|(system, program)| {
            let folder = options.folder.join(format!("{name}, {system}"));
            Ok((system, Cliquet::seeded(program, folder, accounts)?.0))
        })
        .collect()
}

/// A, B and C on every system in turn, so many times. Each is the first once in a while.
fn systems(options: &Options) -> Outcome<String> {
    let accounts = options.waiters.max(1_000);
    let builds = builds(options, "all three", accounts)?;
    let seeded = &builds.first().ok_or("there is no build")?.1.accounts;
    let peers = Peers::prepared(options, accounts)?;
    let with_redis = match peers.durable {
        Some(_) => Some(Cliquet::seeded(&options.cliquet, options.folder.join("cliquet-redis"), accounts)?.0),
        None => None,
    };
    let mut order: Vec<(&'static str, Start<'_>)> =
        builds.iter().map(|(system, cliquet)| (*system, served(cliquet, None))).collect();
    order.retain(|(system, _)| options.compares(system));
    if let Some(with_redis) = &with_redis {
        order.push((CLIQUET_REDIS, served(with_redis, peers.durable.as_ref())));
    }
    order.extend(peers.starts(options, seeded));
    if order.is_empty() {
        return Err(format!("no system here has the name {}", options.systems).into());
    }
    let mut samples = Samples::of(order.iter().map(|(system, _)| *system));
    for repeat in 0..options.repeats {
        samples.circumstances(process::fdatasync(&options.folder)?);
        for (system, start) in &order {
            let figures = all_three(options, start, |why| samples.not_measured(system, "A", why))?;
            eprintln!("{}/{} {system}: {}", repeat + 1, options.repeats, report::line(&figures));
            samples.add(system, figures);
        }
        order.rotate_left(1);
    }
    Ok(samples.table(options.waiters) + &peers::versions())
}

/// C on servers that did nothing before, and on servers where many messages wait elsewhere.
fn fresh_and_queued(options: &Options) -> Outcome<String> {
    let (accounts, time) = (1_000, Duration::from_secs(options.seconds));
    let queued = if options.queued > 0 { builds(options, "queued", 20_000)? } else { Vec::new() };
    for (system, cliquet) in &queued {
        let (_running, target, _) = cliquet.start(None)?;
        block_on(workloads::scatter(&Arc::new(target), options.queued))?;
        eprintln!("{system}: {} messages are queued", options.queued);
    }
    let seeded = builds(options, "seeded", accounts)?;
    let seeded = &seeded.first().ok_or("there is no build")?.1.accounts;
    let mut samples = Samples::of([CLIQUET, BESIDE, BARE]);
    for repeat in 0..options.repeats {
        samples.circumstances(process::fdatasync(&options.folder)?);
        let fresh = builds(options, &format!("fresh {repeat}"), accounts)?;
        let mut order: Vec<(&'static str, bool, Start<'_>)> = vec![(BARE, false, Box::new(|| bare_rocket(seeded)))];
        order.extend(fresh.iter().map(|(system, cliquet)| (*system, false, served(cliquet, None))));
        order.extend(queued.iter().map(|(system, cliquet)| (*system, true, served(cliquet, None))));
        let places = order.len();
        order.rotate_left(repeat % places);
        for (system, is_queued, start) in order {
            let (_running, target) = start()?;
            let figures = block_on(workloads::throughput(&Arc::new(target), time))?;
            eprintln!("{}/{} {system}, queued: {is_queued}: {}", repeat + 1, options.repeats, report::line(&figures));
            samples.add(system, if is_queued { workloads::as_queued(figures) } else { figures });
        }
        for (_, cliquet) in fresh {
            std::fs::remove_dir_all(cliquet.folder)?;
        }
    }
    Ok(samples.fresh(options.queued))
}

/// An XMPP server may fail at A: ten thousand sign-ins may take it longer than it keeps a session. It starts again after A,
/// or it would clear those sessions away during B and C.
fn all_three(options: &Options, start: &Start<'_>, not_measured: impl FnOnce(String)) -> Outcome<Figures> {
    let (mut running, target) = start()?;
    let mut target = Arc::new(target);
    let idle = block_on(workloads::idle(&target, options.waiters));
    let mut figures = match (target.kind, idle) {
        (Kind::Bosh(_), Err(error)) => {
            not_measured(error.to_string());
            Figures::new()
        }
        (_, idle) => idle?,
    };
    if let Kind::Bosh(_) = target.kind {
        drop(running);
        let (again, fresh) = start()?;
        (running, target) = (again, Arc::new(fresh));
    }
    figures.extend(block_on(workloads::latency(&target, 1_000, options.messages))?);
    figures.extend(block_on(workloads::throughput(&target, Duration::from_secs(options.seconds)))?);
    drop(running);
    Ok(figures)
}

/// Fresh, with nobody there, and with 50 polls held.
fn at_rest(options: &Options) -> Outcome<String> {
    let (cliquet, _) = Cliquet::seeded(&options.cliquet, options.folder.join("rest"), 64)?;
    let mut samples = Samples::default();
    for _ in 0..options.repeats {
        let (_running, target, ready) = cliquet.start(None)?;
        std::thread::sleep(Duration::from_secs(1));
        let idle = process::resident(&target.fronts)?;
        let target = Arc::new(target);
        let fifty = block_on(async {
            let mut pollers = Vec::new();
            for index in 0..50 {
                let mut poller = Poller::open(&target, 0, index).await?;
                poller.ask().await?;
                pollers.push(poller);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            process::resident(&target.fronts)
        })?;
        let megabyte = 1e6;
        samples.add(
            CLIQUET,
            Figures::from([
                ("rest: ms from exec to connectable", ready.as_secs_f64() * 1e3),
                ("rest: MB idle", idle as f64 / megabyte),
                ("rest: MB with 50 polls held", fifty as f64 / megabyte),
            ]),
        );
    }
    Ok(samples.at_rest(CLIQUET))
}

/// The cost of a message when there are more and more accounts.
fn growing_accounts(options: &Options) -> Outcome<String> {
    let mut rows = Vec::new();
    for count in &options.growth_accounts {
        let folder = options.folder.join(format!("growth-{count}"));
        let (cliquet, took) = Cliquet::seeded(&options.cliquet, folder.clone(), *count)?;
        let samples = grown(options, &cliquet, 10_000)?;
        rows.push((format!("{count} accounts (seeded in {:.1} s)", took.as_secs_f64()), samples));
        std::fs::remove_dir_all(folder)?;
    }
    Ok(report::growth("accounts", &rows))
}

/// The cost of a message when more and more wait that nobody fetches.
fn growing_queues(options: &Options) -> Outcome<String> {
    let (cliquet, _) = Cliquet::seeded(&options.cliquet, options.folder.join("queues"), 20_000)?;
    let mut rows = Vec::new();
    let mut queued = 0;
    for count in &options.growth_queued {
        let (running, target, _) = cliquet.start(None)?;
        block_on(workloads::scatter(&Arc::new(target), count.saturating_sub(queued)))?;
        drop(running);
        queued = *count;
        // A thousand each time, or the first row would not be about nothing.
        rows.push((format!("{count} queued"), grown(options, &cliquet, 1_000)?));
    }
    Ok(report::growth("queued messages", &rows))
}

fn grown(options: &Options, cliquet: &Cliquet, scattered: usize) -> Outcome<Samples> {
    let mut samples = Samples::default();
    let (_running, target, _) = cliquet.start(None)?;
    let target = Arc::new(target);
    for _ in 0..options.repeats {
        samples.circumstances(process::fdatasync(&options.folder)?);
        let mut figures = block_on(workloads::throughput(&target, Duration::from_secs(options.seconds.div_ceil(2))))?;
        figures.extend(block_on(workloads::latency(
            &target,
            100.min(target.accounts.len()),
            options.messages.min(200),
        ))?);
        figures.extend(block_on(workloads::scatter(&target, scattered))?);
        eprintln!("{}", report::line(&figures));
        samples.add(CLIQUET, figures);
    }
    Ok(samples)
}
