//! The settings by which a host watches the server: where figures are answered, and how the log is written.

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny},
};
use std::{fmt, net::SocketAddr, str::FromStr};

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// The level and what is said, for people.
    #[default]
    Plain,
    /// One object a line, for programs.
    Json,
}

/// An address and a port for figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricsAddress(SocketAddr);

impl MetricsAddress {
    pub fn address(self) -> SocketAddr {
        self.0
    }
}

/// A `metrics` that names no address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("metrics is an IP address and a port that is not 0, such as \"127.0.0.1:9464\" or \"[::1]:9464\"")]
pub struct NotAnAddress;

impl FromStr for MetricsAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        match text.parse::<SocketAddr>() {
            Ok(address) if address.port() != 0 => Ok(Self(address)),
            _ => Err(NotAnAddress),
        }
    }
}

impl fmt::Display for MetricsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for MetricsAddress {
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
    use super::super::Config;
    use super::*;
    use rocket::figment::{
        Figment,
        providers::{Format, Toml},
    };

    fn read(toml: &str) -> Result<Config, String> {
        Config::from_figment(&Figment::from(Toml::string(toml))).map_err(|error| error.to_string())
    }

    #[test]
    fn figures_are_answered_nowhere_unless_an_address_is_set() {
        assert_eq!(read("").unwrap().metrics, None);
        for text in ["127.0.0.1:9464", "[::1]:9464", "10.0.0.2:1", "0.0.0.0:65535"] {
            let found = read(&format!("metrics = \"{text}\"")).unwrap().metrics;
            assert_eq!(found.map(|address| address.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_in_words_that_name_the_setting() {
        for value in ["9464", "true", "[]", "\"\"", "\"9464\"", "\":9464\"", "\"localhost:9464\"", "\"127.0.0.1\""] {
            let said = read(&format!("metrics = {value}")).unwrap_err();
            assert!(said.contains("metrics is an IP address and a port"), "{value}: {said}");
        }
        for port in ["0", "65536", "-1"] {
            assert!(read(&format!("metrics = \"127.0.0.1:{port}\"")).is_err(), "{port}");
        }
    }

    #[test]
    fn lines_of_the_log_are_for_people_unless_asked_otherwise() {
        assert_eq!(read("").unwrap().log_format, LogFormat::Plain);
        assert_eq!(read("log_format = \"json\"").unwrap().log_format, LogFormat::Json);
        let said = read("log_format = \"xml\"").unwrap_err();
        assert!(said.contains("log_format") && said.contains("plain") && said.contains("json"), "{said}");
    }
}
