//! R3: the mailboxes are in a Redis that is killed, started again, stopped, and out of memory, while everybody writes and reads.

use crate::{
    load::Load,
    people::seeded,
    server::{PATIENCE, Server, free_port, pid, setting},
};
use rustix::process::{Signal, kill_process};
use std::{
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const PEOPLE: u64 = 8;
const ROUNDS: u64 = 1;

/// A Redis that has on the disk what it answered.
struct Redis {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Redis {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        Self { process: run(port, &folder), port, folder }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn start_again(&mut self) {
        self.process = run(self.port, &self.folder);
    }

    fn signal(&self, signal: Signal) {
        kill_process(pid(&self.process), signal).unwrap();
    }

    fn memory_max(&self, bytes: u64) {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).exec(&mut connection).unwrap();
    }
}

impl Drop for Redis {
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

/// After trouble: until something is taken and shown again.
fn resumes(load: &Load) -> Duration {
    let (start, before) = (Instant::now(), load.verdict_so_far());
    loop {
        let now = load.verdict_so_far();
        if now.acknowledged > before.acknowledged && now.shown > before.shown {
            return start.elapsed();
        }
        assert!(start.elapsed() < PATIENCE, "it does not recover: {now}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn r3_redis_killed_stopped_and_without_memory_loses_nothing_and_polls_resume() {
    let people = usize::try_from(setting("CLIQUET_PEOPLE").unwrap_or(PEOPLE)).unwrap();
    let minutes = setting("CLIQUET_MINUTES");
    let (folder, people) = seeded(people);
    let mut redis = Redis::start();
    let server = Server::start_with(folder, &redis.url());
    let load = Load::start(server.address(), &people);
    let (start, mut rounds, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    let pause = || thread::sleep(Duration::from_millis(700));
    while minutes.map_or(rounds < ROUNDS, |minutes| start.elapsed() < Duration::from_secs(60 * minutes)) {
        pause();
        redis.kill();
        pause();
        redis.start_again();
        slowest = slowest.max(resumes(&load));
        redis.signal(Signal::STOP);
        // Longer than the server waits for it.
        thread::sleep(Duration::from_secs(3));
        redis.signal(Signal::CONT);
        slowest = slowest.max(resumes(&load));
        redis.memory_max(1);
        pause();
        redis.memory_max(0);
        slowest = slowest.max(resumes(&load));
        rounds += 1;
    }
    let verdict = load.end();
    println!(
        "kill-redis: {} people, {rounds} times killed, stopped, without memory; slowest recovery {} ms; {verdict}",
        people.len(),
        slowest.as_millis()
    );
    verdict.demand();
    assert!(verdict.refusals() > 0, "nobody met the trouble: {verdict}");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}
