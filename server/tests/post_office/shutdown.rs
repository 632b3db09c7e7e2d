//! The real binary, stopped as a service manager stops it.

use crate::office::{Person, person};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const POLLS: usize = 40;

pub(crate) struct Binary {
    pub(crate) process: Child,
    pub(crate) port: u16,
}

impl Binary {
    pub(crate) fn start(folder: &std::path::Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(env!("CARGO_BIN_EXE_cliquet"))
            .current_dir(folder)
            .env("ROCKET_DATA_DIR", folder)
            .env("ROCKET_ADDRESS", "127.0.0.1")
            .env("ROCKET_PORT", port.to_string())
            .env("ROCKET_LOG_LEVEL", "off")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "the server does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, port }
    }

    /// Asks whether it is well, and waits for the answer.
    pub(crate) fn is_well(&self) {
        let mut stream = self.connect();
        write!(stream, "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn poll(&self, who: &Person) -> TcpStream {
        let mut stream = self.connect();
        let body = r#"{"cursor":0,"wait_seconds":50}"#;
        let (port, token, length) = (self.port, &who.token, body.len());
        write!(
            stream,
            "POST /poll HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        stream
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn sigterm_answers_every_held_poll_and_ends_well_within_three_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let people: Vec<Person> = (0..POLLS).map(|number| person(folder.path(), &format!("person{number}"))).collect();
    let mut binary = Binary::start(folder.path());
    let polls: Vec<TcpStream> = people.iter().map(|person| binary.poll(person)).collect();
    // Connections that ask nothing, or half a question, hold nobody up.
    let _idle = binary.connect();
    let mut halfway = binary.connect();
    halfway.write_all(b"POST /poll HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le").unwrap();
    // They are held: nothing has come back.
    std::thread::sleep(Duration::from_secs(1));
    polls[POLLS - 1].set_nonblocking(true).unwrap();
    assert!((&polls[POLLS - 1]).read(&mut [0; 1]).is_err(), "a poll was answered before the end");
    polls[POLLS - 1].set_nonblocking(false).unwrap();

    let start = Instant::now();
    let id = binary.process.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    for mut poll in polls {
        let mut answer = String::new();
        poll.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.ends_with(r#"{"deliveries":[]}"#), "{answer}");
    }
    let status = binary.process.wait().unwrap();
    let took = start.elapsed();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}
