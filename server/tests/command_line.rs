//! The program as its host meets it.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected stops

use cliquet_server::{database::Database, invites, token::Token};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

const NOW_MS: u64 = 0;

fn cliquet(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cliquet"));
    command.args(arguments).current_dir(folder).env("ROCKET_DATA_DIR", folder.join("data"));
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
fn an_invite_that_was_printed_counts_and_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let output = cliquet(folder.path(), &["invite", "create", "--url", "https://chat.example.org/"]).output().unwrap();
    let link = String::from_utf8(output.stdout).unwrap();
    let token = link.trim().strip_prefix("https://chat.example.org/sign-up?invite=").and_then(Token::read).unwrap();
    let database = Database::open(&folder.path().join("data")).unwrap();
    assert!(invites::counts(&database.connection().unwrap(), Some(&token), NOW_MS).unwrap());
    let listed = said(&cliquet(folder.path(), &["invite", "list"]).output().unwrap());
    assert_eq!(listed, "1: open, 7 days left\n");
}

#[test]
fn the_doctor_names_what_is_wrong_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let well = cliquet(folder.path(), &["doctor"]).env("ROCKET_PORT", "0").output().unwrap();
    assert!(well.status.success() && !said(&well).contains("WRONG"), "{}", said(&well));
    for (name, value, named) in [
        ("ROCKET_REGISTRATION", "perhaps", "registration"),
        ("ROCKET_MAILBOX", "postgres://", "mailbox"),
        ("ROCKET_DATA_DIR", "/proc/none", "data_dir"),
    ] {
        let ill = cliquet(folder.path(), &["doctor"]).env(name, value).output().unwrap();
        let words = said(&ill);
        let line = words.lines().find(|line| line.starts_with("WRONG")).unwrap().to_lowercase();
        assert!(!ill.status.success() && line.contains(named), "{words}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_nobody_elses_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    Database::open(&folder.path().join("data")).unwrap();
    let mode = |path: &str| std::fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/cliquet.db")), (0o700, 0o600));
}

/// Ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn no_address_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = cliquet(folder.path(), &[]);
    command.env("ROCKET_ADDRESS", "127.0.0.1").env("ROCKET_PORT", port.to_string());
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let connect = || TcpStream::connect(("127.0.0.1", port));
    while connect().is_err() {
        assert_eq!(running.0.try_wait().unwrap(), None, "the server ended");
        thread::sleep(Duration::from_millis(20));
    }
    for path in
        ["/contacts/canary@example.org", "/contacts/canary@example.org/nowhere", "/home?with=canary@example.org"]
    {
        for method in ["GET", "POST"] {
            let mut stream = connect().unwrap();
            write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        }
    }
    running.0.kill().unwrap();
    let mut log = String::new();
    running.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    running.0.stdout.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("listening on 127.0.0.1") && !log.contains("canary"), "{log}");
}
