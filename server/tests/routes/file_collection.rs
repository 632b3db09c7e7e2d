//! What is over or was left behind, and goes.

use crate::support::{
    eventually::{PATIENCE, eventually},
    files::{THREE_CHUNKS, chunk_of, content, id},
    house::{DAY_MS, TestServer},
};
use cliquet_server::files::Files;
use cliquet_wire::{
    files::{ChunkAdded, FilesRoom, Upload},
    problem::ProblemCode::*,
};
use std::{fs, path::Path};

fn files(server: &TestServer) -> &Files {
    server.client.rocket().state().unwrap()
}

/// A place for an object of the same form, beside this one.
fn beside(object: &Path, name: &str) -> std::path::PathBuf {
    object.parent().unwrap().join(name)
}

#[rocket::async_test]
async fn a_file_is_kept_for_as_long_as_it_was_said_and_then_goes() {
    let server = TestServer::with(&[("files_keep_days", "7")]).await;
    let alice = server.sign_up("alice@example.org").await;
    server.upload(&alice, id(1), &content(100)).await;
    let state: Upload = server.upload_state(&alice, id(1)).await.expect(200);
    assert_eq!(state.expires, server.now_ms() + 7 * DAY_MS);
    server.pass(7 * DAY_MS - 1);
    files(&server).remove_expired(server.now_ms()).await.unwrap();
    assert_eq!(server.read_file(&alice, id(1)).await.status, 200);
    server.pass(1);
    // At once, and not only once it is collected.
    server.read_file(&alice, id(1)).await.expect_problem(NotFound);
    server.upload_state(&alice, id(1)).await.expect_problem(UploadGone);
    server.open_upload(&alice, id(1), 100).await.expect_problem(IdReused);
    assert_eq!(server.stored_chunks().len(), 1);
    assert_eq!(files(&server).remove_expired(server.now_ms()).await.unwrap(), 1);
    assert!(server.stored_chunks().is_empty());
    assert_eq!(server.get(&alice, "/files").await.expect::<FilesRoom>(200).bytes, 0);
}

#[rocket::async_test]
async fn an_upload_that_is_left_for_a_day_goes_and_a_chunk_gives_it_another_day() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let file = content(THREE_CHUNKS);
    for number in [1, 2] {
        server.open_upload(&alice, id(number), file.len() as u64).await.expect::<Upload>(201);
        server.put_chunk(&alice, id(number), 0, chunk_of(&file, 0)).await.expect::<ChunkAdded>(200);
    }
    server.pass(DAY_MS - 1);
    server.put_chunk(&alice, id(2), 1, chunk_of(&file, 1)).await.expect::<ChunkAdded>(200);
    server.pass(1);
    server.put_chunk(&alice, id(1), 1, chunk_of(&file, 1)).await.expect_problem(UploadGone);
    assert_eq!(files(&server).remove_expired(server.now_ms()).await.unwrap(), 1);
    assert_eq!(server.stored_chunks().len(), 2);
    server.put_chunk(&alice, id(2), 2, chunk_of(&file, 2)).await.expect::<ChunkAdded>(200);
    assert!(server.read_file(&alice, id(2)).await.body == file);
}

#[rocket::async_test]
async fn what_is_over_is_collected_at_the_start() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.upload(&alice, id(1), &content(100)).await;
    server.pass(90 * DAY_MS);
    let server = server.restart().await;
    let gone = eventually("the file to go", PATIENCE, async || {
        let stored = server.stored_chunks();
        if stored.is_empty() { Ok(()) } else { Err(stored) }
    });
    gone.await.unwrap();
}

#[rocket::async_test]
async fn objects_that_no_row_needs_are_collected_and_nothing_else() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let file = content(THREE_CHUNKS);
    server.upload(&alice, id(1), &content(100)).await;
    files(&server).reconcile().await.unwrap();
    let complete = server.stored_chunks().remove(0);
    server.open_upload(&alice, id(2), file.len() as u64).await.expect::<Upload>(201);
    server.put_chunk(&alice, id(2), 0, chunk_of(&file, 0)).await.expect::<ChunkAdded>(200);
    let unfinished = server.stored_chunks().into_iter().find(|path| *path != complete).unwrap();
    let digest = "07".repeat(32);
    // A second chunk 0 of a complete file; a chunk of an upload that no row has; one of an upload that goes on, whose row
    // may be about to be written; and files that are not ours.
    let orphan = beside(&complete, &format!("0-{digest}"));
    let stranger = server.folder().join("files").join("a5".repeat(16));
    fs::create_dir(&stranger).unwrap();
    let kept =
        [beside(&unfinished, &format!("1-{digest}")), server.folder().join("files/notes"), stranger.join("notes")];
    let stranger = stranger.join(format!("3-{digest}"));
    for path in kept.iter().chain([&orphan, &stranger]) {
        fs::write(path, b"left behind").unwrap();
    }
    files(&server).reconcile().await.unwrap();
    assert!(!orphan.exists() && !stranger.exists());
    for path in kept.iter().chain([&complete, &unfinished]) {
        assert!(path.exists(), "{path:?}");
    }
    for chunk in [1, 2] {
        server.put_chunk(&alice, id(2), chunk, chunk_of(&file, chunk)).await.expect::<ChunkAdded>(200);
    }
    assert!(server.read_file(&alice, id(2)).await.body == file);
    files(&server).reconcile().await.unwrap();
    assert!(!kept[0].exists(), "the file is complete without it");
}

#[rocket::async_test]
async fn a_chunk_whose_bytes_are_lost_is_asked_for_again_and_a_file_with_a_hole_is_gone() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let file = content(THREE_CHUNKS);
    server.upload(&alice, id(1), &file).await;
    let complete = server.stored_chunks();
    server.open_upload(&alice, id(2), file.len() as u64).await.expect::<Upload>(201);
    for chunk in [0, 1] {
        server.put_chunk(&alice, id(2), chunk, chunk_of(&file, chunk)).await.expect::<ChunkAdded>(200);
    }
    files(&server).reconcile().await.unwrap();
    assert_eq!(server.stored_chunks().len(), 5);
    let unfinished = server.stored_chunks().into_iter().find(|path| !complete.contains(path)).unwrap();
    // Cut short, and removed.
    fs::write(&unfinished, b"short").unwrap();
    fs::remove_file(&complete[0]).unwrap();
    files(&server).reconcile().await.unwrap();
    server.read_file(&alice, id(1)).await.expect_problem(NotFound);
    server.upload_state(&alice, id(1)).await.expect_problem(UploadGone);
    let state: Upload = server.upload_state(&alice, id(2)).await.expect(200);
    assert_eq!(state.present.len(), 1);
    for chunk in 0..3 {
        server.put_chunk(&alice, id(2), chunk, chunk_of(&file, chunk)).await.expect::<ChunkAdded>(200);
    }
    assert!(server.read_file(&alice, id(2)).await.body == file);
    assert_eq!(server.stored_chunks().len(), 3);
}

#[rocket::async_test]
async fn a_file_whose_bytes_are_lost_is_not_found_before_the_answer_begins() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.upload(&alice, id(1), &content(100)).await;
    fs::remove_file(&server.stored_chunks()[0]).unwrap();
    server.read_file(&alice, id(1)).await.expect_problem(NotFound);
}

#[rocket::async_test]
async fn nothing_is_collected_in_a_folder_that_belongs_to_another_database() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.upload(&alice, id(1), &content(100)).await;
    files(&server).reconcile().await.unwrap();
    let (folder, aside) = (server.folder().join("files"), server.folder().join("aside"));
    // As when a disk was not mounted.
    fs::rename(&folder, &aside).unwrap();
    fs::create_dir(&folder).unwrap();
    assert!(files(&server).reconcile().await.unwrap().is_foreign);
    server.read_file(&alice, id(1)).await.expect_problem(NotFound);
    fs::remove_dir(&folder).unwrap();
    fs::rename(&aside, &folder).unwrap();
    assert_eq!(server.read_file(&alice, id(1)).await.status, 200);
    // As when the database is another one.
    fs::write(folder.join("store-id"), [7; 16]).unwrap();
    fs::write(beside(&server.stored_chunks()[0], &format!("0-{}", "07".repeat(32))), b"another's").unwrap();
    assert!(files(&server).reconcile().await.unwrap().is_foreign);
    assert_eq!(server.stored_chunks().len(), 2);
}
