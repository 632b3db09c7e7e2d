//! Two people talk from the command line.

use crate::server::{PATIENCE, Server, call, program, said, succeed};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Stdio},
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
        let mut process = program(folder).arg("listen").stdout(Stdio::piped()).spawn().unwrap();
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
    drop(bobs);
    let bobs = Listener::in_folder(&bob);
    succeed(&call(&alice, &["say", "bob@example.org", "still there?"]));
    assert_eq!(bobs.next().1, "still there?");
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
