//! Browsers that all come back at once.

use crate::support::program::Program;
use rustix::process::Signal;
use std::{net::TcpStream, time::Duration};

/// Far past the 128 that Rocket listens with, well within what a test may have open.
const CROWD: usize = 500;

#[test]
fn a_crowd_that_comes_while_the_server_is_busy_is_let_into_the_queue() {
    let kernel: usize = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
    let crowd = CROWD.min(kernel);
    let folder = tempfile::tempdir().unwrap();
    // When it says that it is well, it is past its start.
    let program = Program::start(folder.path(), &[]);
    let address = program.address();
    program.signal(Signal::STOP);
    // Anyone who finds the queue full is not let in for as long as nobody accepts.
    let connect = |_| TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok();
    let queued = (0..crowd).take_while(|number| connect(*number)).count();
    program.signal(Signal::CONT);
    assert_eq!(queued, crowd);
}
