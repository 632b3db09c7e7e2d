//! Who speaks HTTPS with browsers: a proxy in front, or the server itself.
//!
//! Owns which of the settings make sense together. Knows nothing of how a certificate is fetched.

use crate::certificate::CertificateFiles;
use cliquet_server::{config::Config, public_url::PublicUrl};
use rocket::config::TlsConfig;

/// What the settings ask for.
#[derive(Clone, Debug)]
pub(crate) enum Https {
    /// A proxy speaks it, or only this machine is served.
    Elsewhere,
    /// The server itself, with files that the host renews.
    Files(CertificateFiles),
    /// The server itself, with a certificate for this name that it fetches.
    Acme(PublicUrl),
}

/// Settings that make no sense together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpsError {
    #[error("acme and tls are both set: acme fetches a certificate, tls names one that is there; remove one of them")]
    Both,
    #[error("redirect is set, and there is no HTTPS to lead to: set tls or acme, or remove redirect")]
    NowhereToLead,
    #[error("set url to the address that people open, such as \"https://chat.example.org\": acme and redirect need it")]
    NoName,
    #[error("tls.certs and tls.key are paths of files as PEM")]
    NoPaths,
}

impl Https {
    pub(crate) fn of(config: &Config, rocket: &rocket::Config) -> Result<Self, HttpsError> {
        let public = || config.url.clone().filter(|url| !url.is_local()).ok_or(HttpsError::NoName);
        match (config.acme, &rocket.tls) {
            (true, Some(_)) => Err(HttpsError::Both),
            (true, None) => Ok(Self::Acme(public()?)),
            (false, Some(tls)) => {
                if config.redirect.is_some() {
                    public()?;
                }
                files_of(tls).map(Self::Files)
            }
            (false, None) if config.redirect.is_some() => Err(HttpsError::NowhereToLead),
            (false, None) => Ok(Self::Elsewhere),
        }
    }
}

fn files_of(tls: &TlsConfig) -> Result<CertificateFiles, HttpsError> {
    match (tls.certs().left(), tls.key().left()) {
        (Some(certs), Some(key)) => Ok(CertificateFiles { certs, key }),
        _ => Err(HttpsError::NoPaths),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_server::config::rocket_defaults;
    use rocket::figment::{
        Figment,
        providers::{Format, Toml},
    };

    fn of(toml: &str) -> Result<Https, HttpsError> {
        let figment = Figment::from(rocket_defaults()).merge(Toml::string(toml));
        Https::of(&Config::from_figment(&figment).unwrap(), &rocket::Config::try_from(&figment).unwrap())
    }

    const FILES: &str = "tls = { certs = \"/c/chain.pem\", key = \"/c/key.pem\" }\n";
    const URL: &str = "url = \"https://chat.example.org\"\n";
    const REDIRECT: &str = "redirect = \"0.0.0.0:80\"\n";

    #[test]
    fn a_proxy_speaks_it_unless_the_settings_say_otherwise() {
        assert!(matches!(of("").unwrap(), Https::Elsewhere));
        assert!(matches!(of(URL).unwrap(), Https::Elsewhere));
        let Https::Files(files) = of(FILES).unwrap() else { panic!("there are files") };
        assert_eq!((files.certs.to_str(), files.key.to_str()), (Some("/c/chain.pem"), Some("/c/key.pem")));
        assert!(matches!(of(&[FILES, URL, REDIRECT].concat()).unwrap(), Https::Files(_)));
        let Https::Acme(url) = of(&["acme = true\n", URL].concat()).unwrap() else { panic!("it is fetched") };
        assert_eq!(url.host(), "chat.example.org");
    }

    #[test]
    fn what_makes_no_sense_together_is_refused() {
        let acme = "acme = true\n";
        assert!(matches!(of(&[acme, FILES, URL].concat()), Err(HttpsError::Both)));
        assert!(matches!(of(acme), Err(HttpsError::NoName)));
        assert!(matches!(of(&[acme, "url = \"http://localhost:8000\""].concat()), Err(HttpsError::NoName)));
        assert!(matches!(of(&[FILES, REDIRECT].concat()), Err(HttpsError::NoName)));
        assert!(matches!(of(&[URL, REDIRECT].concat()), Err(HttpsError::NowhereToLead)));
        assert!(matches!(of("tls = { certs = [1], key = [2] }"), Err(HttpsError::NoPaths)));
    }
}
