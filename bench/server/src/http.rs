//! Just enough HTTP/1.1 to measure with: what the generator spends, the servers beside it on the same cores do not have.

use crate::Outcome;
use memchr::memmem;
use std::{net::SocketAddr, ops::Range};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One connection that is kept.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    body: Range<usize>,
    head: usize,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        // Ten thousand closed connections would keep their ports for a minute.
        stream.set_zero_linger()?;
        Ok(Self { stream, buffer: Vec::new(), body: 0..0, head: 0 })
    }

    pub async fn send(&mut self, request: &[u8]) -> Outcome<()> {
        Ok(self.stream.write_all(request).await?)
    }

    /// Reads one whole answer and returns its status. The one before is forgotten.
    pub async fn answer(&mut self) -> Outcome<u16> {
        self.buffer.clear();
        let head = loop {
            if let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.read().await?;
        };
        self.head = head;
        let length = match self.header("content-length") {
            Some(length) => length.parse::<usize>()?,
            None => 0,
        };
        while self.buffer.len() < head + length {
            self.read().await?;
        }
        self.body = head..head + length;
        let status = self.buffer.get(9..12).ok_or("no status")?;
        Ok(std::str::from_utf8(status)?.parse()?)
    }

    async fn read(&mut self) -> Outcome<()> {
        self.buffer.reserve(2048);
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }

    pub fn body(&self) -> &[u8] {
        &self.buffer[self.body.clone()]
    }

    /// A header of the last answer; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(&self.buffer[..self.head]).ok()?;
        head.split("\r\n").find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}
