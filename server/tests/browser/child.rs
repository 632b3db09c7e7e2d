//! Owns a process that a test started: where its output goes, and that it ends with the test.

use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Both outputs are appended to `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let advice = "not found or not executable; `cargo xtask test` brings what the tests need";
        Self(command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}: {advice}", command.get_program())))
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// The process that it started, of several the first.
    pub(crate) fn child(&self) -> Option<i32> {
        let id = self.0.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        children.split_ascii_whitespace().next()?.parse().ok()
    }

    /// Asks it to end, as an init system does, and waits.
    pub(crate) fn terminate(mut self, patience: Duration) -> ExitStatus {
        kill_process(pid(&self.0), Signal::TERM).unwrap();
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < patience, "still running {patience:?} after it was asked to end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

/// Ends a process that is not our child: a browser that its driver started.
pub(crate) fn kill(raw: i32) {
    if let Some(pid) = Pid::from_raw(raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Waits until somebody listens; a process that ended instead is shown with its log.
pub(crate) fn until_listening(process: &mut Process, port: u16, log: &Path) {
    let start = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        let ended = process.has_ended();
        assert!(!ended, "it ended at once:\n{}", std::fs::read_to_string(log).unwrap_or_default());
        assert!(start.elapsed() < Duration::from_secs(60), "nobody listens on port {port} after a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}
