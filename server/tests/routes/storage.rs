//! R2 for everything about accounts: the first write of a request fails, then the second, and so on. Each time the answer is a
//! failure and nothing at all was stored; when writing works again, the very same request does.

use crate::support::house::{DAY_MS, PASSWORD, Reply, TestServer, random, sign_pre_key, vault};
use cliquet_web_crypto::crypto::keys::SecretKey;
use cliquet_wire::{
    bytes::Bytes,
    contacts::{AddContact, ClaimBundles},
    devices::RevokeDevice,
    pre_keys::{PreKeyUpload, SignedPreKey},
    vault::ReplaceVault,
};
use rusqlite::{Connection, types::Value};

/// Every table with every row in it, as the disk has it.
fn content(database: &Connection) -> Vec<(String, Vec<Vec<Value>>)> {
    let tables = tables(database).into_iter().map(|table| {
        let mut statement = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
        let rows = rows.map(Result::unwrap).collect();
        (table, rows)
    });
    tables.collect()
}

fn tables(database: &Connection) -> Vec<String> {
    let mut names = database
        .prepare(
            "SELECT name FROM sqlite_schema
              WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'fault' ORDER BY name",
        )
        .unwrap();
    names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// From now on every write to any table counts down, and past zero it fails.
fn install_faults(database: &Connection) {
    let mut sql = "BEGIN; CREATE TABLE fault (left INTEGER NOT NULL) STRICT;".to_owned();
    for table in tables(database) {
        for write in ["INSERT", "UPDATE", "DELETE"] {
            sql.push_str(&format!(
                "CREATE TRIGGER fault_{table}_{write} BEFORE {write} ON {table} BEGIN
                     UPDATE fault SET left = left - 1;
                     SELECT RAISE(ABORT, 'on purpose') FROM fault WHERE left < 0;
                 END;"
            ));
        }
    }
    sql.push_str("INSERT INTO fault VALUES (1000000); COMMIT");
    database.execute_batch(&sql).unwrap();
}

fn fail_after(database: &Connection, writes: u64) {
    database.execute("UPDATE fault SET left = ?1", [writes]).unwrap();
}

/// Asks until no write fails any more. A request of a hundred like writes is not tried at every one of them.
async fn whole_or_nothing(server: &TestServer, name: &str, ask: impl AsyncFn() -> Reply) {
    let database = server.database();
    let mut writes = 0;
    loop {
        let before = content(&database);
        fail_after(&database, writes);
        let reply = ask().await;
        fail_after(&database, 1_000_000);
        if reply.status < 300 {
            assert!(writes > 0, "{name} writes nothing");
            assert_ne!(content(&database), before, "{name}");
            return;
        }
        assert!(reply.status == 500 || reply.status == 503, "{name}: {} {}", reply.status, reply.body);
        assert_eq!(reply.cookie(), "", "{name}: nobody is signed in by a request that failed");
        assert_eq!(content(&database), before, "{name}: something stayed of it when write {writes} failed");
        assert!(writes < 1_000, "{name} never comes to its end");
        writes += if writes < 8 { 1 } else { 25 };
    }
}

#[rocket::async_test]
async fn r2_whichever_write_fails_an_account_is_changed_whole_or_not_at_all() {
    let server = TestServer::start().await;
    install_faults(&server.database());
    let (alice, finish) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    whole_or_nothing(&server, "sign-up", async || server.post(&alice, "/sign-up/finish", &finish).await).await;
    let mut bob = server.sign_up("bob@example.org").await;
    let alice = server.another_browser(&alice).await;
    let registration = alice.registration().await;
    whole_or_nothing(&server, "a device", async || server.post(&alice, "/devices", &registration).await).await;
    let key = SecretKey::generate(&mut random()).public_key();
    let mut signed = SignedPreKey { id: 2, key, signature: Bytes([0; 384]) };
    sign_pre_key(&alice, &mut signed).await;
    let upload = PreKeyUpload { signed: Some(signed), ..PreKeyUpload::default() };
    whole_or_nothing(&server, "pre-keys", async || server.put(&alice, "/devices/self/pre-keys", &upload).await).await;

    let contact = AddContact { email: "bob@example.org".into() };
    whole_or_nothing(&server, "a contact", async || server.post(&alice, "/contacts", &contact).await).await;
    let claim = ClaimBundles { devices: vec![bob.device()], token: None };
    let bundles = "/contacts/bob@example.org/bundles";
    whole_or_nothing(&server, "a claim", async || server.post(&alice, bundles, &claim).await).await;
    let block = "/contacts/alice@example.org/block";
    whole_or_nothing(&server, "a block", async || server.put(&bob, block, &()).await).await;
    whole_or_nothing(&server, "no block", async || server.delete(&bob, block).await).await;
    whole_or_nothing(&server, "no contact", async || server.delete(&alice, "/contacts/bob@example.org").await).await;

    let replaced = ReplaceVault { vault: vault(1, &[7; 5_000]), replaces: finish.vault.digest(), proof: None };
    whole_or_nothing(&server, "the vault", async || server.put(&alice, "/vault", &replaced).await).await;

    let phone = server.second_device(&mut bob).await;
    let list = RevokeDevice { device_list: bob.signed_list(3, vec![bob.device()]).await };
    let path = format!("/devices/{}/revoke", phone.device());
    whole_or_nothing(&server, "a revocation", async || server.post(&bob, &path, &list).await).await;
    // An attempt counts once, so each is a sign-in from the start.
    let sign_in = async || server.sign_in("bob@example.org", PASSWORD, None).await;
    whole_or_nothing(&server, "a sign-in", sign_in).await;
    server.pass(DAY_MS);
    whole_or_nothing(&server, "a new day", async || server.get(&bob, "/contacts").await).await;
    whole_or_nothing(&server, "signing out", async || server.post(&bob, "/sign-out", &()).await).await;
    let integrity: String = server.database().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
}
