//! `cliquet doctor --url`: what it says of a proxy that is as the guide says, and of each way to get it wrong.

use crate::support::{
    ports::free_port,
    program::{self, Program},
    reverse_proxy::ReverseProxy,
};
use std::path::Path;

const SETTINGS: [(&str, &str); 1] = [("ROCKET_IP_HEADER", "X-Real-IP")];

/// What the doctor says from outside, and whether it found nothing wrong. The certificate is the house's own.
fn look(folder: &Path, url: &str, arguments: &[&str]) -> (String, bool) {
    let mut command = program::cliquet(folder);
    let hold = if arguments.contains(&"--hold") { &[][..] } else { &["--hold", "1"] };
    command.args(["doctor", "--url", url, "--at", "127.0.0.1"]).args(hold).args(arguments);
    for (name, value) in SETTINGS {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    let words = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let end = words.find("may leave").expect("what it says from inside comes first");
    (words[end..].to_owned(), output.status.success())
}

fn trusted(house: &Path) -> String {
    house.join("nginx/cert.pem").display().to_string()
}

#[test]
fn all_is_well_behind_proxy_nginx_as_the_guide_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::start(folder.path(), &SETTINGS);
    let proxy = ReverseProxy::nginx(folder.path(), server.port);
    let (words, _) = look(folder.path(), &proxy.url(), &["--trust", &trusted(folder.path())]);
    assert!(!words.contains("WRONG"), "{words}");
    for fine in [
        "leads to a server that is well",
        "The clock agrees",
        "content security policy that guards them",
        "compressed (brotli)",
        "with the name that they sent it to",
        "writes visitors' addresses into X-Real-IP",
        "A request of 4 MiB arrives",
        "may take 1 seconds",
    ] {
        assert!(words.contains(fine), "{fine}: {words}");
    }
    assert!(!folder.path().join("data/doctor-pass").exists());
}

#[test]
fn each_mistake_behind_proxy_nginx_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::start(folder.path(), &SETTINGS);
    for (line, instead, said) in [
        (
            "proxy_set_header Host $host:$server_port;",
            "proxy_set_header Host elsewhere;",
            "as coming from another site",
        ),
        ("proxy_set_header X-Real-IP $remote_addr;", "", "hands on the header X-Real-IP as a visitor writes it"),
        (
            "proxy_set_header X-Real-IP $remote_addr;",
            "proxy_set_header X-Real-IP \"\";",
            "does not write the header X-Real-IP",
        ),
        ("client_max_body_size 5m;", "client_max_body_size 1m;", "A request of 4 MiB does not arrive"),
        ("proxy_read_timeout 75s;", "proxy_read_timeout 1s;", "The proxy gives up after"),
        ("access_log off;", "proxy_set_header Accept-Encoding \"\";", "four times as heavy"),
        ("access_log off;", "add_header Content-Security-Policy \"default-src *\";", "adds one of its own"),
    ] {
        let proxy = ReverseProxy::nginx_with(folder.path(), server.port, &[(line, instead)]);
        let hold = if line.starts_with("proxy_read") { "5" } else { "1" };
        let (words, well) = look(folder.path(), &proxy.url(), &["--trust", &trusted(folder.path()), "--hold", hold]);
        assert!(words.contains(said), "{line} → {instead}: {words}");
        let is_wrong = words.lines().any(|line| line.starts_with("WRONG") && line.contains(said));
        assert_eq!(well, !is_wrong, "{words}");
    }
}

#[test]
fn a_certificate_nobody_trusts_and_a_server_that_is_not_there_behind_proxy_nginx_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::start(folder.path(), &SETTINGS);
    let proxy = ReverseProxy::nginx(folder.path(), server.port);
    let (words, well) = look(folder.path(), &proxy.url(), &[]);
    assert!(!well && words.contains("no browser trusts its certificate"), "{words}");
    let other = proxy.url().replace("chat.example.org", "letters.example.org");
    let (words, well) = look(folder.path(), &other, &["--trust", &trusted(folder.path())]);
    assert!(!well && words.contains("its certificate is for another name"), "{words}");
    let (words, well) = look(folder.path(), &proxy.url(), &["--trust", "nothing.pem"]);
    assert!(!well && words.contains("holds no certificate to trust"), "{words}");
    drop(server);
    let (words, well) = look(folder.path(), &proxy.url(), &["--trust", &trusted(folder.path())]);
    assert!(!well && words.contains("does not reach Cliquet"), "{words}");
    drop(proxy);
    let nobody = format!("https://chat.example.org:{}", free_port());
    let (words, well) = look(folder.path(), &nobody, &[]);
    assert!(!well && words.contains("nothing listens there"), "{words}");
}

#[test]
fn a_certificate_that_ran_out_behind_proxy_nginx_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::start(folder.path(), &SETTINGS);
    let proxy = ReverseProxy::nginx_of_yesterday(folder.path(), server.port);
    let (words, well) = look(folder.path(), &proxy.url(), &["--trust", &trusted(folder.path())]);
    assert!(!well && words.contains("its certificate ran out"), "{words}");
}

#[test]
fn a_server_with_another_data_folder_is_told_from_ours() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _ours = Program::start(folder.path(), &SETTINGS);
    let server = Program::start(other.path(), &SETTINGS);
    let (words, well) = look(folder.path(), &format!("http://localhost:{}", server.port), &[]);
    assert!(!well && words.contains("does not use this data folder"), "{words}");
}
