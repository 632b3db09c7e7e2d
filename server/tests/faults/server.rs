//! Owns the real `cliquet` as a child on loopback, over a data folder of its own: started, killed, ended.

use crate::client::Client;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

/// By then it hangs. Nothing here is a measure of speed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
    mailbox: String,
}

impl Server {
    /// Over a folder that was seeded, or is empty.
    pub(crate) fn start(folder: tempfile::TempDir) -> Self {
        Self::start_with(folder, "sqlite")
    }

    pub(crate) fn start_with(folder: tempfile::TempDir, mailbox: &str) -> Self {
        let port = free_port();
        let process = run(folder.path(), port, mailbox);
        let mut server = Self { process, port, folder, mailbox: mailbox.to_owned() };
        server.until_well();
        server
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn pid(&self) -> Pid {
        pid(&self.process)
    }

    /// As a power cut of the process: nothing is said or saved.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// On the same port and folder. How long until it is well.
    pub(crate) fn start_again(&mut self) -> Duration {
        let start = Instant::now();
        self.process = run(self.folder.path(), self.port, &self.mailbox);
        self.until_well();
        start.elapsed()
    }

    /// As a service manager ends it.
    pub(crate) fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "still running {PATIENCE:?} after it was asked to end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn until_well(&mut self) {
        let start = Instant::now();
        let mut client = Client::to(self.address());
        while !client.get("/health").is_ok_and(|answer| answer.status == 200) {
            assert_eq!(self.process.try_wait().unwrap(), None, "the server ended:\n{}", self.log());
            assert!(start.elapsed() < PATIENCE, "the server does not come up:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn pid(process: &Child) -> Pid {
    Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap()
}

/// The program on a folder, with limits on posts out of the way.
pub(crate) fn cliquet(folder: &Path) -> Command {
    // A shell that is replaced by the program: past a limit on the size of files the write fails, and does not kill.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_cliquet")]);
    command.current_dir(folder).env("ROCKET_DATA_DIR", folder.join("data")).env("ROCKET_ADDRESS", "127.0.0.1");
    command.env("ROCKET_THROTTLES", "{post_per_account_hour=4000000000}").env("ROCKET_LOG_LEVEL", "critical");
    command
}

fn run(folder: &Path, port: u16, mailbox: &str) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = cliquet(folder);
    command.env("ROCKET_PORT", port.to_string()).env("ROCKET_MAILBOX", mailbox).stdin(Stdio::null());
    command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
}

/// Below the ports that the system gives to outgoing connections: one that is made to a server that is just not there
/// would, sooner or later, get that very port and reach itself.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = 20_000 + (begin + NEXT.fetch_add(1, Ordering::SeqCst)) % 12_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// As many open files as the system allows us and, by inheritance, the server.
pub(crate) fn allow_many_connections() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

/// A number from the environment: what `cargo xtask soak` makes larger.
pub(crate) fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value}")))
}
