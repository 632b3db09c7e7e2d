//! Owns one Redis of a test's own.

use crate::child::{Process, free_port, until_listening};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Debug)]
pub(crate) struct Redis {
    _process: Process,
    port: u16,
    house: PathBuf,
}

impl Redis {
    pub(crate) fn start(house: &Path) -> Self {
        let port = free_port();
        let house = house.join("redis");
        fs::create_dir_all(&house).unwrap();
        let log = house.join("redis.log");
        let mut command = Command::new("redis-server");
        command.arg("--port").arg(port.to_string()).arg("--dir").arg(&house).args(["--bind", "127.0.0.1"]);
        // Uncompressed, so that the dump can be searched for what must not be in it.
        command.args(["--save", "", "--appendonly", "no", "--rdbcompression", "no"]);
        let mut process = Process::start(&mut command, &log);
        until_listening(&mut process, port, &log);
        Self { _process: process, port, house }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Everything it holds, as it would lie on a disk.
    pub(crate) fn dump(&self) -> Vec<u8> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        connection.write_all(b"SAVE\r\n").unwrap();
        let mut answer = [0; 5];
        connection.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n");
        fs::read(self.house.join("dump.rdb")).unwrap()
    }
}
