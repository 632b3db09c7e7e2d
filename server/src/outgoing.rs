//! What requests of the server's own have in common: to an ACME server, to push services.

use rocket::figment::value::magic::RelativePathBuf;
use std::{fs, path::PathBuf, sync::Arc};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Who asks.
pub const USER_AGENT: &str = concat!("cliquet/", env!("CARGO_PKG_VERSION"));

/// A setting that should name a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} holds no certificate as PEM", .0.display())]
pub struct TrustError(PathBuf);

/// Servers are known by the certificates that browsers trust; or, for those of one's own network, by the one in this file.
///
/// # Errors
///
/// There is none in it.
pub fn tls(trust: Option<&RelativePathBuf>) -> Result<TlsConfig, TrustError> {
    let roots = match trust.map(RelativePathBuf::relative) {
        None => RootCerts::WebPki,
        Some(path) => {
            let certificate = fs::read(&path).ok().and_then(|pem| Certificate::from_pem(&pem).ok());
            RootCerts::Specific(Arc::new(vec![certificate.ok_or(TrustError(path))?]))
        }
    };
    Ok(TlsConfig::builder().root_certs(roots).build())
}
