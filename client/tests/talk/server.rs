//! A server on a port and a folder of its own, and people who sign up there from the command line.

use cliquet_server::{clock::Clock, config};
use rocket::{Shutdown, figment::Figment};
use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Minutes, for machines that others use too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Server {
    port: u16,
    ends: Option<(Shutdown, JoinHandle<()>)>,
    pub(crate) house: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let house = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let figment = Figment::from(config::rocket_defaults())
            .merge(("log_level", "off"))
            .merge(("address", "127.0.0.1"))
            .merge(("port", port))
            .merge(("data_dir", house.path().join("server")))
            .merge(("registration", "open"))
            .merge(("shutdown.ctrlc", false));
        let (tell, told) = mpsc::channel();
        let serving = thread::spawn(move || {
            rocket::execute(async move {
                let server = cliquet_server::build(figment, Clock::system()).unwrap().ignite().await.unwrap();
                tell.send(server.shutdown()).unwrap();
                server.launch().await.unwrap();
            });
        });
        let shutdown = told.recv().unwrap();
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < PATIENCE, "the server does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        Self { port, ends: Some((shutdown, serving)), house }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Where a person's client keeps what it knows.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.house.path().join(name)
    }

    /// A person with an account and a folder.
    pub(crate) fn person(&self, name: &str) -> PathBuf {
        let folder = self.folder(name);
        let (email, address) = (format!("{name}@example.org"), self.address());
        succeed(&call(&folder, &["sign-up", &email, "--server", &address]));
        folder
    }

    pub(crate) fn stop(&mut self) {
        if let Some((shutdown, serving)) = self.ends.take() {
            shutdown.notify();
            serving.join().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cliquet-client"));
    command.env("CLIQUET_CLIENT_PASSWORD", PASSWORD).arg("--folder").arg(folder);
    command
}

pub(crate) fn call(folder: &Path, arguments: &[&str]) -> Output {
    program(folder).args(arguments).output().unwrap()
}

pub(crate) fn succeed(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
