//! Browsers that all come back at once.

use crate::shutdown::Binary;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Far past the 128 that Rocket listens with, well within what a test may have open.
const CROWD: usize = 500;

#[test]
fn a_crowd_that_comes_while_the_server_is_busy_is_let_into_the_queue() {
    let kernel: usize = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
    let crowd = CROWD.min(kernel);
    let folder = tempfile::tempdir().unwrap();
    let binary = Binary::start(folder.path());
    let server = Pid::from_child(&binary.process);
    let address = SocketAddr::from(([127, 0, 0, 1], binary.port));
    // Asked once, it is past its start.
    binary.is_well();
    kill_process(server, Signal::STOP).unwrap();
    // Whoever finds the queue full is not let in for as long as nobody accepts.
    let connect = |_| TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok();
    let queued = (0..crowd).take_while(|number| connect(*number)).count();
    kill_process(server, Signal::CONT).unwrap();
    assert_eq!(queued, crowd);
}
