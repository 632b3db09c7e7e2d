//! The address under which people open this server.
//!
//! Owns what such an address may be: a scheme, a name and perhaps a port. Knows nothing of who answers there.

use serde::{Deserialize, Serialize};
use std::fmt;
use url::{Host, Url};

/// The name that the documentation uses.
pub const NAME_IN_EXAMPLES: &str = "chat.example.org";
/// Where a server listens that nobody told otherwise.
const PORT: u16 = 8000;

/// `https://` and a name, perhaps with a port; without a path, since pages, cookie and service worker are those of a whole
/// host. `http://` only for this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl {
    /// As a browser writes it, without a slash at the end.
    origin: String,
    host: String,
}

/// Why a text is no such address. Each says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPublicUrl {
    #[error("it is a name such as {NAME_IN_EXAMPLES}, of letters, digits, hyphens and dots")]
    NotAName,
    #[error(
        "it is a name such as {NAME_IN_EXAMPLES}, not an address of numbers, for which there are hardly any certificates"
    )]
    Numbers,
    #[error("it begins with https://, because browsers allow the needed cryptography only there and on localhost")]
    Plain,
    #[error("it is a name alone, without a path, a user or a query: Cliquet needs a host of its own")]
    Path,
}

impl PublicUrl {
    /// From a name as people type it: `chat.example.org`, `localhost`, or a whole address.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn of_name(text: &str) -> Result<Self, NotAPublicUrl> {
        let text = text.trim();
        if text.contains("://") {
            return Self::read(text);
        }
        match text.split_once(':').map_or(text, |(name, _)| name) {
            "localhost" if text == "localhost" => Self::read(&format!("http://localhost:{PORT}")),
            "localhost" => Self::read(&format!("http://{text}")),
            _ => Self::read(&format!("https://{text}")),
        }
    }

    fn read(text: &str) -> Result<Self, NotAPublicUrl> {
        let url = Url::parse(text).map_err(|_| NotAPublicUrl::NotAName)?;
        let host = match url.host() {
            Some(Host::Domain(name)) if is_name(name) => name.to_owned(),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => return Err(NotAPublicUrl::Numbers),
            _ => return Err(NotAPublicUrl::NotAName),
        };
        match url.scheme() {
            "https" => {}
            "http" if host == "localhost" => {}
            _ => return Err(NotAPublicUrl::Plain),
        }
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !is_bare || !url.username().is_empty() || url.password().is_some() {
            return Err(NotAPublicUrl::Path);
        }
        Ok(Self { origin: url.origin().ascii_serialization(), host })
    }

    /// The name, as DNS knows it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether only browsers on this machine reach it.
    pub fn is_local(&self) -> bool {
        self.host == "localhost"
    }
}

/// RFC 1123 section 2.1: what `url` lets through besides is no name that a certificate can have.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label) && (name.contains('.') || name == "localhost")
}

impl TryFrom<String> for PublicUrl {
    type Error = NotAPublicUrl;

    fn try_from(text: String) -> Result<Self, NotAPublicUrl> {
        Self::read(&text)
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.origin
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_an_address() {
        let longest = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(61));
        let long = format!("https://{longest}");
        for (typed, url) in [
            ("chat.example.org", "https://chat.example.org"),
            (" Chat.Example.ORG ", "https://chat.example.org"),
            ("https://chat.example.org/", "https://chat.example.org"),
            ("https://chat.example.org:8443", "https://chat.example.org:8443"),
            ("chat.example.org:443", "https://chat.example.org"),
            ("chat.exämple.org", "https://chat.xn--exmple-cua.org"),
            ("localhost", "http://localhost:8000"),
            ("localhost:9000", "http://localhost:9000"),
            (&longest, &long),
        ] {
            assert_eq!(PublicUrl::of_name(typed).map(|url| url.to_string()), Ok(url.to_owned()), "{typed}");
        }
    }

    #[test]
    fn what_is_none_is_said_why() {
        use NotAPublicUrl::*;
        let too_long = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(62));
        let label = format!("{}.org", "a".repeat(64));
        for (typed, why) in [
            ("", NotAName),
            ("my chat", NotAName),
            ("chat", NotAName),
            ("chat_room.org", NotAName),
            ("-a.org", NotAName),
            ("a..org", NotAName),
            (&too_long, NotAName),
            (&label, NotAName),
            ("192.0.2.1", Numbers),
            ("https://[2001:db8::1]", Numbers),
            ("http://chat.example.org", Plain),
            ("ftp://chat.example.org", Plain),
            ("chat.example.org/chat", Path),
            ("https://chat.example.org/?a", Path),
            ("https://bob@chat.example.org", Path),
        ] {
            assert_eq!(PublicUrl::of_name(typed), Err(why), "{typed}");
        }
    }

    #[test]
    fn a_setting_is_a_whole_address() {
        let read = |text: &str| PublicUrl::try_from(text.to_owned());
        assert!(read("https://chat.example.org").is_ok() && read("http://localhost:8000").is_ok());
        assert_eq!(read("chat.example.org"), Err(NotAPublicUrl::NotAName));
    }
}
