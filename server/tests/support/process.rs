//! Owns a process that a test started: where its output goes, and that it ends with the test.

use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
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

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// As a power cut of the process: nothing is said or saved.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self, patience: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < patience, "still running after {patience:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ends a process that is not our child: a browser that its driver started.
pub(crate) fn kill(raw: i32) {
    if let Some(pid) = Pid::from_raw(raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}
