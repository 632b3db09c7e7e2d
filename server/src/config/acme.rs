//! Who gives the server a certificate.

use serde::Deserialize;
use std::fmt;
use url::Url;

const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// The directory of an ACME server (RFC 8555 section 7.1.1): an `https:` address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AcmeDirectory(Url);

/// An `acme_directory` that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("acme_directory is an address that begins with https://, such as \"{LETS_ENCRYPT}\"")]
pub struct NotADirectory;

impl AcmeDirectory {
    /// Its name, as DNS knows it, or its address.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl Default for AcmeDirectory {
    fn default() -> Self {
        Self(Url::parse(LETS_ENCRYPT).expect("an address"))
    }
}

impl TryFrom<String> for AcmeDirectory {
    type Error = NotADirectory;

    fn try_from(text: String) -> Result<Self, NotADirectory> {
        match Url::parse(&text) {
            Ok(url) if url.scheme() == "https" => Ok(Self(url)),
            _ => Err(NotADirectory),
        }
    }
}

impl fmt::Display for AcmeDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::read, LETS_ENCRYPT};

    #[test]
    fn it_is_lets_encrypt_unless_set_and_never_plain_http() {
        assert_eq!(read("").unwrap().acme_directory.to_string(), LETS_ENCRYPT);
        let own = "https://ca.example.org/acme/directory";
        assert_eq!(read(&format!("acme_directory = \"{own}\"")).unwrap().acme_directory.to_string(), own);
        for text in ["http://ca.example.org/directory", "ca.example.org", ""] {
            let said = read(&format!("acme_directory = \"{text}\"")).unwrap_err();
            assert!(said.contains("begins with https://"), "{text}: {said}");
        }
    }
}
