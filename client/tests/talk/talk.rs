//! Two people talk from the command line.

use crate::server::{PATIENCE, Server, call, program, said, succeed};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

/// `listen`, and the lines that it writes.
struct Listener {
    process: Child,
    lines: Receiver<Value>,
}

impl Listener {
    fn in_folder(folder: &Path) -> Self {
        Self::with(folder, &[])
    }

    fn with(folder: &Path, arguments: &[&str]) -> Self {
        let mut process = program(folder).arg("listen").args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = tell.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self { process, lines }
    }

    fn next(&self) -> (String, String) {
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        (text("sender"), text("text"))
    }
}

impl Listener {
    /// As by Ctrl-C: what was written was noted too.
    fn end(mut self) {
        let asked = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status().unwrap();
        assert!(asked.success() && self.process.wait().unwrap().success());
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn two_people_talk_from_the_command_line() {
    let server = Server::start();
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    // Bob's first question for what came until now.
    let bobs = Listener::in_folder(&bob);
    succeed(&call(&bob, &["say", "alice@example.org", "Are you there?"]));
    succeed(&call(&alice, &["say", "bob@example.org", "I am. Ça va ?"]));
    assert_eq!(bobs.next(), ("alice@example.org".to_owned(), "I am. Ça va ?".to_owned()));
    // From standard input, and a text that has more than one line.
    let mut say = program(&alice).args(["say", "bob@example.org", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    say.stdin.take().unwrap().write_all(b"one\ntwo").unwrap();
    assert!(say.wait().unwrap().success());
    assert_eq!(bobs.next(), ("alice@example.org".to_owned(), "one\ntwo".to_owned()));
    // What was shown once is not shown again.
    bobs.end();
    let bobs = Listener::in_folder(&bob);
    succeed(&call(&alice, &["say", "bob@example.org", "still there?"]));
    assert_eq!(bobs.next().1, "still there?");
}

#[test]
fn a_file_and_its_words_arrive_and_nothing_that_was_there_is_overwritten() {
    let server = Server::start();
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    succeed(&call(&bob, &["say", "alice@example.org", "Send it."]));
    let (sent, saved) = (server.folder("report.txt"), server.folder("saved"));
    // More than a chunk.
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|place| u8::try_from(place * 31 % 251).unwrap()).collect();
    fs::write(&sent, &bytes).unwrap();
    fs::create_dir(&saved).unwrap();
    fs::write(saved.join("report.txt"), "mine").unwrap();
    let bobs = Listener::with(&bob, &["--save-files", saved.to_str().unwrap()]);
    let file = sent.to_str().unwrap();
    succeed(&call(&alice, &["say", "bob@example.org", "Here it is.", "--file", file]));
    let line = bobs.lines.recv_timeout(PATIENCE).unwrap();
    assert_eq!((&line["text"], &line["file"]["name"]), (&json!("Here it is."), &json!("report.txt")));
    assert_eq!((&line["file"]["bytes"], &line["file"]["media_type"]), (&json!(bytes.len()), &json!("text/plain")));
    assert_eq!(fs::read(line["file"]["saved"].as_str().unwrap()).unwrap(), bytes);
    assert_eq!(fs::read(saved.join("report.txt")).unwrap(), b"mine");

    // Without words, and what is no file.
    succeed(&call(&alice, &["say", "bob@example.org", "--file", file]));
    assert_eq!(bobs.lines.recv_timeout(PATIENCE).unwrap()["text"], "");
    for (file, words) in [("/nowhere/report.txt", "cannot be used"), ("/dev/null", "the file is empty")] {
        let output = call(&alice, &["say", "bob@example.org", "--file", file]);
        assert!(!output.status.success() && said(&output).contains(words), "{}", said(&output));
    }

    let output = call(&bob, &["conversations"]);
    succeed(&output);
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["conversation"], "alice@example.org");
}

#[test]
fn a_text_for_nobody_and_one_without_words_are_refused_in_words() {
    let server = Server::start();
    let alice = server.person("alice");
    for (arguments, words) in [
        (["say", "nobody@example.org", "hello"], "invite them to this server"),
        (["say", "alice@example.org", " "], "nothing to send"),
        (["say", "nonsense", "hello"], "neither an address nor the id of a group"),
    ] {
        let output = call(&alice, &arguments);
        assert!(!output.status.success() && said(&output).to_lowercase().contains(words), "{}", said(&output));
    }
}

#[test]
fn a_text_waits_for_a_server_that_is_away() {
    let mut server = Server::start();
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    succeed(&call(&bob, &["say", "alice@example.org", "hello"]));
    succeed(&call(&alice, &["say", "bob@example.org", "hello"]));
    server.stop();
    let output = call(&alice, &["say", "bob@example.org", "later"]);
    assert!(!output.status.success() && said(&output).contains("it is kept here"), "{}", said(&output));
}
