//! Owns the real `cliquet` as a child on loopback, over a folder of its own: started, killed, ended.

use super::{PATIENCE, http::Client, ports::free_port, process::Process};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, setrlimit};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// In which a server that is asked to end has ended, whatever it holds.
const STOP_MAX: Duration = Duration::from_secs(3);

/// The program, called in a folder whose `data` is its data folder.
pub(crate) fn cliquet(folder: &Path) -> Command {
    // A shell that is replaced by the program: past a limit on the size of files the write fails, and does not kill.
    let mut command = Command::new("sh");
    // A benchmark measures the binary that is installed.
    let program = std::env::var_os("CLIQUET_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_cliquet").into());
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(program);
    command.current_dir(folder).env("ROCKET_DATA_DIR", data_dir(folder)).env("ROCKET_ADDRESS", "127.0.0.1");
    command
}

/// The data folder of a program that is called in this folder.
pub(crate) fn data_dir(folder: &Path) -> PathBuf {
    folder.join("data")
}

#[derive(Debug)]
pub(crate) struct Program {
    process: Process,
    pub(crate) port: u16,
    folder: PathBuf,
    settings: Vec<(String, String)>,
}

impl Program {
    /// Serves. Settings are `ROCKET_…` variables.
    pub(crate) fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let owned = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: Vec<(String, String)> = owned.collect();
        let port = free_port();
        let process = run(folder, port, &settings);
        let mut program = Self { process, port, folder: folder.to_owned(), settings };
        program.until_well();
        program
    }

    /// Serves people in browsers, who may open accounts: with its pages' assets inside.
    pub(crate) fn start_with_pages(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/web/manifest.json");
        assert!(
            manifest.exists(),
            "the binary has no pages' assets inside: run `cargo xtask assets` first, then again"
        );
        Self::start(folder, &[&[("ROCKET_REGISTRATION", "open")], settings].concat())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        data_dir(&self.folder)
    }

    pub(crate) fn pid(&self) -> Pid {
        self.process.pid()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// On the same port and folder. How long until it is well.
    pub(crate) fn start_again(&mut self) -> Duration {
        let start = Instant::now();
        self.process = run(&self.folder, self.port, &self.settings);
        self.until_well();
        start.elapsed()
    }

    /// As a service manager ends it.
    pub(crate) fn terminate(&self) {
        self.process.signal(Signal::TERM);
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.process.ended(PATIENCE)
    }

    /// Ends it, which must not take long and must succeed.
    pub(crate) fn stop(&mut self) {
        self.terminate();
        let status = self.process.ended(STOP_MAX);
        assert!(status.success(), "the server ended with {status}:\n{}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(log(&self.folder)).unwrap_or_default()
    }

    fn until_well(&mut self) {
        let start = Instant::now();
        let mut client = Client::to(self.address());
        let speaks_https = self.settings.iter().any(|(name, _)| matches!(name.as_str(), "ROCKET_TLS" | "ROCKET_ACME"));
        let mut is_well = || match speaks_https {
            true => health(&self.folder, self.port, &self.settings).status().unwrap().success(),
            false => client.get("/ready").is_ok_and(|answer| answer.status == 200),
        };
        while !is_well() {
            assert!(!self.process.has_ended(), "the server ended:\n{}", self.log());
            assert!(start.elapsed() < PATIENCE, "the server does not come up:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The program's own look at whether it is well.
fn health(folder: &Path, port: u16, settings: &[(String, String)]) -> Command {
    let mut command = cliquet(folder);
    command.arg("health").env("ROCKET_PORT", port.to_string()).envs(settings.iter().map(|(name, value)| (name, value)));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn log(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

fn run(folder: &Path, port: u16, settings: &[(String, String)]) -> Process {
    let mut command = cliquet(folder);
    command.env("ROCKET_PORT", port.to_string()).envs(settings.iter().map(|(name, value)| (name, value)));
    Process::start(&mut command, &log(folder))
}

/// As many open files as the system allows us and, by inheritance, the server.
pub(crate) fn allow_many_connections() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}
