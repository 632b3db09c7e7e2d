//! Owns one running server: the shipped binary in a folder of its own.

use crate::child::{Process, free_port, until_listening};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Issue "Shows": a stop with polls held ends in under three seconds.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(crate) struct Server {
    process: Option<Process>,
    pub(crate) port: u16,
    house: PathBuf,
    settings: Vec<(String, String)>,
}

impl Server {
    pub(crate) fn start(house: &Path, settings: &[(&str, &str)]) -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/web/manifest.json");
        assert!(
            manifest.exists(),
            "the binary has no pages' assets inside: run `cargo xtask assets` first, then again"
        );
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut server = Self { process: None, port: free_port(), house: house.to_owned(), settings };
        fs::create_dir_all(server.data_dir()).unwrap();
        server.start_again();
        server
    }

    /// On the same port, with the same data.
    pub(crate) fn start_again(&mut self) {
        assert!(self.process.is_none(), "it still runs");
        let mut command = Command::new(env!("CARGO_BIN_EXE_cliquet"));
        command.current_dir(&self.house).env("ROCKET_ADDRESS", "127.0.0.1").env("ROCKET_PORT", self.port.to_string());
        command.env("ROCKET_DATA_DIR", self.data_dir()).env("ROCKET_REGISTRATION", "open");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        let mut process = Process::start(&mut command, &self.log());
        until_listening(&mut process, self.port, &self.log());
        self.process = Some(process);
    }

    pub(crate) fn stop(&mut self) {
        let status = self.process.take().unwrap().terminate(STOP_PATIENCE);
        assert!(status.success(), "the server ended with {status}:\n{}", fs::read_to_string(self.log()).unwrap());
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.house.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.house.join("server.log")
    }
}
