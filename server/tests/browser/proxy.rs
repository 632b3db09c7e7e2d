//! Owns the wire between browser and server: remembers every exchange, cuts connections, goes offline, spoils files, tells
//! lies in the server's name. Knows nothing of what the bytes mean.
//!
//! One request a connection, so that each exchange can be told apart; `Upgrade` is dropped on the way, as the proxies do
//! that made people ask for plain long polling.

use crate::eventually::{PATIENCE, eventually};
use serde::{Serialize, de::DeserializeOwned};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What passed for one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) request_head: String,
    pub(crate) request_body: Vec<u8>,
    /// 0 until the server answered.
    pub(crate) status: u16,
    pub(crate) response_head: String,
    /// Head and body, as they went over the wire.
    pub(crate) response_bytes: usize,
    pub(crate) whole: bool,
    pub(crate) was_cut: bool,
}

/// What happens to the browser modules on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wasm {
    Whole,
    /// The second half is missing.
    HalfMissing,
    /// A filter answers 403 instead.
    Blocked,
    /// Held back until something else is wanted.
    Late,
}

/// What a browser sees of a file that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// As after an update of the server: the name is of another release.
    NotFound,
    /// As without a network.
    NoAnswer,
}

/// What the server answers, or is made to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn of(status: u16, body: &impl Serialize) -> Self {
        Self { status, body: serde_json::to_vec(body).unwrap() }
    }

    /// The body, if the server answered with what was asked for.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        if (200..300).contains(&self.status) { serde_json::from_slice(&self.body).ok() } else { None }
    }
}

/// Changes an answer to a request.
type Tell = dyn Fn(&Exchange, &mut Answer) + Send + Sync;

/// What is done to the answers to one kind of request.
struct Lie {
    method: &'static str,
    /// Without the query.
    path: String,
    /// The server is asked first, and this is done to its answer. Otherwise it never sees the request.
    asks: bool,
    tell: Box<Tell>,
}

impl Lie {
    fn is_about(&self, method: &str, target: &str) -> bool {
        self.method == method && target.split('?').next() == Some(&self.path)
    }
}

impl std::fmt::Debug for Lie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lie").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Wire {
    upstream: u16,
    exchanges: Mutex<Vec<Exchange>>,
    wasm: Mutex<Wasm>,
    /// What does not come through: a part of its target, and whether anything is answered.
    missing: Mutex<Option<(String, Missing)>>,
    /// In front of the release's name in the service worker.
    release: Mutex<String>,
    lies: Mutex<Vec<Arc<Lie>>>,
    cut_after: Option<Duration>,
    online: watch::Sender<bool>,
    /// Counts how often the connections of the moment went silent.
    silent: watch::Sender<u32>,
}

#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    wire: Arc<Wire>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    pub(crate) async fn start(upstream: u16, cut_after: Option<Duration>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (exchanges, wasm) = (Mutex::default(), Mutex::new(Wasm::Whole));
        let (missing, release, lies) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (online, silent) = (watch::Sender::new(true), watch::Sender::new(0));
        let wire = Arc::new(Wire { upstream, exchanges, wasm, missing, release, lies, cut_after, online, silent });
        let shared = Arc::clone(&wire);
        let accepting = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(shared_connection(Arc::clone(&shared), browser));
            }
        });
        Self { port, wire, accepting }
    }

    /// What people type. `localhost` is a secure context without a certificate.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// Ends what is under way and lets nothing through.
    pub(crate) fn go_offline(&self) {
        self.wire.online.send_replace(false);
    }

    pub(crate) fn go_online(&self) {
        self.wire.online.send_replace(true);
    }

    /// Connections that are open stay open, and nothing passes on them any more. New ones work.
    pub(crate) fn go_silent(&self) {
        self.wire.silent.send_modify(|times| *times += 1);
    }

    pub(crate) fn spoil_wasm(&self, wasm: Wasm) {
        *self.wire.wasm.lock().unwrap() = wasm;
    }

    /// What is asked for by a name like this does not come, until [`Proxy::find_all`].
    pub(crate) fn miss(&self, name: &str, missing: Missing) {
        *self.wire.missing.lock().unwrap() = Some((name.to_owned(), missing));
    }

    pub(crate) fn find_all(&self) {
        *self.wire.missing.lock().unwrap() = None;
    }

    /// From now on the server runs another release, as far as a service worker sees.
    pub(crate) fn release(&self, name: &str) {
        name.clone_into(&mut self.wire.release.lock().unwrap());
    }

    /// From now on the server's answers to these requests are changed on their way. `path` is without the query.
    pub(crate) fn rewrite(
        &self,
        method: &'static str,
        path: impl Into<String>,
        tell: impl Fn(&Exchange, &mut Answer) + Send + Sync + 'static,
    ) {
        self.lie(Lie { method, path: path.into(), asks: true, tell: Box::new(tell) });
    }

    /// From now on these requests get this answer, and never reach the server.
    pub(crate) fn answer_instead(&self, method: &'static str, path: impl Into<String>, instead: Answer) {
        let tell = Box::new(move |_: &Exchange, answer: &mut Answer| *answer = instead.clone());
        self.lie(Lie { method, path: path.into(), asks: false, tell });
    }

    fn lie(&self, lie: Lie) {
        let mut lies = self.wire.lies.lock().unwrap();
        lies.retain(|other| !(other.method == lie.method && other.path == lie.path));
        lies.push(Arc::new(lie));
    }

    /// The truth about these requests.
    pub(crate) fn let_through(&self, method: &str, path: &str) {
        self.wire.lies.lock().unwrap().retain(|lie| !lie.is_about(method, path));
    }

    /// No more lies.
    pub(crate) fn be_honest(&self) {
        self.wire.lies.lock().unwrap().clear();
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.wire.exchanges.lock().unwrap().clone()
    }

    /// How many polls are held now. Between two of one browser there is a moment without any: a signal that somebody is there
    /// answers one as well.
    pub(crate) fn polls_held(&self) -> usize {
        let is_held = |exchange: &&Exchange| exchange.target == "/poll" && !exchange.whole && !exchange.was_cut;
        self.exchanges().iter().filter(is_held).count()
    }

    /// Waits until so many polls are held.
    pub(crate) async fn until_polls_held(&self, count: usize) {
        let held = async || match self.polls_held() {
            held if held == count => Ok(()),
            held => Err(held),
        };
        eventually(&format!("{count} polls to be held"), PATIENCE, held).await.unwrap();
    }

    /// For measuring one page: forgets what passed so far.
    pub(crate) fn forget(&self) {
        self.wire.exchanges.lock().unwrap().retain(|exchange| !exchange.whole);
    }
}

async fn shared_connection(wire: Arc<Wire>, mut browser: TcpStream) {
    let (mut online, mut silent) = (wire.online.subscribe(), wire.silent.subscribe());
    if !*online.borrow_and_update() {
        return;
    }
    let mut index = None;
    let cut_after = wire.cut_after.unwrap_or(Duration::from_secs(24 * 3600));
    let (was_cut, is_silent) = tokio::select! {
        _ = relay(&wire, &mut browser, &mut index) => (false, false),
        _ = online.wait_for(|online| !online) => (true, false),
        () = tokio::time::sleep(cut_after) => (true, false),
        _ = silent.changed() => (true, true),
    };
    if is_silent {
        while *online.borrow_and_update() && online.changed().await.is_ok() {}
    }
    if let Some(index) = index {
        wire.change(index, |exchange| (exchange.whole, exchange.was_cut) = (!was_cut, was_cut));
    }
}

impl Wire {
    fn change(&self, index: usize, change: impl FnOnce(&mut Exchange)) {
        if let Some(exchange) = self.exchanges.lock().unwrap().get_mut(index) {
            change(exchange);
        }
    }

    /// Answers with what a lie makes of the server's answer. `head`: the server's, or nothing when it was not asked.
    async fn tell(
        &self,
        lie: &Lie,
        index: usize,
        head: &str,
        mut answer: Answer,
        browser: &mut TcpStream,
    ) -> std::io::Result<()> {
        let exchange = self.exchanges.lock().unwrap().get(index).cloned().unwrap_or_default();
        (lie.tell)(&exchange, &mut answer);
        let kept = without(head, &["content-length", "connection", "etag"]);
        // Behind the status line, without the empty line.
        let lines = kept.split_once("\r\n").map_or("", |(_, lines)| lines.trim_end_matches("\r\n"));
        let lines = if lines.is_empty() { "content-type: application/json" } else { lines };
        let (status, length) = (answer.status, answer.body.len());
        let head =
            format!("HTTP/1.1 {status} Told\r\n{lines}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        let bytes = [head.as_bytes(), &answer.body].concat();
        self.change(index, |exchange| {
            (exchange.status, exchange.response_head, exchange.response_bytes) = (status, head, bytes.len());
        });
        browser.write_all(&bytes).await?;
        browser.shutdown().await
    }
}

/// One request there, one answer back.
async fn relay(wire: &Wire, browser: &mut TcpStream, index: &mut Option<usize>) -> std::io::Result<()> {
    let (head, mut body) = read_head(browser).await?;
    let length = header(&head, "content-length").and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
    assert!(header(&head, "transfer-encoding").is_none(), "the proxy knows no chunked requests");
    while body.len() < length {
        if browser.read_buf(&mut body).await? == 0 {
            return Ok(());
        }
    }
    let mut words = head.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let exchange = Exchange {
        method: method.to_owned(),
        target: target.to_owned(),
        request_head: head.clone(),
        request_body: body.clone(),
        ..Exchange::default()
    };
    *index = Some({
        let mut exchanges = wire.exchanges.lock().unwrap();
        exchanges.push(exchange);
        exchanges.len() - 1
    });
    let index = index.unwrap_or_default();
    let lie = wire.lies.lock().unwrap().iter().find(|lie| lie.is_about(method, target)).cloned();
    let missing = wire.missing.lock().unwrap().clone();
    match missing.filter(|(name, _)| target.contains(name.as_str())) {
        Some((_, Missing::NoAnswer)) => return Ok(()),
        Some((_, Missing::NotFound)) => {
            let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            wire.change(index, |exchange| exchange.status = 404);
            return browser.write_all(answer.as_bytes()).await;
        }
        None => {}
    }
    let is_wasm = target.split('?').next().is_some_and(|path| path.ends_with(".wasm"));
    while is_wasm && *wire.wasm.lock().unwrap() == Wasm::Late {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let wasm = if is_wasm { *wire.wasm.lock().unwrap() } else { Wasm::Whole };
    if wasm == Wasm::Blocked {
        let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        wire.change(index, |exchange| exchange.status = 403);
        return browser.write_all(answer.as_bytes()).await;
    }
    if let Some(lie) = lie.as_ref().filter(|lie| !lie.asks) {
        return wire.tell(lie, index, "", Answer { status: 0, body: Vec::new() }, browser).await;
    }
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, wire.upstream)).await?;
    let release = wire.release.lock().unwrap().clone();
    let renamed = target == "/service-worker.js" && !release.is_empty();
    let changed = renamed || wasm != Wasm::Whole || lie.is_some();
    server.write_all(forwarded(&head, changed).as_bytes()).await?;
    server.write_all(&body).await?;
    let (head, rest) = read_head(&mut server).await?;
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    wire.change(index, |exchange| (exchange.status, exchange.response_head) = (status, head.clone()));
    if let Some(lie) = lie {
        let as_it_is = ["content-encoding", "transfer-encoding"].iter().all(|name| header(&head, name).is_none());
        assert!(as_it_is, "an answer in another coding cannot be changed");
        let mut body = rest;
        server.read_to_end(&mut body).await?;
        return wire.tell(&lie, index, &head, Answer { status, body }, browser).await;
    }
    if renamed || wasm == Wasm::HalfMissing {
        let mut body = rest;
        server.read_to_end(&mut body).await?;
        if renamed {
            let script = String::from_utf8_lossy(&body);
            body = script.replacen("const RELEASE = \"", &format!("const RELEASE = \"{release}"), 1).into_bytes();
        } else {
            body.truncate(body.len() / 2);
        }
        let head = without(&head, &["content-length"]);
        let head =
            format!("{}content-length: {}\r\n\r\n", head.trim_end_matches("\r\n").to_owned() + "\r\n", body.len());
        browser.write_all(head.as_bytes()).await?;
        return browser.write_all(&body).await;
    }
    let mut bytes = head.into_bytes();
    bytes.extend(rest);
    loop {
        wire.change(index, |exchange| exchange.response_bytes += bytes.len());
        browser.write_all(&bytes).await?;
        bytes.clear();
        if server.read_buf(&mut bytes).await? == 0 {
            return browser.shutdown().await;
        }
    }
}

/// The head including its empty line, and what was already read of the body.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), body));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The browser's head as it goes on: no upgrade, and the server closes after its answer.
fn forwarded(head: &str, uncompressed: bool) -> String {
    let mut dropped = vec!["connection", "upgrade", "upgrade-insecure-requests", "keep-alive"];
    if uncompressed {
        dropped.push("accept-encoding");
    }
    let head = without(head, &dropped);
    format!("{}\r\nConnection: close\r\n\r\n", head.trim_end_matches("\r\n"))
}

fn without(head: &str, names: &[&str]) -> String {
    let kept = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        !names.iter().any(|dropped| name.eq_ignore_ascii_case(dropped))
    };
    head.split("\r\n").filter(kept).collect::<Vec<_>>().join("\r\n")
}

pub(crate) fn header<'head>(head: &'head str, name: &str) -> Option<&'head str> {
    head.split("\r\n").skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

impl Proxy {
    /// Waits until nothing but a held poll has been under way for a while.
    pub(crate) async fn until_quiet(&self) {
        let start = Instant::now();
        let mut quiet_since = Instant::now();
        let mut seen = 0;
        while quiet_since.elapsed() < Duration::from_secs(1) {
            assert!(start.elapsed() < Duration::from_secs(60), "the page never came to rest");
            tokio::time::sleep(Duration::from_millis(50)).await;
            let exchanges = self.exchanges();
            let busy =
                exchanges.iter().any(|exchange| !exchange.whole && !exchange.was_cut && exchange.target != "/poll");
            if busy || exchanges.len() != seen {
                (quiet_since, seen) = (Instant::now(), exchanges.len());
            }
        }
    }
}
