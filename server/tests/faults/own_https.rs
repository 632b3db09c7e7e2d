//! HTTPS of the server's own, with a certificate that somebody else renews.

use crate::support::{
    PATIENCE,
    certificates::Pair,
    ports::free_port,
    program::{self, Program},
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};
use ureq::Agent;

const NAME: &str = "chat.example.org";

/// What the doctor says from outside, and whether it found nothing wrong.
pub(super) fn look(server: &Program, trust: &Path) -> (String, bool) {
    let url = format!("https://{NAME}:{}", server.port);
    let mut command = program::cliquet(server.folder());
    command.args(["doctor", "--url", &url, "--at", "127.0.0.1", "--hold", "1", "--trust"]).arg(trust);
    let output = command.output().unwrap();
    let words = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let end = words.find("may leave").expect("what it says from inside comes first");
    (words[end..].to_owned(), output.status.success())
}

/// Waits until the server answers with what is trusted.
fn until_trusted(server: &Program, trust: &Path) {
    let start = Instant::now();
    loop {
        let (words, is_well) = look(server, trust);
        if is_well {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{words}\n{}", server.log());
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn the_server_speaks_https_and_plain_http_leads_there() {
    let folder = tempfile::tempdir().unwrap();
    let (pair, redirect) = (Pair::write(folder.path(), NAME, 1, 30), free_port());
    let (tls, plain) = (pair.setting(), format!("127.0.0.1:{redirect}"));
    let url = format!("https://{NAME}");
    let server =
        Program::start(folder.path(), &[("ROCKET_TLS", &tls), ("ROCKET_URL", &url), ("ROCKET_REDIRECT", &plain)]);
    let (words, is_well) = look(&server, &pair.certs);
    assert!(is_well && !words.contains("WRONG"), "{words}");
    for fine in ["leads to a server that is well", "compressed (brotli)", "A request of 4 MiB arrives"] {
        assert!(words.contains(fine), "{fine}: {words}");
    }
    let agent = Agent::from(Agent::config_builder().max_redirects(0).http_status_as_error(false).build());
    let led = agent.get(format!("http://{plain}/sign-up?a=1%202")).header("Host", "elsewhere.example").call().unwrap();
    assert_eq!(led.status(), 308);
    assert_eq!(led.headers()["location"], "https://chat.example.org/sign-up?a=1%202");
    // What a form sends has gone over the wire unprotected, and is not taken.
    assert_eq!(agent.post(format!("http://{plain}/sign-in")).send("{}").unwrap().status(), 404);
    assert_eq!(agent.get(format!("http://{plain}/.well-known/acme-challenge/no")).call().unwrap().status(), 404);
}

#[test]
fn a_certificate_that_is_replaced_is_used_and_files_that_are_no_pair_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::write(folder.path(), NAME, 80, 10);
    let first = folder.path().join("first.pem");
    fs::copy(&pair.certs, &first).unwrap();
    let tls = pair.setting();
    let mut server = Program::start(folder.path(), &[("ROCKET_TLS", &tls)]);
    until_trusted(&server, &first);
    // As while somebody is writing it.
    fs::write(&pair.key, "-----BEGIN PRIVATE KEY-----\n").unwrap();
    let start = Instant::now();
    while !server.log().contains("holds no private key") {
        assert!(start.elapsed() < PATIENCE, "{}", server.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    until_trusted(&server, &first);
    let renewed = Pair::write(folder.path(), NAME, 0, 90);
    until_trusted(&server, &renewed.certs);
    assert!(!look(&server, &first).1);
    assert_eq!(server.log().matches("holds no private key").count(), 1, "{}", server.log());
    server.stop();
}

#[test]
fn what_is_no_certificate_is_said_before_anything_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::write(folder.path(), NAME, 1, 30);
    let (tls, url) = (pair.setting(), format!("https://{NAME}"));
    let nothing = tls.replace("chain.pem", "nothing.pem");
    let redirect = format!("127.0.0.1:{}", free_port());
    for (settings, why) in [
        (&[("ROCKET_TLS", nothing.as_str())][..], "nothing.pem cannot be read"),
        (&[("ROCKET_TLS", &tls), ("ROCKET_ACME", "true"), ("ROCKET_URL", &url)], "acme and tls are both set"),
        (&[("ROCKET_ACME", "true")], "set url to the address that people open"),
        (&[("ROCKET_REDIRECT", &redirect)], "there is no HTTPS to lead to"),
    ] {
        for command in ["serve", "doctor"] {
            let output = program::cliquet(folder.path()).arg(command).envs(settings.iter().copied()).output().unwrap();
            let words = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(!output.status.success() && words.contains(why), "{command}, {why}: {words}");
        }
    }
}
