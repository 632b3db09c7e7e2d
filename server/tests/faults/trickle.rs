//! R9, in short: connections that say nothing and requests that come a byte at a time, through nginx as docs/nginx.conf sets it
//! up. They are let go, and everybody who asks as people do is answered all the while.

use crate::support::{
    reverse_proxy::{NAME, ReverseProxy},
    seeded::{seeded, serve},
};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpStream},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const EMPTY: usize = 100;
const TRICKLED: usize = 8;
/// The file says 15 s, without it nginx waits for 60: what is still there now was not let go by the file.
const LET_GO: Duration = Duration::from_secs(40);
const PAUSE: Duration = Duration::from_millis(500);

/// TLS as a program of its own: what it is told goes to the proxy, what the proxy says comes out.
pub(crate) struct Tls(Child);

impl Tls {
    pub(crate) fn to(port: u16) -> Self {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-connect", &format!("127.0.0.1:{port}"), "-servername", NAME]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().expect("openssl; `cargo xtask test` brings it"))
    }

    /// False when nobody listens any more.
    pub(crate) fn says(&mut self, text: &str) -> bool {
        let to = self.0.stdin.as_mut().unwrap();
        to.write_all(text.as_bytes()).and_then(|()| to.flush()).is_ok()
    }

    /// All that comes until the proxy closes the connection.
    pub(crate) fn hears(&mut self) -> String {
        let mut answer = String::new();
        self.0.stdout.as_mut().unwrap().read_to_string(&mut answer).unwrap();
        answer
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether the other side has closed it.
fn is_closed(connection: &mut TcpStream) -> bool {
    match connection.read(&mut [0; 1]) {
        Ok(0) => true,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
        Ok(_) => panic!("the proxy speaks first"),
    }
}

fn asks_honestly(port: u16) {
    let mut honest = Tls::to(port);
    assert!(honest.says(&format!("GET /health HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n")));
    let answer = honest.hears();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn r9_trickled_and_empty_connections_are_let_go_and_honest_requests_are_answered() {
    let (folder, _) = seeded(2);
    let server = serve(folder.path(), "sqlite");
    let house = tempfile::tempdir().unwrap();
    let proxy = ReverseProxy::nginx(house.path(), server.address().port());
    let port: u16 = proxy.url().rsplit(':').next().unwrap().parse().unwrap();
    asks_honestly(port);

    let start = Instant::now();
    let mut empty: Vec<TcpStream> = (0..EMPTY)
        .map(|_| {
            let connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
            connection.set_nonblocking(true).unwrap();
            connection
        })
        .collect();
    let mut trickled: Vec<Tls> = (0..TRICKLED).map(|_| Tls::to(port)).collect();
    for one in &mut trickled {
        assert!(one.says(&format!("GET /health HTTP/1.1\r\nHost: {NAME}\r\nX-Slow: ")));
    }
    let (mut honest, mut last_empty, mut last_trickled) = (0, Duration::ZERO, Duration::ZERO);
    while !(empty.is_empty() && trickled.is_empty()) {
        asks_honestly(port);
        honest += 1;
        empty.retain_mut(|connection| !is_closed(connection));
        trickled.retain_mut(|one| one.says("x") && !one.has_ended());
        if !empty.is_empty() {
            last_empty = start.elapsed();
        }
        if !trickled.is_empty() {
            last_trickled = start.elapsed();
        }
        let left = (empty.len(), trickled.len());
        assert!(start.elapsed() < LET_GO, "still there after {LET_GO:?}, empty and trickled: {left:?}");
        sleep(PAUSE);
    }
    println!(
        "trickle: the last of {EMPTY} empty connections was let go after {last_empty:?}, of {TRICKLED} trickled ones after \
         {last_trickled:?}; {honest} honest requests answered meanwhile"
    );
    assert!(honest > 1);
}
