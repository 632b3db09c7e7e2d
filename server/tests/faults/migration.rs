//! R11: the server is killed while it brings a mailbox database up to date: whole or not at all.

use crate::support::program::{cliquet, data_dir};
use rusqlite::Connection;
use std::{path::Path, thread, time::Duration};

/// Ids of the former schema: enough that the work takes longer than a step.
const IDS: u32 = 50_000;
/// From the start to the kill, a little longer each time.
const STEP: Duration = Duration::from_millis(4);

/// What is in the file, under either schema.
#[derive(Debug, PartialEq)]
struct Contents {
    ids: (u32, String, String),
    envelopes: (u32, String),
    mailboxes: (u32, String),
}

/// And how many migrations it has been through.
fn look(file: &Path) -> (u32, Contents) {
    let connection = Connection::open(file).unwrap();
    let integrity: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    let schema = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let pair = |sql: &str| connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let ids = connection
        .query_row(
            "SELECT count(*), sum(accepted_ms), max(hex(id) || mailbox || hex(digest)) FROM accepted_ids",
            [],
            |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.to_string(), row.get(2)?)),
        )
        .unwrap();
    let envelopes = pair("SELECT count(*), group_concat(mailbox || ' ' || cursor || json) FROM envelopes");
    let mailboxes = pair(
        "SELECT count(*), group_concat(key || hex(device) || ' ' || last_cursor || ' ' || envelopes || ' ' || bytes)
           FROM mailboxes",
    );
    (schema, Contents { ids, envelopes, mailboxes })
}

#[test]
fn r11_killed_while_it_brings_mailboxes_up_to_date_it_keeps_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = data_dir(folder.path()).join("mailbox.db");
    std::fs::create_dir(data_dir(folder.path())).unwrap();
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kept/mailbox-3.db"), &file).unwrap();
    let connection = Connection::open(&file).unwrap();
    connection
        .execute(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
             INSERT INTO accepted_ids (mailbox, id, digest, accepted_ms)
             SELECT (SELECT key FROM mailboxes LIMIT 1), randomblob(16), randomblob(16), 1780315200000 + n FROM numbers",
            [IDS],
        )
        .unwrap();
    drop(connection);
    let (schema, before) = look(&file);
    assert_eq!(schema, 3);
    let mut kills = 0;
    loop {
        let mut server = cliquet(folder.path()).env("ROCKET_PORT", "0").env("ROCKET_LOG_LEVEL", "off").spawn().unwrap();
        thread::sleep(kills * STEP);
        server.kill().unwrap();
        server.wait().unwrap();
        kills += 1;
        let (schema, after) = look(&file);
        assert_eq!(after, before, "after kill {kills}");
        if schema > 3 {
            break;
        }
    }
    println!("migration: {kills} kills");
    assert!(kills > 1);
}
