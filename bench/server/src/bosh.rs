//! A client's session over BOSH (XEP-0124, XEP-0206): signed in, reachable, and with one request at a time.
//!
//! The servers allow two requests at a time, one of them held, so that a client can post while it waits. Here one account
//! posts and another waits, and each needs only one.

use crate::{Outcome, http::Connection, target::WAIT_SECONDS};
use base64ct::{Base64, Encoding};
use memchr::memmem;
use std::net::SocketAddr;

pub const DOMAIN: &str = "localhost";
/// Every account's. The server checks it when a session is opened.
pub const PASSWORD: &str = "secret";

pub fn recipient(index: usize) -> String {
    format!("u{index}")
}

/// The account that posts over the connection of this number.
pub fn sender(lane: usize) -> String {
    format!("s{lane}")
}

/// The namespace of the attributes that XEP-0206 adds to a `<body/>`.
const XBOSH: &str = "xmlns:xmpp='urn:xmpp:xbosh'";

pub struct Session {
    connection: Connection,
    path: &'static str,
    /// Empty until the server has given one.
    sid: String,
    rid: u64,
}

impl Session {
    /// Signs in with the password, binds a resource, and becomes available, so that messages are routed to it.
    pub async fn open(address: SocketAddr, path: &'static str, user: &str) -> Outcome<Self> {
        let connection = Connection::open(address).await?;
        let mut session = Self { connection, path, sid: String::new(), rid: 1000 };
        let opening = format!(
            "content='text/xml; charset=utf-8' hold='1' to='{DOMAIN}' ver='1.6' wait='{WAIT_SECONDS}' xml:lang='en' \
             xmpp:version='1.0' {XBOSH}"
        );
        let opening = session.body(&opening, "");
        session.send(&opening).await?;
        session.sid = attribute(session.answer().await?, " sid='")?;
        session.until(b"<mechanism>PLAIN<").await?;

        let password = Base64::encode_string(format!("\0{user}\0{PASSWORD}").as_bytes());
        let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{password}</auth>");
        session.exchange("", &auth, b"<success").await?;
        session.exchange(&format!("to='{DOMAIN}' xmpp:restart='true' {XBOSH}"), "", b"<bind").await?;
        let bind = "<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                    <resource>bench</resource></bind></iq>";
        session.exchange("", bind, b"<jid>").await?;
        let available = "<iq xmlns='jabber:client' type='set' id='session'>\
                         <session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq><presence xmlns='jabber:client'/>";
        let available = session.acknowledged(available);
        // Its own presence comes back before the result, so that the first poll is really held.
        session.deliver(&available).await?;
        Ok(session)
    }

    /// The next request: its number, and what it carries.
    fn body(&mut self, attributes: &str, payload: &str) -> Vec<u8> {
        self.rid += 1;
        let sid = if self.sid.is_empty() { String::new() } else { format!(" sid='{}'", self.sid) };
        let body = format!(
            "<body rid='{}'{sid} {attributes} xmlns='http://jabber.org/protocol/httpbind'>{payload}</body>",
            self.rid
        );
        format!(
            "POST {} HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            self.path,
            body.len()
        )
        .into_bytes()
    }

    /// A request with a ping behind its stanzas. The server takes them in order, so that the ping's result acknowledges them.
    pub fn acknowledged(&mut self, stanzas: &str) -> Vec<u8> {
        let ping = ping_id(self.rid + 1);
        let ping = format!("<iq xmlns='jabber:client' type='get' id={ping}><ping xmlns='urn:xmpp:ping'/></iq>");
        self.body("", &format!("{stanzas}{ping}"))
    }

    /// Sends what `acknowledged` made and waits for the ping's result.
    pub async fn deliver(&mut self, request: &[u8]) -> Outcome<()> {
        let ping = ping_id(self.rid);
        self.send(request).await?;
        self.answer().await?;
        self.until(ping.as_bytes()).await
    }

    /// Asks for what there is. The server holds the request until there is something.
    pub async fn ask(&mut self) -> Outcome<()> {
        let request = self.body("", "");
        self.send(&request).await
    }

    async fn send(&mut self, request: &[u8]) -> Outcome<()> {
        self.connection.send(request).await
    }

    pub async fn answer(&mut self) -> Outcome<&[u8]> {
        let status = self.connection.answer().await?;
        let body = self.connection.body();
        if status != 200 || memmem::find(body, b"type='terminate'").is_some() {
            return Err(format!("a session ended with {status}: {}", String::from_utf8_lossy(body)).into());
        }
        Ok(body)
    }

    async fn exchange(&mut self, attributes: &str, payload: &str, expected: &[u8]) -> Outcome<()> {
        let request = self.body(attributes, payload);
        self.send(&request).await?;
        self.answer().await?;
        self.until(expected).await
    }

    /// Asks on until an answer holds what is expected; a server may say other things first.
    async fn until(&mut self, expected: &[u8]) -> Outcome<()> {
        loop {
            let body = self.connection.body();
            if [&b"<failure"[..], b"type='error'"].iter().any(|refusal| memmem::find(body, refusal).is_some()) {
                return Err(format!("refused: {}", String::from_utf8_lossy(body)).into());
            }
            if memmem::find(body, expected).is_some() {
                return Ok(());
            }
            self.ask().await?;
            self.answer().await?;
        }
    }
}

/// In quotes, as it is written and as it is looked for in the answer.
fn ping_id(rid: u64) -> String {
    format!("'ping{rid}'")
}

/// What stands between `begin` and the next quote.
fn attribute(body: &[u8], begin: &str) -> Outcome<String> {
    let text = std::str::from_utf8(body)?;
    let (_, value) = text.split_once(begin).ok_or_else(|| format!("no{begin} in {text}"))?;
    Ok(value.split('\'').next().unwrap_or_default().to_owned())
}
