//! Addresses at which the server listens besides the one for people.

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny},
};
use std::{fmt, net::SocketAddr, str::FromStr};

/// An IP address and a port that is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAddress(SocketAddr);

impl ListenAddress {
    pub const fn address(self) -> SocketAddr {
        self.0
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self(address)
    }
}

/// A text that names no address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is an IP address and a port that is not 0, such as \"127.0.0.1:9464\" or \"[::1]:9464\"")]
pub struct NotAnAddress;

impl FromStr for ListenAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        match text.parse::<SocketAddr>() {
            Ok(address) if address.port() != 0 => Ok(Self(address)),
            _ => Err(NotAnAddress),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for ListenAddress {
    /// A number or a list is answered like a text that is no address.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Text(String),
            Other(IgnoredAny),
        }
        match Given::deserialize(deserializer)? {
            Given::Text(text) => text.parse().map_err(D::Error::custom),
            Given::Other(_) => Err(D::Error::custom(NotAnAddress)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, tests::read};

    type Setting = (&'static str, fn(&Config) -> Option<super::ListenAddress>);
    const SETTINGS: [Setting; 2] = [("metrics", |config| config.metrics), ("redirect", |config| config.redirect)];

    #[test]
    fn nothing_else_is_listened_on_unless_an_address_is_set() {
        for (name, found) in SETTINGS {
            assert_eq!(found(&read("").unwrap()), None);
            for text in ["127.0.0.1:9464", "[::1]:9464", "10.0.0.2:1", "0.0.0.0:65535"] {
                let found = found(&read(&format!("{name} = \"{text}\"")).unwrap());
                assert_eq!(found.map(|address| address.to_string()).as_deref(), Some(text));
            }
        }
    }

    #[test]
    fn what_is_no_address_is_refused_in_words_that_name_the_setting() {
        for (name, _) in SETTINGS {
            for value in ["9464", "true", "[]", "\"\"", "\"9464\"", "\":9464\"", "\"localhost:9464\"", "\"127.0.0.1\""]
            {
                let said = read(&format!("{name} = {value}")).unwrap_err();
                assert!(said.contains("it is an IP address and a port") && said.contains(name), "{value}: {said}");
            }
            for port in ["0", "65536", "-1"] {
                assert!(read(&format!("{name} = \"127.0.0.1:{port}\"")).is_err(), "{port}");
            }
        }
    }
}
