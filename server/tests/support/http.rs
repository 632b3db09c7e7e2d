//! Owns HTTP as a plain program speaks it: one connection, one question at a time, and every failure seen.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// No answer by then is a failed request, as for any client behind a proxy.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The token of a sign-in that the answer hands a browser on this machine; empty when it hands none.
    pub(crate) sign_in: String,
}

impl Client {
    pub(crate) fn to(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    pub(crate) fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.ask("GET", path, "none", "")
    }

    pub(crate) fn get_as(&mut self, path: &str, token: &str) -> io::Result<Answer> {
        self.ask("GET", path, token, "")
    }

    pub(crate) fn post(&mut self, path: &str, token: &str, body: &str) -> io::Result<Answer> {
        self.ask("POST", path, token, body)
    }

    /// Once. After a failure nobody knows whether it was done, and the next question has a new connection.
    pub(crate) fn ask(&mut self, method: &str, path: &str, token: &str, body: &str) -> io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(self.address)?,
        };
        connection.get_mut().write_all(request(self.address, method, path, token, body).as_bytes())?;
        let answer = read_answer(&mut connection)?;
        self.connection = Some(connection);
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

pub(crate) fn request(address: SocketAddr, method: &str, path: &str, token: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// A whole answer, or none.
pub(crate) fn read_answer(connection: &mut impl BufRead) -> io::Result<Answer> {
    let cut = |what: &str| io::Error::new(io::ErrorKind::UnexpectedEof, what.to_owned());
    let (mut status, mut length, mut sign_in) = (None, None, String::new());
    loop {
        let mut line = String::new();
        connection.read_line(&mut line)?;
        let Some(line) = line.strip_suffix("\r\n") else { return Err(cut("the head ends early")) };
        if line.is_empty() {
            break;
        }
        if status.is_none() {
            status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        } else if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            } else if name.eq_ignore_ascii_case("set-cookie")
                && let Some(cookie) = value.trim().strip_prefix("cliquet=")
            {
                sign_in = cookie.split(';').next().unwrap_or_default().to_owned();
            }
        }
    }
    // 204 has no body, and says no length (RFC 9110, 8.6).
    let (Some(status), Some(length)) = (status, length.or((status == Some(204)).then_some(0))) else {
        return Err(cut("no status or no length"));
    };
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(Answer { status, body: String::from_utf8(body).map_err(io::Error::other)?, sign_in })
}
