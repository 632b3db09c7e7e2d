//! One device's poll: each request acknowledges what the last answer brought.

use crate::{
    Outcome, bosh,
    target::{CIPHERTEXT_CHARS, Target, WAIT_SECONDS, Wire, id_begins, unexpected},
};
use memchr::memmem;
use std::sync::{Arc, atomic::Ordering};

pub struct Poller {
    target: Arc<Target>,
    run: u64,
    index: usize,
    wire: Wire,
    /// nchan's cursor.
    seen: Option<(String, String)>,
}

impl Poller {
    pub async fn open(target: &Arc<Target>, run: u64, index: usize) -> Outcome<Self> {
        let wire = target.connect(&bosh::recipient(index)).await?;
        Ok(Self { target: Arc::clone(target), run, index, wire, seen: None })
    }

    pub fn index(&self) -> usize {
        self.index
    }

    pub async fn ask(&mut self) -> Outcome<()> {
        match &mut self.wire {
            Wire::Cliquet(connection) => {
                let account = &self.target.accounts[self.index];
                let cursor = account.cursor.load(Ordering::Relaxed);
                let body = format!("{{\"cursor\":{cursor},\"wait_seconds\":{WAIT_SECONDS}}}");
                connection.send(&account.post("/poll", &body)).await
            }
            Wire::Nchan(connection) => {
                let since = match &self.seen {
                    Some((time, tag)) => format!("If-Modified-Since: {time}\r\nIf-None-Match: {tag}\r\n"),
                    None => String::new(),
                };
                let (run, index) = (self.run, self.index);
                let request = format!("GET /sub/{run:x}_{index} HTTP/1.1\r\nHost: localhost\r\n{since}\r\n");
                connection.send(request.as_bytes()).await
            }
            Wire::Bosh(session) => session.ask().await,
        }
    }

    /// The numbers of this run's messages in the answer, in its order.
    pub async fn answer(&mut self) -> Outcome<Vec<u64>> {
        let body = match &mut self.wire {
            Wire::Cliquet(connection) => {
                let status = connection.answer().await?;
                if status != 200 {
                    return Err(unexpected("a poll", status, connection));
                }
                if let Some(cursor) = last_number(connection.body(), b"\"cursor\":")? {
                    self.target.accounts[self.index].cursor.store(cursor, Ordering::Relaxed);
                }
                connection.body()
            }
            Wire::Nchan(connection) => {
                match connection.answer().await? {
                    200 => (),
                    304 | 408 => return Ok(Vec::new()),
                    status => return Err(unexpected("a poll", status, connection)),
                }
                let header = |name| connection.header(name).map(str::to_owned).ok_or("no cursor in the answer");
                self.seen = Some((header("last-modified")?, header("etag")?));
                connection.body()
            }
            Wire::Bosh(session) => session.answer().await?,
        };
        numbers(body, self.run)
    }
}

/// The ends of all ids that begin as this run's do.
fn numbers(mut body: &[u8], run: u64) -> Outcome<Vec<u64>> {
    let begins = id_begins(run);
    let mut found = Vec::new();
    while let Some(place) = memmem::find(body, begins.as_bytes()) {
        let number = place + begins.len();
        let digits = body.get(number..number + 12).ok_or("an id is cut")?;
        found.push(u64::from_str_radix(std::str::from_utf8(digits)?, 16)?);
        // The rest of a message is longer than this.
        body = body.get(number + 12 + CIPHERTEXT_CHARS..).unwrap_or_default();
    }
    Ok(found)
}

/// The number behind the last occurrence.
fn last_number(body: &[u8], name: &[u8]) -> Outcome<Option<u64>> {
    let Some(place) = memmem::rfind(body, name) else { return Ok(None) };
    let digits = body[place + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    Ok(Some(digits.map(|byte| char::from(*byte)).collect::<String>().parse()?))
}
