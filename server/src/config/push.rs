//! How push services are reached.

use serde::Deserialize;
use std::fmt;
use ureq::Proxy;

/// An HTTP or SOCKS proxy for requests to push services, such as `http://proxy.lan:3128`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PushProxy(pub Proxy);

/// A `push_proxy` that is no address of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("push_proxy is the address of a proxy, such as \"http://proxy.example.org:3128\"")]
pub struct NotAProxy;

impl TryFrom<String> for PushProxy {
    type Error = NotAProxy;

    fn try_from(text: String) -> Result<Self, NotAProxy> {
        if !text.contains("://") {
            return Err(NotAProxy);
        }
        Proxy::new(&text).map(Self).map_err(|_| NotAProxy)
    }
}

impl fmt::Debug for PushProxy {
    /// The address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushProxy({}:{})", self.0.host(), self.0.port())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;

    #[test]
    fn a_proxy_is_read_and_its_password_is_not_printed() {
        assert!(read("").unwrap().push_proxy.is_none());
        let proxy = read("push_proxy = \"http://me:secret@proxy.lan:3128\"").unwrap().push_proxy.unwrap();
        assert_eq!(format!("{proxy:?}"), "PushProxy(proxy.lan:3128)");
        for text in ["proxy.lan", "ftp://proxy.lan", "http://", ""] {
            let said = read(&format!("push_proxy = \"{text}\"")).unwrap_err();
            assert!(said.contains("push_proxy is the address of a proxy"), "{text}: {said}");
        }
    }
}
