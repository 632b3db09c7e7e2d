//! `cliquet init`, as its host meets it: three answers, and a server whose first account is for who has the link.

use crate::support::{
    ports::free_port,
    program::{self, Program, data_dir},
};
use cliquet_server::{clock::Clock, config::Registration, database::Database, invites, token::Token};
use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

/// In an empty folder, with nothing but what a shell has.
fn cliquet(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cliquet"));
    command.current_dir(folder).env_remove("ROCKET_CONFIG").env_remove("ROCKET_DATA_DIR");
    command
}

fn init(folder: &Path, arguments: &[&str], typed: &str) -> Output {
    let mut command = cliquet(folder);
    command.arg("init").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have ended without reading.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The token of the link that was printed, which must begin so.
fn token_behind(words: &str, url: &str) -> Token {
    let link = words.lines().map(str::trim).find(|line| line.starts_with(url)).expect("a link is printed");
    Token::read(link.strip_prefix(&format!("{url}/sign-up#invite=")).unwrap()).unwrap()
}

#[test]
fn three_answers_make_settings_data_and_an_invite_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let output = init(folder.path(), &[], "letters.example.com\nnginx\nclosed\n");
    let words = said(&output);
    assert!(output.status.success(), "{words}");
    assert_eq!(entries(folder.path()), ["Rocket.toml", "data"]);
    assert!(words.contains("server_name letters.example.com;"), "{words}");
    let database = Database::open_existing(&data_dir(folder.path())).unwrap();
    let connection = database.connection().unwrap();
    let token = token_behind(&words, "https://letters.example.com");
    let now_ms = Clock::system().now_ms();
    // Nobody is before the owner, and the owner is let in though nobody else is.
    for registration in [Registration::Open, Registration::Invite, Registration::Closed] {
        let admits = |token| cliquet_server::accounts::admits(&connection, registration, token, now_ms);
        assert!(admits(Some(&token)).is_ok() && admits(None).is_err(), "{registration:?}");
        assert!(admits(Some(&Token::generate().unwrap())).is_err(), "{registration:?}");
    }
    drop((connection, database));

    // The settings are those that the server and its other commands read.
    let output = cliquet(folder.path()).args(["invite", "create"]).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("https://letters.example.com/sign-up#invite="));
    let words = said(&cliquet(folder.path()).arg("doctor").output().unwrap());
    assert!(words.contains("the first one is for who has an invite"), "{words}");
}

#[test]
fn what_is_there_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    assert!(init(folder.path(), &["--name", "localhost"], "\n").status.success());
    let settings = fs::read_to_string(folder.path().join("Rocket.toml")).unwrap();
    let output = init(folder.path(), &["--name", "chat.example.org"], "\n\n");
    assert!(!output.status.success() && said(&output).contains("is there already"), "{}", said(&output));
    assert_eq!(fs::read_to_string(folder.path().join("Rocket.toml")).unwrap(), settings);
    let database = Database::open_existing(&data_dir(folder.path())).unwrap();
    assert_eq!(invites::list(&database.connection().unwrap()).unwrap().len(), 1);
}

#[test]
fn an_attempt_that_fails_says_why_and_leaves_no_settings() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, typed, why) in [
        (&[][..], "", "give it as --name"),
        (&["--name", "my chat"], "\n\n", "such as chat.example.org"),
        (&["--name", "chat.example.org", "--registration", "all"], "\n", "say invite, open or closed"),
    ] {
        let output = init(folder.path(), arguments, typed);
        assert!(!output.status.success() && said(&output).contains(why), "{arguments:?}: {}", said(&output));
        assert!(entries(folder.path()).is_empty(), "{arguments:?}");
    }
    // A file where the data folder would be.
    fs::write(folder.path().join("data"), "mine").unwrap();
    let output = init(folder.path(), &["--name", "chat.example.org"], "\n\n");
    let words = said(&output);
    assert!(!output.status.success() && words.contains("data folder") && words.contains("cannot be made"), "{words}");
    assert_eq!(entries(folder.path()), ["data"]);
}

#[test]
fn a_data_folder_with_accounts_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let seeded = cliquet(folder.path()).args(["seed-accounts", "--count", "1", "--out", "tokens"]).output().unwrap();
    assert!(seeded.status.success(), "{}", said(&seeded));
    let output = init(folder.path(), &["--name", "chat.example.org"], "\n\n");
    assert!(!output.status.success() && said(&output).contains("a server with accounts already"), "{}", said(&output));
    assert_eq!(entries(folder.path()), ["data", "tokens"]);
    let database = Database::open_existing(&data_dir(folder.path())).unwrap();
    assert!(invites::list(&database.connection().unwrap()).unwrap().is_empty());
}

#[test]
fn health_is_asked_of_the_server_that_runs_and_fails_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::start(folder.path(), &[]);
    let health = |port: u16, address: &str| {
        let mut command = program::cliquet(folder.path());
        command.arg("health").env("ROCKET_PORT", port.to_string()).env("ROCKET_ADDRESS", address);
        command.output().unwrap()
    };
    for address in ["127.0.0.1", "0.0.0.0"] {
        let output = health(server.port, address);
        assert!(output.status.success(), "{address}: {}", said(&output));
    }
    let output = health(free_port(), "127.0.0.1");
    assert!(!output.status.success() && said(&output).contains("does not answer"), "{}", said(&output));
}
