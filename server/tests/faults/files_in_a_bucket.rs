//! Files in an S3-compatible store.

use crate::support::{
    PATIENCE,
    bucket::Bucket,
    eventually::eventually,
    files::{chunk_of, content, id},
    http::Client,
    program::Program,
    seeded::seeded,
};
use cliquet_wire::{
    files::{ChunkAdded, Upload},
    limits::FILE_CHUNK_BYTES,
};

#[tokio::test(flavor = "multi_thread")]
async fn files_in_a_bucket_are_kept_read_and_collected_under_their_prefix() {
    let bucket = Bucket::default();
    // Another server's, in the same bucket.
    let other = format!("theirs/{}/0-{}", "a5".repeat(16), "07".repeat(32));
    bucket.insert(&other, b"another's");
    let (folder, people) = seeded(2);
    let settings = bucket.settings("ours");
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let settings = [settings.as_slice(), &[("ROCKET_LOG_LEVEL", "critical")]].concat();
    let mut server = Program::start(folder.path(), &settings);
    let mut client = Client::to(server.address());
    let file = content(FILE_CHUNK_BYTES + 1_000);
    let path = format!("/files/{}", id(1).text());
    let open = format!(r#"{{"id":"{}","bytes":{}}}"#, id(1).text(), file.len());
    let opened = client.post("/files", &people[0].token, &open).unwrap();
    assert_eq!(serde_json::from_str::<Upload>(&opened.body).unwrap().chunk_count, 2);
    let put = |client: &mut Client, chunk: usize| {
        let body = String::from_utf8(chunk_of(&file, chunk)).unwrap();
        client.ask("PUT", &format!("{path}/{chunk}"), &people[0].token, &body).unwrap()
    };
    // While the store is down nothing is acknowledged.
    bucket.is_down(true);
    assert_eq!(put(&mut client, 1).status, 503);
    bucket.is_down(false);
    for chunk in [1, 0] {
        let added = put(&mut client, chunk);
        assert_eq!(serde_json::from_str::<ChunkAdded>(&added.body).unwrap().complete, chunk == 0, "{}", added.body);
    }
    let read = client.get_as(&path, &people[1].token).unwrap();
    assert!(read.status == 200 && read.body == file, "{}", read.status);
    assert!(!server.data_dir().join("files").exists());
    // What a crash left is collected at the next start, under our prefix alone.
    let orphan = format!("ours/{}/0-{}", "a5".repeat(16), "07".repeat(32));
    bucket.insert(&orphan, b"left behind");
    server.kill();
    server.start_again();
    let gone = eventually("the orphan to go", PATIENCE, async || {
        let names = bucket.names();
        if names.contains(&orphan) { Err(names) } else { Ok(()) }
    });
    gone.await.unwrap();
    let mut client = Client::to(server.address());
    assert!(client.get_as(&path, &people[1].token).unwrap().body == file);
    assert_eq!(client.ask("DELETE", &path, &people[0].token, "").unwrap().status, 204);
    assert_eq!(bucket.names(), ["ours/store-id".to_owned(), other]);
    server.stop();
}
