//! `cliquet health`: whether the server that runs with these settings is well, for what watches a container.

use cliquet_server::config::{self, Config};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use ureq::{Agent, tls::TlsConfig};

/// A server that is well answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why it is not well, or not known to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HealthError {
    #[error("the settings do not read")]
    Settings(#[from] Box<rocket::figment::Error>),
    #[error("the server at {address} does not answer")]
    Silent { address: SocketAddr, source: ureq::Error },
    #[error("the server at {address} is not well: it answers {status}")]
    Unwell { address: SocketAddr, status: u16 },
}

/// Asks it.
///
/// # Errors
/// It does not answer, or says that it is not well.
pub(crate) fn ask() -> Result<(), HealthError> {
    let figment = config::figment();
    let rocket::Config { address, port, tls, .. } = rocket::Config::try_from(&figment).map_err(Box::new)?;
    let speaks_https = tls.is_some() || Config::from_figment(&figment).map_err(Box::new)?.acme;
    let scheme = if speaks_https { "https" } else { "http" };
    let address = SocketAddr::new(reachable(address), port);
    // The certificate is for a name. Who answers at this address of this machine is known without it.
    let tls = TlsConfig::builder().disable_verification(true).build();
    let agent = Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).tls_config(tls);
    let answer = Agent::from(agent.build()).get(format!("{scheme}://{address}/ready")).call();
    match answer.map_err(|source| HealthError::Silent { address, source })?.status().as_u16() {
        200 => Ok(()),
        status => Err(HealthError::Unwell { address, status }),
    }
}

/// Where a server is reached that listens on every address.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}
