//! `cargo xtask bench server`: mailboxes and polls over the real routes, beside other long-poll servers.
//!
//! Owns the order of the measurements. Writes its tables to standard output, and what it is doing to standard error.

mod http;
mod process;
mod report;
mod servers;
mod target;
mod workloads;

use report::Samples;
use servers::{Cliquet, NCHAN_MODULE, Redis, Running, bare_rocket, installed, nchan};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
    time::Duration,
};
use target::{Poller, Target};
use workloads::Figures;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// As `--name value`. The defaults are what `docs/benchmarks.md` shows.
struct Options {
    cliquet: PathBuf,
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
    only: String,
}

impl Options {
    fn read() -> Outcome<Self> {
        let mut options = Self {
            cliquet: PathBuf::new(),
            folder: env::temp_dir().join(format!("cliquet-load-{}", std::process::id())),
            repeats: 5,
            seconds: 3,
            waiters: 10_000,
            messages: 500,
            growth_accounts: vec![128, 10_000, 100_000, 1_000_000],
            growth_queued: vec![0, 10_000, 100_000, 1_000_000],
            only: String::new(),
        };
        let mut arguments = env::args().skip(1);
        while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
            let list = || value.split(',').map(str::parse).collect::<Result<Vec<usize>, _>>();
            match name.as_str() {
                "--cliquet" => options.cliquet = PathBuf::from(&value).canonicalize()?,
                "--folder" => options.folder = value.into(),
                "--repeats" => options.repeats = value.parse()?,
                "--seconds" => options.seconds = value.parse()?,
                "--waiters" => options.waiters = value.parse()?,
                "--messages" => options.messages = value.parse()?,
                "--growth-accounts" => options.growth_accounts = list()?,
                "--growth-queued" => options.growth_queued = list()?,
                "--only" => options.only = value,
                _ => return Err(format!("{name} is no option").into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.split(',').any(|only| only == part)
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
    let mut text = String::new();
    let (cliquet, _) = Cliquet::seeded(&options.cliquet, options.folder.join("cliquet"), options.waiters.max(1_000))?;
    if options.wants("systems") {
        text.push_str(&systems(options, &cliquet)?);
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

const CLIQUET: &str = "Cliquet, SQLite";

/// A, B and C on every system in turn, so many times.
fn systems(options: &Options, cliquet: &Cliquet) -> Outcome<String> {
    let (redis, has_nchan) = (installed("redis-server"), Path::new(NCHAN_MODULE).exists() && installed("nginx"));
    let folder = |name: &str| options.folder.join(name);
    let durable = redis.then(|| Redis::start(&folder("redis-durable"), true)).transpose()?;
    let memory = (redis && has_nchan).then(|| Redis::start(&folder("redis-memory"), false)).transpose()?;
    let with_redis = match durable {
        Some(_) => Some(Cliquet::seeded(&options.cliquet, folder("cliquet-redis"), options.waiters.max(1_000))?.0),
        None => None,
    };
    let mut samples = Samples::default();
    for repeat in 0..options.repeats {
        samples.circumstances(process::fdatasync(&options.folder)?);
        let mut one = |name: &'static str, start: &dyn Fn() -> Outcome<(Running, Target)>| -> Outcome<()> {
            let (_running, target) = start()?;
            let figures = all_three(options, Arc::new(target))?;
            eprintln!("{}/{} {name}: {}", repeat + 1, options.repeats, report::line(&figures));
            samples.add(name, figures);
            Ok(())
        };
        one(CLIQUET, &|| cliquet.start(None).map(|(running, target, _)| (running, target)))?;
        one(report::BARE, &|| bare_rocket(&cliquet.accounts))?;
        if has_nchan {
            one("nchan, memory", &|| nchan(&folder("nchan"), None, &cliquet.accounts))?;
        }
        if let (Some(durable), Some(with_redis)) = (&durable, &with_redis) {
            one("Cliquet, Redis", &|| with_redis.start(Some(durable)).map(|(running, target, _)| (running, target)))?;
        }
        if let Some(memory) = &memory {
            one("nchan, Redis", &|| nchan(&folder("nchan-redis"), Some(memory), &cliquet.accounts))?;
        }
    }
    Ok(samples.table(options.waiters) + &versions())
}

fn all_three(options: &Options, target: Arc<Target>) -> Outcome<Figures> {
    let mut figures = block_on(workloads::idle(&target, options.waiters))?;
    figures.extend(block_on(workloads::latency(&target, 1_000, options.messages))?);
    figures.extend(block_on(workloads::throughput(&target, Duration::from_secs(options.seconds)))?);
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

fn versions() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).lines().next().map(str::to_owned)
    };
    let mut text = String::from("\n");
    let nchan = said("dpkg-query", &["--show", "--showformat=nchan ${Version}", "libnginx-mod-nchan"]);
    for (system, version) in [
        ("nginx", said("nginx", &["-v"])),
        ("nchan", nchan.filter(|_| Path::new(NCHAN_MODULE).exists())),
        ("Redis", said("redis-server", &["--version"])),
    ] {
        text.push_str(&format!("- {}\n", version.unwrap_or_else(|| format!("{system}: not installed, not measured"))));
    }
    for (system, program) in [("Prosody", "prosody"), ("ejabberd", "ejabberdctl")] {
        let why = if installed(program) { "installed, but this program does not speak BOSH" } else { "not installed" };
        text.push_str(&format!("- {system}: not measured ({why})\n"));
    }
    text
}
