//! Owns an ACME server for tests, as Let's Encrypt makes one (Debian's `pebble`), and the names that it believes in.

use super::{
    certificates::Pair,
    ports::{free_port, until_listening},
    process::Process,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use ureq::{Agent, tls::TlsConfig};

#[derive(Debug)]
pub(crate) struct Pebble {
    _acme: Process,
    _names: Process,
    port: u16,
    management: u16,
    trust: PathBuf,
}

impl Pebble {
    /// Every name leads to this machine. It looks for challenges at this port.
    pub(crate) fn start(house: &Path, http_port: u16) -> Self {
        let house = house.join("pebble");
        fs::create_dir_all(&house).unwrap();
        let [port, management, names_port, names_management] = [(); 4].map(|()| free_port());
        let own = Pair::write(&house, "localhost", 1, 1);
        let settings = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": own.certs,
            "privateKey": own.key,
            "httpPort": http_port,
            "tlsPort": free_port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        let configuration = house.join("pebble.json");
        fs::write(&configuration, settings.to_string()).unwrap();
        let log = house.join("names.log");
        let mut names = Command::new("pebble-challtestsrv");
        let address = |port: u16| format!("127.0.0.1:{port}");
        names.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", &address(names_port)]);
        names.args(["-management", &address(names_management), "-http01", "", "-https01", "", "-tlsalpn01", ""]);
        let mut names = Process::start(&mut names, &log);
        until_listening(&mut names, names_management, &log);
        let log = house.join("pebble.log");
        let mut pebble = Command::new("pebble");
        pebble.arg("-config").arg(&configuration).args(["-dnsserver", &address(names_port)]);
        // It waits, and refuses now and then, to show clients' weaknesses.
        pebble.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_WFE_NONCEREJECT", "0");
        let mut acme = Process::start(&mut pebble, &log);
        until_listening(&mut acme, port, &log);
        Self { _acme: acme, _names: names, port, management, trust: own.certs }
    }

    pub(crate) fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// The certificate by which it is known itself.
    pub(crate) fn trust(&self) -> &Path {
        &self.trust
    }

    /// The root of the certificates that it gives.
    pub(crate) fn root(&self) -> String {
        let tls = TlsConfig::builder().disable_verification(true).build();
        let agent = Agent::from(Agent::config_builder().tls_config(tls).build());
        let mut answer = agent.get(format!("https://127.0.0.1:{}/roots/0", self.management)).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }
}
