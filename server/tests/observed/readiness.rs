//! `/health` and `/ready`: whether the server lives, and whether it can do its work.

use crate::{
    scrape::{Watched, get},
    support::{PATIENCE, redis::RedisServer, seeded::seeded},
};
use cliquet_wire::problem::{Problem, ProblemCode};
use std::{
    fs::File,
    io::Write as _,
    thread,
    time::{Duration, Instant},
};

/// Asks until `/ready` is answered with this status; the body.
fn until_ready_says(port: u16, status: u16) -> String {
    let start = Instant::now();
    loop {
        let (found, body) = get(port, "/ready");
        if found == status {
            return body;
        }
        assert!(start.elapsed() < PATIENCE, "{found}: {body}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// The problem in words, and nothing of the surroundings.
fn is_unavailable(body: &str, secrets: &[&str]) {
    let problem: Problem = serde_json::from_str(body).unwrap();
    assert_eq!((problem.code, problem.status), (ProblemCode::Unavailable, 503));
    assert!(!problem.title.is_empty() && !problem.detail.is_empty());
    for secret in secrets {
        assert!(!body.contains(secret), "{secret} is in {body}");
    }
}

#[test]
fn a_server_whose_stores_answer_is_ready() {
    let (folder, _) = seeded(2);
    let server = Watched::start(folder.path(), &[]);
    assert_eq!(get(server.program.port, "/ready"), (200, r#"{"status":"ready"}"#.to_owned()));
    assert_eq!(get(server.program.port, "/health"), (200, r#"{"status":"ok"}"#.to_owned()));
    assert_eq!(server.scrape().value("cliquet_ready"), 1.0);
}

#[test]
fn without_redis_the_server_lives_is_not_ready_and_is_again_when_it_is_back() {
    let (folder, _) = seeded(2);
    let mut redis = RedisServer::start();
    // A password, which Redis does not ask for and which nobody may read.
    let url = format!("redis://:canary-password@127.0.0.1:{}", redis.port);
    redis.command(&["CONFIG", "SET", "requirepass", "canary-password"]);
    let server = Watched::start(folder.path(), &[("ROCKET_MAILBOX", &url)]);
    let port = server.program.port;
    until_ready_says(port, 200);
    redis.kill();
    let address = redis.port.to_string();
    is_unavailable(&until_ready_says(port, 503), &["canary-password", "127.0.0.1", &address, "redis"]);
    assert_eq!(get(port, "/health").0, 200);
    let away = server.until("it is not ready", |scrape| scrape.value("cliquet_ready") == 0.0);
    // Not the number of the last look.
    assert!(away.value("cliquet_mailbox_envelopes").is_nan() && away.value("cliquet_accounts") == 2.0);
    redis.start_again();
    redis.command(&["CONFIG", "SET", "requirepass", "canary-password"]);
    until_ready_says(port, 200);
    server.until("it is ready", |scrape| scrape.value("cliquet_ready") == 1.0);
    redis.pause();
    is_unavailable(&until_ready_says(port, 503), &["canary-password", &address]);
    assert_eq!(get(port, "/health").0, 200, "Redis that is silent stops nothing else");
    redis.resume();
    until_ready_says(port, 200);
    assert!(!server.program.log().contains("canary-password"), "{}", server.program.log());
}

/// Nothing is left in the write-ahead log.
fn all_in_one_file(connection: &rusqlite::Connection) {
    let start = Instant::now();
    let checkpoint = || {
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
    };
    while checkpoint() != (0, 0, 0) {
        assert!(start.elapsed() < PATIENCE, "somebody holds the log");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_database_that_does_not_read_makes_the_server_not_ready() {
    for name in ["cliquet.db", "history.sqlite", "files.sqlite", "mailbox.db"] {
        let (folder, _) = seeded(2);
        let server = Watched::start(folder.path(), &[]);
        let port = server.program.port;
        until_ready_says(port, 200);
        let file = server.program.data_dir().join(name);
        // Somebody changes it, so that the server forgets what it has of it in memory; and all is in the one file.
        let other = rusqlite::Connection::open(&file).unwrap();
        other.busy_timeout(PATIENCE).unwrap();
        other.execute_batch("CREATE TABLE of_another (x)").unwrap();
        all_in_one_file(&other);
        // As a disk that lost it, in its place: the server has it open.
        let bytes = std::fs::metadata(&file).unwrap().len();
        let mut lost = File::options().write(true).open(&file).unwrap();
        lost.write_all(&vec![b'x'; usize::try_from(bytes).unwrap()]).unwrap();
        println!("{name} is lost");
        is_unavailable(&until_ready_says(port, 503), &[name, "sqlite"]);
        assert_eq!(get(port, "/health").0, 200, "{name}");
        server.until("it is not ready", |scrape| scrape.value("cliquet_ready") == 0.0);
    }
}
