//! A certificate that the server fetches, from a real ACME server, and fetches again.

use super::own_https::look;
use crate::support::{
    PATIENCE, certificates,
    pebble::Pebble,
    ports::free_port,
    program::{Program, cliquet, data_dir},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const NAME: &str = "chat.example.org";

/// The settings of a server that fetches its certificate from there, and answers plain HTTP at this port.
fn settings(pebble: &Pebble, http_port: u16) -> [(&'static str, String); 5] {
    [
        ("ROCKET_ACME", "true".to_owned()),
        ("ROCKET_ACME_DIRECTORY", pebble.directory()),
        ("ROCKET_ACME_TRUST", pebble.trust().display().to_string()),
        ("ROCKET_URL", format!("https://{NAME}")),
        ("ROCKET_REDIRECT", format!("127.0.0.1:{http_port}")),
    ]
}

fn borrowed<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn pair(folder: &Path) -> PathBuf {
    data_dir(folder).join("certificate/localhost").join(format!("{NAME}.pem"))
}

fn root(pebble: &Pebble, folder: &Path) -> PathBuf {
    let path = folder.join("root.pem");
    fs::write(&path, pebble.root()).unwrap();
    path
}

#[test]
fn a_certificate_is_fetched_kept_and_renewed_when_it_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let http_port = free_port();
    let pebble = Pebble::start(folder.path(), http_port);
    let settings = settings(&pebble, http_port);
    let mut server = Program::start(folder.path(), &borrowed(&settings));
    let root = root(&pebble, folder.path());
    let (words, is_well) = look(&server, &root);
    assert!(is_well, "{words}\n{}", server.log());
    let fetched = fs::read(pair(folder.path())).unwrap();
    for file in fs::read_dir(pair(folder.path()).parent().unwrap()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.path().display());
    }
    // Who starts it every hour does not ask for one every hour.
    server.stop();
    server.start_again();
    assert_eq!(fs::read(pair(folder.path())).unwrap(), fetched);
    server.stop();
    // A day is left of ninety.
    let (certs, key) = certificates::made(NAME, 89, 1);
    fs::write(pair(folder.path()), key + &certs).unwrap();
    server.start_again();
    let (words, is_well) = look(&server, &root);
    assert!(is_well, "{words}\n{}", server.log());
    assert_eq!(server.log().matches("there is a new certificate for").count(), 2, "{}", server.log());
}

#[test]
fn a_name_that_leads_elsewhere_is_said_and_one_that_is_good_for_a_day_goes_on_being_used() {
    let folder = tempfile::tempdir().unwrap();
    // The ACME server looks where nobody answers.
    let pebble = Pebble::start(folder.path(), free_port());
    let settings = settings(&pebble, free_port());
    let mut process = crate::support::process::Process::start(
        cliquet(folder.path()).env("ROCKET_PORT", free_port().to_string()).envs(borrowed(&settings)),
        &folder.path().join("first.log"),
    );
    let log = || fs::read_to_string(folder.path().join("first.log")).unwrap_or_default();
    let start = Instant::now();
    while !log().contains("did not find this server at http://chat.example.org") {
        assert!(!process.has_ended() && start.elapsed() < PATIENCE, "{}", log());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(log().contains("port 80 has to be open"), "{}", log());
    process.kill();
    let (certs, key) = certificates::made(NAME, 89, 1);
    fs::write(pair(folder.path()), key + &certs).unwrap();
    let trusted = folder.path().join("day.pem");
    fs::write(&trusted, certs).unwrap();
    let server = Program::start(folder.path(), &borrowed(&settings));
    let (words, is_well) = look(&server, &trusted);
    assert!(is_well, "{words}\n{}", server.log());
    assert!(server.log().contains("no certificate was fetched"), "{}", server.log());
}
