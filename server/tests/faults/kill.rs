//! R1: the server is killed about once a second while everybody writes and reads.

use crate::{
    load::Load,
    support::{
        program::Program,
        seeded::{seeded, serve},
        setting,
    },
};
use std::{
    thread,
    time::{Duration, Instant},
};

const PEOPLE: u64 = 8;
const KILLS: u64 = 5;

/// How long it runs between two kills: another while each time, so that it is hit everywhere.
fn while_of(kill: u64) -> Duration {
    Duration::from_millis(300 + kill * 389 % 1_100)
}

#[test]
fn r1_killed_about_once_a_second_it_loses_nothing_and_shows_nothing_twice() {
    let people = usize::try_from(setting("CLIQUET_PEOPLE").unwrap_or(PEOPLE)).unwrap();
    let minutes = setting("CLIQUET_MINUTES");
    let (folder, people) = seeded(people);
    let mut server = serve(folder.path(), "sqlite");
    let load = Load::start(server.address(), &people);
    let (start, mut kills, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    while minutes.map_or(kills < KILLS, |minutes| start.elapsed() < Duration::from_secs(60 * minutes)) {
        thread::sleep(while_of(kills));
        server.kill();
        kills += 1;
        slowest = slowest.max(server.start_again());
        if kills % 100 == 0 {
            // What is not shown may be on its way.
            println!("after {kills} kills, {} letters were taken", load.verdict_so_far().acknowledged);
        }
    }
    let verdict = load.end();
    println!("kill: {} people, {kills} kills, slowest restart {} ms; {verdict}", people.len(), slowest.as_millis());
    verdict.demand();
    assert_eq!(integrity(&server), ["ok", "ok"]);
}

/// What SQLite says of both databases.
pub(crate) fn integrity(server: &Program) -> [String; 2] {
    ["cliquet.db", "mailbox.db"].map(|name| {
        let connection = rusqlite::Connection::open(server.folder().join("data").join(name)).unwrap();
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
    })
}
