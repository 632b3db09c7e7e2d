//! Owns one Redis of a test's own, with everything on the disk before it answers. Knows nothing of what is kept in it.

use super::{PATIENCE, folder::files_under, ports::free_port, process::Process};
use rustix::process::Signal;
use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// A Redis that keeps everything, on a port and in a folder of its own. Ends with the test.
pub(crate) struct RedisServer {
    process: Process,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        Self { process: run(port, folder.path()), port, folder }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    pub(crate) fn start_again(&mut self) {
        self.process = run(self.port, self.folder.path());
    }

    /// It keeps its connections and answers nothing.
    pub(crate) fn pause(&self) {
        self.process.signal(Signal::STOP);
    }

    pub(crate) fn resume(&self) {
        self.process.signal(Signal::CONT);
    }

    /// Everything that it holds, and everything that it has written since it began.
    pub(crate) fn everything(&self) -> Vec<u8> {
        self.command(&["SAVE"]);
        files_under(self.folder.path()).into_iter().flat_map(|(_, bytes)| bytes).collect()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> redis::Value {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        let mut command = redis::cmd(arguments[0]);
        command.arg(&arguments[1..]).query(&mut connection).unwrap()
    }
}

/// Uncompressed on the disk, so that a test can search it for what must not be there.
fn run(port: u16, folder: &Path) -> Process {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "yes"]);
    command.args(["--appendfsync", "always", "--maxmemory-policy", "noeviction", "--rdbcompression", "no"]);
    command.arg("--dir").arg(folder);
    let process = Process::start(&mut command, &folder.join("log"));
    let start = Instant::now();
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
    let answers = || redis::cmd("PING").query::<String>(&mut client.get_connection().ok()?).ok();
    while answers().is_none() {
        assert!(start.elapsed() < PATIENCE, "redis-server does not come up");
        thread::sleep(Duration::from_millis(10));
    }
    process
}
