//! R2: a write to the disk fails, a little later each time: the files may not grow further. Whole or nothing, nobody is told what
//! is not so, and when there is room again everything goes on.

use crate::{
    history::{History, Verdict},
    kill::integrity,
    support::{
        http::Client,
        program::Program,
        seeded::{letter, post_of, seeded, serve},
    },
};
use rustix::process::{Resource, Rlimit, prlimit};
use std::time::Instant;

/// SQLite's page with its head in the log comes to 4,120 bytes; this falls on another place of it each time.
const STEP: u64 = 1_500;
const FAULTS: u64 = 60;
/// Posts until one is refused; by then the files have reached their limit many times over.
const POSTS_MAX: u64 = 100;

fn files_may_grow_to(server: &Program, bytes: Option<u64>) {
    prlimit(Some(server.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

fn size(server: &Program, name: &str) -> u64 {
    std::fs::metadata(server.folder().join("data").join(name)).map_or(0, |data| data.len())
}

/// Writes of posts and of acknowledgements.
#[test]
fn r2_where_a_write_fails_there_is_all_or_nothing_and_it_goes_on_when_there_is_room() {
    let (folder, people) = seeded(2);
    let mut server = serve(folder.path(), "sqlite");
    let (from, to) = (&people[0], &people[1]);
    let history = History::default();
    let (mut number, mut cursor, mut refused) = (0, 0, 0);
    for fault in 0..FAULTS {
        // A log that was left by a kill goes on at its end: the file must grow.
        server.kill();
        server.start_again();
        let mut client = Client::to(server.address());
        files_may_grow_to(&server, Some(size(&server, "mailbox.db-wal") + fault * STEP));
        let mut waiting = Vec::new();
        for _ in 0..POSTS_MAX {
            number += 1;
            let envelope = letter(number, from, to);
            history.sends(&envelope);
            let start = Instant::now();
            let answer = client.post("/messages", &from.token, &post_of(&envelope));
            history.is_answered(&answer, start.elapsed());
            if answer.is_ok_and(|answer| answer.status == 201) {
                history.is_told(&envelope);
            } else {
                refused += 1;
                waiting.push(envelope);
                break;
            }
        }
        // A poll that acknowledges is a write, too: done or refused.
        cursor = read(&history, &mut client, &to.token, to.device, cursor);
        cursor = read(&history, &mut client, &to.token, to.device, cursor);
        if fault % 2 == 0 {
            // It dies while there is no room.
            server.kill();
            server.start_again();
            client = Client::to(server.address());
        } else {
            files_may_grow_to(&server, None);
        }
        for envelope in waiting {
            let answer = client.post("/messages", &from.token, &post_of(&envelope)).unwrap();
            assert_eq!(answer.status, 201, "with room again, the same post is taken:\n{}", server.log());
            history.is_told(&envelope);
        }
        loop {
            let next = read(&history, &mut client, &to.token, to.device, cursor);
            if next == cursor {
                break;
            }
            cursor = next;
        }
    }
    let verdict: Verdict = history.verdict();
    println!("full: {FAULTS} places, {refused} posts refused; {verdict}");
    verdict.demand();
    assert!(refused > FAULTS / 2 && verdict.refusals() >= refused, "the limit was hardly met: {verdict}");
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert_eq!(integrity(&server), ["ok", "ok"]);
}

/// Polls once; the cursor after what came.
fn read(history: &History, client: &mut Client, token: &str, device: cliquet_wire::ids::DeviceId, cursor: u64) -> u64 {
    let start = Instant::now();
    let body = format!(r#"{{"cursor":{cursor},"wait_seconds":0}}"#);
    let answer = client.post("/poll", token, &body);
    history.is_answered(&answer, start.elapsed());
    match answer {
        Ok(answer) if answer.status == 200 => history.sees(device, cursor, &answer),
        _ => cursor,
    }
}
