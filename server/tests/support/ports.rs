//! Owns the ports that tests listen on, and the wait until somebody does.

use super::{PATIENCE, process::Process};
use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

/// Ports that nobody listens on. Below those that the system gives to outgoing connections: one that is made to a server
/// that is just not there would, sooner or later, get that very port and reach itself.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = 20_000 + (begin + NEXT.fetch_add(1, Ordering::SeqCst)) % 12_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Waits until somebody listens; a process that ended instead is shown with its log.
pub(crate) fn until_listening(process: &mut Process, port: u16, log: &Path) {
    let start = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        let ended = process.has_ended();
        assert!(!ended, "it ended at once:\n{}", std::fs::read_to_string(log).unwrap_or_default());
        assert!(start.elapsed() < PATIENCE, "nobody listens on port {port} after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
