//! What the doctor says of HTTPS that the server speaks itself.

use super::finding::Finding;
use crate::https::Https;
use cliquet_server::config::Config;
use std::{io, net::TcpListener, time::SystemTime};

/// Nothing when a proxy speaks it.
pub(super) fn findings(config: &Config, rocket: &rocket::Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    match Https::of(config, rocket) {
        Ok(Https::Elsewhere) => return findings,
        Ok(Https::Acme(url)) => findings.push(Finding::Note(format!(
            "The server fetches its certificate for {} from {}. The name has to lead to this machine.",
            url.host(),
            config.acme_directory,
        ))),
        Ok(Https::Files(files)) => findings.push(match files.read() {
            Ok(certificate) => match certificate.days_left(SystemTime::now()) {
                0 => Finding::Wrong(format!(
                    "The certificate in {} has run out, or does today: no browser opens this server. Renew it.",
                    files.certs.display()
                )),
                days => Finding::Fine(format!("The certificate in {} is good for {days} days.", files.certs.display())),
            },
            Err(error) => Finding::Wrong(format!("tls: {error}. The server does not start like this.")),
        }),
        Err(error) => findings.push(Finding::Wrong(format!("{error}. The server does not start like this."))),
    }
    findings.extend(redirect(config));
    findings
}

fn redirect(config: &Config) -> Option<Finding> {
    let redirect = config.redirect()?;
    Some(match TcpListener::bind(redirect.address()) {
        Ok(_) => Finding::Fine(format!("{redirect} is free: plain HTTP is led to HTTPS there.")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::Note(format!(
            "{redirect}, where plain HTTP is led to HTTPS, is taken: by Cliquet, if it runs; else stop what listens there."
        )),
        Err(error) => Finding::Wrong(format!(
            "redirect: {redirect} cannot be used: {error}. Below port 1024 the service needs AmbientCapabilities=\
             CAP_NET_BIND_SERVICE, which the package's has."
        )),
    })
}
