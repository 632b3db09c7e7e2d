//! What the doctor says of the address of figures.

use super::finding::Finding;
use cliquet_server::config::Config;
use std::{io, net::TcpListener};

/// Nothing when the setting is off.
pub(super) fn finding(config: &Config) -> Option<Finding> {
    let metrics = config.metrics?;
    Some(match TcpListener::bind(metrics.address()) {
        Ok(_) if metrics.address().ip().is_loopback() => {
            Finding::Fine(format!("Figures for Prometheus are answered at {metrics}."))
        }
        Ok(_) => Finding::Note(format!(
            "Figures for Prometheus are answered at {metrics}, to anyone who reaches that address, without a password or TLS: \
             let only your Prometheus reach it, or set metrics to 127.0.0.1."
        )),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::Note(format!(
            "{metrics}, where metrics has figures answered, is taken: by Cliquet, if it runs; else choose another port."
        )),
        Err(error) => Finding::Wrong(format!(
            "metrics: {metrics} cannot be used: {error}. Choose another address or remove the setting."
        )),
    })
}
