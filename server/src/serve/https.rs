//! HTTPS that the server speaks itself.
//!
//! Owns what runs beside the server for that: who answers plain HTTP, who fetches certificates, and the look at the files.

use super::{
    acme::{Acme, AcmeError},
    plain_http::{self, Challenges},
};
use crate::{
    certificate::{Certificate, CertificateError, CertificateFiles},
    https::{Https, HttpsError},
};
use cliquet_server::{
    config::Config,
    side_server::{NotListening, SideServer},
};
use rocket::{
    figment::Figment,
    tokio::{self, task::JoinHandle},
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// How soon a certificate that was replaced is used.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub(super) enum OwnHttpsError {
    #[error("the settings do not read")]
    Settings(#[from] Box<rocket::figment::Error>),
    #[error(transparent)]
    Unclear(#[from] HttpsError),
    #[error("tls: {0}")]
    Certificate(#[from] CertificateError),
    #[error("redirect: {0}")]
    Redirect(#[from] NotListening),
    #[error(transparent)]
    Acme(#[from] AcmeError),
}

/// The server's own HTTPS, while the process runs.
#[derive(Debug)]
pub(super) struct OwnHttps {
    files: CertificateFiles,
    current: Certificate,
    redirect: Option<SideServer>,
    renewing: Option<JoinHandle<()>>,
    /// What was wrong with the files at the last look, so that it is said once.
    last_wrong: Option<String>,
}

impl OwnHttps {
    /// Nothing when the server does not speak it itself. Returns when there is a certificate.
    pub(super) async fn open(figment: &Figment) -> Result<Option<Self>, OwnHttpsError> {
        let config = Config::from_figment(figment).map_err(Box::new)?;
        let rocket = rocket::Config::try_from(figment).map_err(Box::new)?;
        let challenges = Arc::new(Challenges::default());
        let (files, acme) = match Https::of(&config, &rocket)? {
            Https::Elsewhere => return Ok(None),
            Https::Files(files) => (files, None),
            Https::Acme(url) => {
                let acme = Acme::new(&config, &url, Arc::clone(&challenges))?;
                (acme.files(), Some(acme))
            }
        };
        // Before a certificate is asked for: the one who gives it looks here.
        let redirect = match (config.redirect(), config.url) {
            (Some(address), Some(url)) => Some(plain_http::start(address, rocket.log_level, url, challenges).await?),
            _ => None,
        };
        let renewing = match acme {
            Some(acme) => {
                let next_look = acme.get_first().await;
                Some(tokio::spawn(acme.keep_fresh(next_look)))
            }
            None => None,
        };
        let current = files.read()?;
        if current.has_run_out(SystemTime::now()) {
            tracing::warn!("the certificate has run out: no browser opens this server until there is a new one");
        }
        Ok(Some(Self { files, current, redirect, renewing, last_wrong: None }))
    }

    /// The settings with what the server needs to speak it.
    pub(super) fn settings(&self, figment: Figment) -> Figment {
        let CertificateFiles { certs, key } = &self.files;
        figment.merge(("tls.certs", certs)).merge(("tls.key", key))
    }

    /// Returns when there is another good certificate than the one that is used. Files that are no pair, as while somebody
    /// is writing them, change nothing.
    pub(super) async fn replaced(&mut self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            match self.files.read() {
                Ok(found) if found != self.current => {
                    self.current = found;
                    return;
                }
                Ok(_) => self.last_wrong = None,
                Err(error) => self.say_once(error.to_string()),
            }
        }
    }

    fn say_once(&mut self, wrong: String) {
        if self.last_wrong.as_ref() != Some(&wrong) {
            tracing::warn!("the certificate before goes on being used: {wrong}");
            self.last_wrong = Some(wrong);
        }
    }

    pub(super) async fn end(self) {
        if let Some(renewing) = self.renewing {
            renewing.abort();
        }
        if let Some(redirect) = self.redirect {
            redirect.end().await;
        }
    }
}
