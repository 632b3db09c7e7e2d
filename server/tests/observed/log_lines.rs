//! The log for programs: one object a line, and nothing of a person in it. The plain one is tried in
//! `faults/command_line.rs`.

use crate::support::{
    http::Client,
    process::Process,
    program::{Program, cliquet},
    redis::RedisServer,
    seeded::seeded,
};
use serde_json::Value;

fn lines(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines.collect()
}

#[test]
fn each_line_is_an_object_with_time_level_target_message_and_fields() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), &[("ROCKET_LOG_FORMAT", "json")]);
    program.stop();
    let lines = lines(&program.log());
    let said = lines.iter().find(|line| line["message"].as_str().unwrap().starts_with("listening on")).unwrap();
    assert_eq!(said["level"], "INFO");
    assert_eq!(said["target"], "cliquet::serve");
    assert_eq!((&said["address"], &said["port"]), (&"127.0.0.1".into(), &program.port.into()));
    for line in &lines {
        let time = line["timestamp"].as_str().unwrap();
        assert!(time.len() == 27 && time.starts_with("20") && time.ends_with('Z'), "{time}");
        for name in ["level", "target", "message"] {
            assert!(line[name].is_string(), "{name} is not in {line}");
        }
    }
}

#[test]
fn no_address_is_in_a_line_for_programs_and_faults_say_their_cause() {
    let (folder, people) = seeded(2);
    let mut redis = RedisServer::start();
    let mut program = Program::start(folder.path(), &[("ROCKET_LOG_FORMAT", "json"), ("ROCKET_MAILBOX", &redis.url())]);
    let mut client = Client::to(program.address());
    for path in ["/contacts/canary@example.org", "/canary@example.org/nowhere", "/home?with=canary@example.org"] {
        for method in ["GET", "POST", "PUT"] {
            client.ask(method, path, &people[0].token, r#"{"email":"canary@example.org"}"#).unwrap();
        }
    }
    redis.kill();
    assert_eq!(client.post("/poll", &people[0].token, r#"{"cursor":1,"wait_seconds":0}"#).unwrap().status, 503);
    program.stop();
    let log = program.log();
    let faults: Vec<Value> = lines(&log).into_iter().filter(|line| line["level"] == "WARN").collect();
    let fault = faults.iter().find(|line| line["message"] == "a store does not answer").unwrap();
    assert!(!fault["cause"].as_str().unwrap().is_empty() && fault["target"] == "cliquet_server::error", "{fault}");
    let (email, device) = (people[0].email.to_string(), people[0].device.to_string());
    for secret in ["canary", "@", &email, &device, &people[0].token, "/contacts", "/home"] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

#[test]
fn why_the_program_ends_is_such_a_line_too() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = cliquet(folder.path());
    command.envs([("ROCKET_LOG_FORMAT", "json"), ("ROCKET_MAILBOX", "postgres://")]);
    let mut process = Process::start(&mut command, &log);
    assert!(!process.ended(crate::support::PATIENCE).success());
    let lines = lines(&std::fs::read_to_string(log).unwrap());
    assert!(
        lines.iter().any(|line| line["message"].as_str().unwrap().contains("the setting `mailbox` is")),
        "{lines:?}"
    );
    assert!(lines.iter().all(|line| line["level"] == "ERROR"), "{lines:?}");
}

#[test]
fn a_format_that_is_none_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let output = cliquet(folder.path()).env("ROCKET_LOG_FORMAT", "xml").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap().to_lowercase();
    assert!(!output.status.success());
    assert!(["log_format", "xml", "plain", "json"].iter().all(|word| said.contains(word)), "{said}");
}
