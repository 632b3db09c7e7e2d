//! Where word for one device is sent.

use super::address::is_public;
use cliquet_wire::limits::PUSH_ENDPOINT_BYTES_MAX;
use std::fmt;
use url::{Host, Url};

/// The address of a push resource (RFC 8030 section 4): `https:`, and not a private address. A name may still lead to one;
/// that is seen when it is called. Anyone who has it can send word, so it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Why word is not sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("it is not an address that begins with https://")]
    NotHttps,
    #[error("it has more than {PUSH_ENDPOINT_BYTES_MAX} bytes")]
    TooLong,
    #[error("it has a user or a password in it")]
    User,
    #[error("it is an address of a private network")]
    Private,
}

impl Endpoint {
    /// `private_hosts`: those that may be in a private network.
    pub(super) fn read(text: &str, private_hosts: &[String]) -> Result<Self, EndpointError> {
        if text.len() > PUSH_ENDPOINT_BYTES_MAX {
            return Err(EndpointError::TooLong);
        }
        let url = Url::parse(text).map_err(|_| EndpointError::NotHttps)?;
        if url.scheme() != "https" {
            return Err(EndpointError::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::User);
        }
        let is_allowed = |name: &str| private_hosts.iter().any(|host| host == name);
        let may_be = match url.host() {
            Some(Host::Ipv4(address)) => is_public(address.into()) || is_allowed(&address.to_string()),
            Some(Host::Ipv6(address)) => is_public(address.into()) || is_allowed(&address.to_string()),
            Some(Host::Domain(_)) => true,
            None => false,
        };
        if may_be { Ok(Self(url)) } else { Err(EndpointError::Private) }
    }

    /// As it is kept and called.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Scheme, name and port: for whom a token of this server is good (RFC 8292 section 2).
    pub(super) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({}/…)", self.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Endpoint, EndpointError> {
        Endpoint::read(text, &["192.168.1.5".to_owned(), "push.lan".to_owned()])
    }

    #[test]
    fn the_addresses_of_push_services_are_read_and_not_printed() {
        for (text, origin) in [
            ("https://fcm.googleapis.com/fcm/send/abc:def", "https://fcm.googleapis.com"),
            ("https://updates.push.services.mozilla.com/wpush/v2/gAA", "https://updates.push.services.mozilla.com"),
            ("https://push.lan:8443/1", "https://push.lan:8443"),
            ("https://192.168.1.5/1", "https://192.168.1.5"),
            ("https://1.1.1.1/1", "https://1.1.1.1"),
        ] {
            let endpoint = read(text).unwrap();
            assert_eq!((endpoint.as_str(), &*endpoint.origin()), (text, origin));
            assert_eq!(format!("{endpoint:?}"), format!("Endpoint({origin}/…)"));
        }
    }

    #[test]
    fn what_is_no_public_https_address_is_refused_however_it_is_written() {
        for text in ["", "fcm.googleapis.com/1", "http://push.example.org/1", "file:///etc/passwd", "https://"] {
            assert_eq!(read(text), Err(EndpointError::NotHttps), "{text}");
        }
        for text in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://169.254.169.254/latest/meta-data",
            "https://192.168.1.6/",
        ] {
            assert_eq!(read(text), Err(EndpointError::Private), "{text}");
        }
        assert_eq!(read("https://me@push.example.org/1"), Err(EndpointError::User));
        let of_length = |length: usize| format!("{:a<length$}", "https://push.example.org/");
        assert!(read(&of_length(PUSH_ENDPOINT_BYTES_MAX)).is_ok());
        assert_eq!(read(&of_length(PUSH_ENDPOINT_BYTES_MAX + 1)), Err(EndpointError::TooLong));
    }
}
