//! The program as its host meets it.

use crate::support::{
    PATIENCE,
    letters::{self, numbered},
    ports::free_port,
    process::Process,
    program::{self, data_dir},
    seeded::Person,
};
use cliquet_server::{
    clock::Clock,
    config,
    database::Database,
    invites::{self, InviteState},
    token::Token,
};
use cliquet_wire::{
    envelope::SendMessages,
    limits::DEVICES_MAX,
    poll::{Poll, PollAnswer},
};
use rocket::{figment::Figment, http::Header, local::blocking::Client};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

const NOW_MS: u64 = 0;

fn cliquet(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = program::cliquet(folder);
    command.args(arguments);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
fn an_invite_that_was_printed_counts_and_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&data_dir(folder.path())).unwrap();
    let output = cliquet(folder.path(), &["invite", "create", "--url", "https://chat.example.org/"]).output().unwrap();
    let link = String::from_utf8(output.stdout).unwrap();
    let token = link.trim().strip_prefix("https://chat.example.org/sign-up#invite=").and_then(Token::read).unwrap();
    let state = invites::state(&database.connection().unwrap(), Some(&token), NOW_MS).unwrap();
    assert_eq!(state, InviteState::Good);
    let listed = cliquet(folder.path(), &["invite", "list"]).output().unwrap();
    assert_eq!(String::from_utf8(listed.stdout).unwrap(), "1: open, 7 days left\n");
}

#[test]
fn no_command_makes_a_data_folder_and_each_names_the_one_it_used() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, succeeds) in [
        (&["invite", "list"][..], false),
        (&["invite", "create"], false),
        (&["backup", "file"], false),
        (&["restore", "none"], false),
        (&["doctor"], true),
    ] {
        let output = cliquet(folder.path(), arguments).output().unwrap();
        let words = said(&output);
        assert_eq!(output.status.success(), succeeds, "{arguments:?}: {words}");
        assert!(words.contains(&data_dir(folder.path()).display().to_string()), "{arguments:?}: {words}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments:?} left something behind");
    }
}

#[test]
fn a_command_in_another_folder_says_that_nothing_names_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let list = |name: &str, value: &str| {
        let mut command = cliquet(folder.path(), &["invite", "list"]);
        said(&command.env_remove("ROCKET_DATA_DIR").env(name, value).output().unwrap())
    };
    let default = list("ROCKET_REGISTRATION", "open");
    assert!(default.contains("ROCKET_DATA_DIR is not set") && default.contains("no server was started"), "{default}");
    let named = list("ROCKET_DATA_DIR", "elsewhere");
    assert!(!named.contains("is not set") && named.contains("/elsewhere."), "{named}");
}

#[test]
fn the_doctor_names_what_is_wrong_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    drop(Database::open(&data_dir(folder.path())).unwrap());
    let well = cliquet(folder.path(), &["doctor"]).env("ROCKET_PORT", "0").output().unwrap();
    assert!(well.status.success() && !said(&well).contains("WRONG"), "{}", said(&well));
    for (name, value, named) in [
        ("ROCKET_REGISTRATION", "perhaps", "registration"),
        ("ROCKET_MAILBOX", "postgres://", "mailbox"),
        ("ROCKET_DATA_DIR", "/proc/none", "data_dir"),
        ("ROCKET_MAILBOX_LIMITS", "{life_seconds=1}", "mailbox_limits"),
    ] {
        let ill = cliquet(folder.path(), &["doctor"]).env(name, value).output().unwrap();
        let words = said(&ill);
        let line = words.lines().find(|line| line.starts_with("WRONG")).unwrap().to_lowercase();
        assert!(!ill.status.success() && line.contains(named), "{words}");
    }
}

/// Two mebibytes and a little.
const FILLED: &str = "CREATE TABLE filled (x BLOB); INSERT INTO filled VALUES (zeroblob(2097152))";

#[test]
fn the_doctor_says_how_much_is_kept_and_for_how_long() {
    let folder = tempfile::tempdir().unwrap();
    let usual = said(&cliquet(folder.path(), &["doctor"]).output().unwrap());
    assert!(usual.contains("10000 envelopes or 64 MiB unfetched, each for 30 days and 0 hours"), "{usual}");
    assert!(usual.contains("may keep 256 MiB of sealed history; all together keep 0.0 MB"), "{usual}");
    let off = cliquet(folder.path(), &["doctor"]).env("ROCKET_HISTORY_MEGABYTES", "0").output().unwrap();
    assert!(said(&off).contains("note   history_megabytes is 0"), "{}", said(&off));
    assert!(usual.contains("note   The data folder holds 0.0 MiB, and may fill the disk"), "{usual}");
    Database::open(&data_dir(folder.path())).unwrap().connection().unwrap().execute_batch(FILLED).unwrap();
    for (megabytes, words) in [("3", "ok     The data folder holds 2."), ("2", "WRONG  The data folder holds 2.")] {
        let limited = cliquet(folder.path(), &["doctor"]).env("ROCKET_STORAGE_MEGABYTES", megabytes).output().unwrap();
        assert!(said(&limited).contains(words), "{}", said(&limited));
    }
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_nobody_elses_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    Database::open(&data_dir(folder.path())).unwrap();
    let mode = |path: &str| std::fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/cliquet.db")), (0o700, 0o600));
}

#[test]
fn no_address_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (port, log) = (free_port(), folder.path().join("log"));
    let mut running = Process::start(cliquet(folder.path(), &[]).env("ROCKET_PORT", port.to_string()), &log);
    let connect = || TcpStream::connect(("127.0.0.1", port));
    let start = Instant::now();
    while connect().is_err() {
        assert!(!running.has_ended() && start.elapsed() < PATIENCE, "the server does not come up");
        thread::sleep(Duration::from_millis(20));
    }
    for path in
        ["/contacts/canary@example.org", "/contacts/canary@example.org/nowhere", "/home?with=canary@example.org"]
    {
        for method in ["GET", "POST"] {
            let mut stream = connect().unwrap();
            write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        }
    }
    running.kill();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("listening on 127.0.0.1") && !log.contains("canary"), "{log}");
}

/// Seeds a folder; the lines of the file.
fn seed(folder: &Path, count: &str) -> (Output, Vec<Person>) {
    let out = folder.join("accounts.jsonl");
    let output = cliquet(folder, &["seed-accounts", "--count", count, "--out"]).arg(&out).output().unwrap();
    let lines = std::fs::read_to_string(&out).unwrap_or_default();
    (output, lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The status and the body of a post as a program sends it.
fn post(client: &Client, who: &Person, path: &'static str, body: &impl serde::Serialize) -> (u16, String) {
    let token = Header::new("Authorization", format!("Bearer {}", who.token));
    let answer = client.post(path).header(token).json(body).dispatch();
    (answer.status().code, answer.into_string().unwrap_or_default())
}

fn letter(number: u64, from: &Person, to: &Person) -> SendMessages {
    SendMessages { envelopes: vec![letters::letter(numbered(number), from, to, 4)], ..Default::default() }
}

#[test]
fn seeded_accounts_write_to_their_neighbours_with_the_tokens_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (output, accounts) = seed(folder.path(), "5");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(accounts.len(), 5);
    let figment = Figment::from(config::rocket_defaults())
        .merge(("data_dir", data_dir(folder.path())))
        .merge(("log_level", "off"));
    let client = Client::untracked(cliquet_server::build(figment, Clock::system()).unwrap()).unwrap();
    for (number, from, to) in [(1, 0, 1), (2, 1, 0), (3, 4, 0), (4, 0, 4)] {
        let (from, to) = (&accounts[from], &accounts[to]);
        assert_eq!(post(&client, from, "/messages", &letter(number, from, to)).0, 201);
        let poll = Poll { cursor: 0, wait_seconds: Some(0) };
        let (status, answer) = post(&client, to, "/poll", &poll);
        let answer: PollAnswer = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, answer.deliveries.len()), (200, 1));
        assert_eq!(answer.deliveries[0].envelope.as_ref().unwrap().sender_email, from.email);
        let acknowledged = Poll { cursor: answer.deliveries[0].cursor, ..poll };
        assert_eq!(post(&client, to, "/poll", &acknowledged), (200, json!({ "deliveries": [] }).to_string()));
    }
    let (status, answer) = post(&client, &accounts[0], "/messages", &letter(5, &accounts[0], &accounts[2]));
    assert_eq!((status, answer.contains("not-a-contact")), (403, true), "{answer}");
}

#[test]
fn each_seeded_account_has_as_many_devices_as_are_asked_for() {
    for (devices, fits) in [(0, false), (1, true), (DEVICES_MAX, true), (DEVICES_MAX + 1, false)] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = cliquet(folder.path(), &["seed-accounts", "--count", "2", "--out", "accounts.jsonl"]);
        let output = command.args(["--devices", &devices.to_string()]).output().unwrap();
        assert_eq!(output.status.success(), fits, "{}", said(&output));
        let lines = std::fs::read_to_string(folder.path().join("accounts.jsonl")).unwrap_or_default();
        let people: Vec<Person> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(people.len(), if fits { 2 * devices } else { 0 });
        assert!(people.chunks(devices.max(1)).all(|account| account.iter().all(|one| one.email == account[0].email)));
    }
}

#[test]
fn only_an_empty_folder_that_nobody_uses_is_seeded() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&data_dir(folder.path())).unwrap();
    let (in_use, none) = seed(folder.path(), "2");
    assert!(!in_use.status.success() && said(&in_use).contains("in use") && none.is_empty(), "{}", said(&in_use));
    drop(database);
    let (seeded, accounts) = seed(folder.path(), "2");
    assert!(seeded.status.success() && accounts.len() == 2, "{}", said(&seeded));
    let other = cliquet(folder.path(), &["seed-accounts", "--count", "2", "--out", "other"]).output().unwrap();
    assert!(!other.status.success() && said(&other).contains("has accounts"), "{}", said(&other));
    assert!(!folder.path().join("other").exists());
    let fresh = cliquet(folder.path(), &["seed-accounts", "--count", "2", "--out", "accounts.jsonl"])
        .env("ROCKET_DATA_DIR", folder.path().join("fresh"))
        .output()
        .unwrap();
    assert!(!fresh.status.success() && said(&fresh).contains("exists already"), "{}", said(&fresh));
}

#[cfg(unix)]
#[test]
fn the_tokens_of_seeded_accounts_are_nobody_elses_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    seed(folder.path(), "1");
    let mode = std::fs::metadata(folder.path().join("accounts.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
