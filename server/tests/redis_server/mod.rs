//! Owns one Redis of a test's own, with everything on the disk before it answers. Knows nothing of what is kept in it.

#![allow(dead_code, reason = "each test program uses its part")]

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long it may take to come up before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Redis that keeps everything, on a port and in a folder of its own. Ends with the test.
pub(crate) struct RedisServer {
    process: Child,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { process: run(port, &folder), port, folder }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.process = run(self.port, &self.folder);
    }

    /// `STOP`: it keeps its connections and answers nothing. `CONT`: it goes on.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> redis::Value {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        let mut command = redis::cmd(arguments[0]);
        command.arg(&arguments[1..]).query(&mut connection).unwrap()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(port: u16, folder: &tempfile::TempDir) -> Child {
    let process = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "yes"])
        .args(["--appendfsync", "always", "--maxmemory-policy", "noeviction", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is needed: apt-get install redis-server, or `cargo xtask test --without redis`");
    let start = Instant::now();
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
    let answers = || redis::cmd("PING").query::<String>(&mut client.get_connection().ok()?).ok();
    while answers().is_none() {
        assert!(start.elapsed() < PATIENCE, "redis-server does not come up");
        thread::sleep(Duration::from_millis(10));
    }
    process
}
