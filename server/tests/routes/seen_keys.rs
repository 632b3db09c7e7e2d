//! The memory for public keys that were published.

use crate::support::house::TestServer;
use cliquet_server::pre_keys::SEEN_KEYS_PER_DEVICE_MAX;
use cliquet_wire::{
    bytes::Bytes,
    pre_keys::{OneTimePreKey, PreKeyStock, PreKeyUpload},
    problem::ProblemCode::KeyReused,
};
use rusqlite::params;

/// Requirement: K8
#[rocket::async_test]
async fn the_newest_keys_of_a_device_are_remembered_and_no_more_than_so_many() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let database = server.database();
    let count = |device: &[u8]| -> usize {
        database.query_row("SELECT count(*) FROM seen_keys WHERE device_id = ?1", [device], |row| row.get(0)).unwrap()
    };
    let (own, others) = (alice.device().0, bob.device().0);
    let (first, of_bob) = (count(own.as_bytes()), count(others.as_bytes()));
    // As if all but one had been published since.
    database
        .execute(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
             INSERT INTO seen_keys (key_hash, device_id) SELECT randomblob(32), ?2 FROM numbers",
            params![SEEN_KEYS_PER_DEVICE_MAX - first - 1, own],
        )
        .unwrap();
    server.database().execute("DELETE FROM one_time_pre_keys WHERE id > 10", []).unwrap();
    let key = |n: u32| OneTimePreKey { id: 9_000 + n, key: Bytes([n as u8 + 1; 32]) };
    let publish = async |one_time: Vec<OneTimePreKey>| {
        let upload = PreKeyUpload { one_time, ..PreKeyUpload::default() };
        server.put(&alice, "/devices/self/pre-keys", &upload).await
    };
    publish(vec![key(1)]).await.expect::<PreKeyStock>(200);
    assert_eq!(count(own.as_bytes()), SEEN_KEYS_PER_DEVICE_MAX, "at the limit nothing is forgotten");
    publish(vec![key(2), key(3)]).await.expect::<PreKeyStock>(200);
    assert_eq!(count(own.as_bytes()), SEEN_KEYS_PER_DEVICE_MAX);
    assert_eq!(count(others.as_bytes()), of_bob, "nobody else's are forgotten");
    for n in 1..=3 {
        publish(vec![OneTimePreKey { id: 9_100, ..key(n) }]).await.expect_problem(KeyReused);
    }
}
