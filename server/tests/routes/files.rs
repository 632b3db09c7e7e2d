//! Uploads: in any order, again after a cut, by their account alone.

use crate::support::{
    files::{THREE_CHUNKS, chunk_of, content, id},
    house::{DAY_MS, NOW_MS, PASSWORD, TestServer},
};
use cliquet_wire::{
    files::{ChunkAdded, FilesRoom, Upload},
    limits::{FILE_BYTES_MIN, FILE_CHUNK_BYTES, FILE_COUNTED_BYTES_MIN},
    problem::ProblemCode::*,
};
use rocket::http::Method;

const CHUNK: u64 = FILE_CHUNK_BYTES as u64;
const MEBIBYTE: u64 = 1024 * 1024;

#[rocket::async_test]
async fn chunks_come_in_any_order_and_the_last_one_completes_the_file() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let file = content(THREE_CHUNKS);
    let opened: Upload = server.open_upload(&alice, id(1), file.len() as u64).await.expect(201);
    let empty = Upload {
        id: id(1),
        bytes: file.len() as u64,
        chunk_bytes: CHUNK,
        chunk_count: 3,
        present: vec![],
        complete: false,
        expires: NOW_MS + DAY_MS,
    };
    assert_eq!(opened, empty);
    for (chunk, complete) in [(2, false), (0, false), (1, true)] {
        server.read_file(&alice, id(1)).await.expect_problem(NotFound);
        let added: ChunkAdded = server.put_chunk(&alice, id(1), chunk, chunk_of(&file, chunk)).await.expect(200);
        assert_eq!(added, ChunkAdded { complete });
    }
    let state: Upload = server.upload_state(&alice, id(1)).await.expect(200);
    assert_eq!(state, Upload { present: vec![0, 1, 2], complete: true, expires: NOW_MS + 90 * DAY_MS, ..empty });
    let read = server.read_file(&alice, id(1)).await;
    assert!(read.status == 200 && read.body == file, "{}", read.status);
}

#[rocket::async_test]
async fn the_same_chunk_again_is_added_once_and_other_bytes_are_a_conflict() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let file = content(THREE_CHUNKS);
    let other = "x".repeat(FILE_CHUNK_BYTES).into_bytes();
    server.open_upload(&alice, id(1), file.len() as u64).await.expect::<Upload>(201);
    for _ in 0..3 {
        server.put_chunk(&alice, id(1), 1, chunk_of(&file, 1)).await.expect::<ChunkAdded>(200);
        server.put_chunk(&alice, id(1), 1, other.clone()).await.expect_problem(ChunkConflict);
    }
    assert_eq!(server.upload_state(&alice, id(1)).await.expect::<Upload>(200).present, [1]);
    for chunk in [0, 2] {
        server.put_chunk(&alice, id(1), chunk, chunk_of(&file, chunk)).await.expect::<ChunkAdded>(200);
    }
    // Also once it is complete, and after a restart.
    let server = server.restart().await;
    assert!(server.put_chunk(&alice, id(1), 1, chunk_of(&file, 1)).await.expect::<ChunkAdded>(200).complete);
    server.put_chunk(&alice, id(1), 1, other).await.expect_problem(ChunkConflict);
    assert!(server.read_file(&alice, id(1)).await.body == file);
    assert_eq!(server.stored_chunks().len(), 3, "nothing is stored twice");
}

#[rocket::async_test]
async fn two_at_once_with_one_chunk_store_one_of_them_whole() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let (one, other) = ("x".repeat(FILE_CHUNK_BYTES), "y".repeat(FILE_CHUNK_BYTES));
    for number in 1..=5 {
        server.open_upload(&alice, id(number), CHUNK).await.expect::<Upload>(201);
        let replies = rocket::tokio::join!(
            server.put_chunk(&alice, id(number), 0, one.clone().into_bytes()),
            server.put_chunk(&alice, id(number), 0, other.clone().into_bytes()),
        );
        let won = match (replies.0.status, replies.1.status) {
            (200, 409) => &one,
            (409, 200) => &other,
            statuses => panic!("{statuses:?}"),
        };
        assert!(server.read_file(&alice, id(number)).await.body == *won);
        assert_eq!(server.stored_chunks().len(), usize::from(number), "the other's bytes are gone");
    }
}

#[rocket::async_test]
async fn an_interrupted_upload_asks_what_is_there_and_goes_on() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let file = content(THREE_CHUNKS);
    server.open_upload(&alice, id(1), file.len() as u64).await.expect::<Upload>(201);
    server.put_chunk(&alice, id(1), 2, chunk_of(&file, 2)).await.expect::<ChunkAdded>(200);
    let server = server.restart().await;
    server.pass(DAY_MS - 1);
    // By opening it again, or by asking; from another device of the account, too.
    let again: Upload = server.open_upload(&alice, id(1), file.len() as u64).await.expect(200);
    let phone = server.second_device(&mut alice).await;
    assert_eq!(server.upload_state(&phone, id(1)).await.expect::<Upload>(200), again);
    assert_eq!((again.present, again.expires), (vec![2], NOW_MS + DAY_MS));
    for chunk in [0, 1] {
        server.put_chunk(&phone, id(1), chunk, chunk_of(&file, chunk)).await.expect::<ChunkAdded>(200);
    }
    assert!(server.read_file(&alice, id(1)).await.body == file);
    // Another length is another file.
    server.open_upload(&alice, id(1), file.len() as u64 + 1).await.expect_problem(IdReused);
}

#[rocket::async_test]
async fn only_the_account_that_opened_an_upload_adds_asks_and_deletes() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let file = content(100);
    server.open_upload(&alice, id(1), 100).await.expect::<Upload>(201);
    for (who, problem) in [(Some(&bob), UploadGone), (None, SignedOut)] {
        server.put_chunk(who, id(1), 0, file.clone().into_bytes()).await.expect_problem(problem);
        let path = format!("/files/{}/upload", id(1).text());
        server.get(who, &path).await.expect_problem(problem);
    }
    server.open_upload(&bob, id(1), 100).await.expect_problem(IdReused);
    server.open_upload(None, id(2), 100).await.expect_problem(SignedOut);
    server.put_chunk(&alice, id(1), 0, file.into_bytes()).await.expect::<ChunkAdded>(200);
    server.delete_file(&bob, id(1)).await.expect_problem(NotFound);
    server.delete_file(None, id(1)).await.expect_problem(SignedOut);
    assert_eq!(server.read_file(&bob, id(1)).await.status, 200);
    server.delete_file(&alice, id(1)).await.expect_nothing();
    for who in [&alice, &bob] {
        server.read_file(who, id(1)).await.expect_problem(NotFound);
    }
    server.delete_file(&alice, id(1)).await.expect_problem(NotFound);
    server.put_chunk(&alice, id(1), 0, content(100).into_bytes()).await.expect_problem(UploadGone);
    assert!(server.stored_chunks().is_empty());
}

#[rocket::async_test]
async fn a_chunk_has_the_length_that_its_number_says_and_a_number_that_there_is() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.open_upload(&alice, id(1), THREE_CHUNKS as u64).await.expect::<Upload>(201);
    let put = async |chunk: &str, bytes: usize| {
        let path = format!("/files/{}/{chunk}", id(1).text());
        server.ask(Method::Put, &alice, &path, vec![b'x'; bytes], &[]).await
    };
    for (chunk, bytes) in [
        ("0", 0),
        ("0", FILE_CHUNK_BYTES - 1),
        ("0", FILE_CHUNK_BYTES + 1),
        ("1", 3 * FILE_CHUNK_BYTES),
        ("2", 999),
        ("2", 1_001),
        ("2", FILE_CHUNK_BYTES),
    ] {
        put(chunk, bytes).await.expect_problem(ChunkLength);
    }
    for chunk in ["3", "4294967295", "4294967296", "-1", "x", "0x1", "1.0", "%00", "..%2f0"] {
        put(chunk, 1_000).await.expect_problem(ChunkOutOfRange);
    }
    assert!(server.upload_state(&alice, id(1)).await.expect::<Upload>(200).present.is_empty());
    assert!(server.stored_chunks().is_empty());
    put("2", 1_000).await.expect::<ChunkAdded>(200);
    put("1", FILE_CHUNK_BYTES).await.expect::<ChunkAdded>(200);
}

#[rocket::async_test]
async fn files_are_taken_at_their_limits_and_refused_past_them() {
    let server = TestServer::with(&[("file_megabytes", "2")]).await;
    let alice = server.sign_up("alice@example.org").await;
    for (number, bytes, problem) in [
        (1, 0, Malformed),
        (1, FILE_BYTES_MIN - 1, Malformed),
        (1, 2 * MEBIBYTE + 1, FileTooLarge),
        (1, u64::MAX, FileTooLarge),
    ] {
        server.open_upload(&alice, id(number), bytes).await.expect_problem(problem);
    }
    server.post(&alice, "/files", &()).await.expect_problem(Malformed);
    server.upload(&alice, id(1), &content(usize::try_from(FILE_BYTES_MIN).unwrap())).await;
    server.upload(&alice, id(2), &content(2 * 1024 * 1024)).await;
    let room: FilesRoom = server.get(&alice, "/files").await.expect(200);
    let bytes = FILE_COUNTED_BYTES_MIN + 2 * MEBIBYTE;
    assert_eq!(room, FilesRoom { file_bytes_max: 2 * MEBIBYTE, bytes, quota: 2_048 * MEBIBYTE, keep_days: 90 });
    server.get(None, "/files").await.expect_problem(SignedOut);
}

#[rocket::async_test]
async fn a_server_that_takes_no_files_says_so() {
    for setting in ["file_megabytes", "account_files_megabytes", "files_megabytes", "files_keep_days"] {
        let server = TestServer::with(&[(setting, "0")]).await;
        let alice = server.sign_up("alice@example.org").await;
        server.open_upload(&alice, id(1), 100).await.expect_problem(FilesOff);
        assert_eq!(server.get(&alice, "/files").await.expect::<FilesRoom>(200).file_bytes_max, 0);
    }
}

#[rocket::async_test]
async fn files_are_limited_by_account() {
    let limits = [("throttles.file_per_account_hour", "2"), ("throttles.chunk_per_account_hour", "4")];
    let server = TestServer::with(&limits).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.upload(&alice, id(1), &content(THREE_CHUNKS)).await;
    server.upload_state(&alice, id(1)).await.expect::<Upload>(200);
    server.upload_state(&alice, id(1)).await.expect_problem(TooManyRequests);
    server.open_upload(&alice, id(2), 100).await.expect_problem(TooManyRequests);
    server.delete_file(&alice, id(1)).await.expect_problem(TooManyRequests);
    // Three chunks were added; reading the whole counts for three more.
    server.read_file(&alice, id(1)).await.expect_problem(TooManyRequests);
    server.put_chunk(&alice, id(1), 0, vec![]).await.expect_problem(TooManyRequests);
    assert_eq!(server.read_file(&bob, id(1)).await.status, 200);
}

#[rocket::async_test]
async fn the_files_of_an_account_go_with_it_and_no_others() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.upload(&bob, id(99), &content(100)).await;
    // More than one transaction takes, and one that is not complete.
    for number in 1..=40 {
        server.upload(&alice, id(number), &content(100)).await;
    }
    server.open_upload(&alice, id(50), THREE_CHUNKS as u64).await.expect::<Upload>(201);
    server.put_chunk(&alice, id(50), 0, chunk_of(&content(THREE_CHUNKS), 0)).await.expect::<ChunkAdded>(200);
    server.delete_with(&alice, "/account", &server.proof(&alice, PASSWORD).await).await.expect_nothing();
    for number in [1, 40, 50] {
        server.read_file(&bob, id(number)).await.expect_problem(NotFound);
    }
    assert_eq!(server.stored_chunks().len(), 1);
    assert!(server.read_file(&bob, id(99)).await.body == content(100));
}
