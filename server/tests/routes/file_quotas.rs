//! The room for files: an account's, the server's, and that of the data folder.

use crate::support::{
    files::{content, id},
    house::TestServer,
};
use cliquet_server::storage::used_bytes;
use cliquet_wire::{
    files::{FilesRoom, Upload},
    limits::FILE_COUNTED_BYTES_MIN,
    problem::ProblemCode::*,
};

const MEBIBYTE: u64 = 1024 * 1024;

#[rocket::async_test]
async fn an_account_s_quota_is_used_to_its_end_and_not_past_it() {
    let server = TestServer::with(&[("account_files_megabytes", "2")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.open_upload(&alice, id(1), MEBIBYTE).await.expect::<Upload>(201);
    server.open_upload(&alice, id(2), MEBIBYTE + 1).await.expect_problem(FilesFull);
    server.open_upload(&alice, id(2), MEBIBYTE).await.expect::<Upload>(201);
    server.open_upload(&alice, id(3), 16).await.expect_problem(FilesFull);
    // Opening one again takes nothing, and a neighbour has a quota of their own.
    server.open_upload(&alice, id(2), MEBIBYTE).await.expect::<Upload>(200);
    server.open_upload(&bob, id(3), 2 * MEBIBYTE).await.expect::<Upload>(201);
    // What is deleted gives its room back. The smallest file counts as much as a disk's block.
    server.delete_file(&alice, id(1)).await.expect_nothing();
    for number in 0..=u8::try_from(MEBIBYTE / FILE_COUNTED_BYTES_MIN - 1).unwrap() {
        let id = cliquet_wire::files::FileId(cliquet_wire::bytes::Bytes(
            [[7; 31].as_slice(), &[number]].concat().try_into().unwrap(),
        ));
        server.open_upload(&alice, id, 16).await.expect::<Upload>(201);
    }
    server.open_upload(&alice, id(5), 16).await.expect_problem(FilesFull);
    assert_eq!(server.get(&alice, "/files").await.expect::<FilesRoom>(200).bytes, 2 * MEBIBYTE);
}

#[rocket::async_test]
async fn the_server_s_quota_is_used_to_its_end_and_not_past_it() {
    let server = TestServer::with(&[("files_megabytes", "2")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.open_upload(&alice, id(1), MEBIBYTE).await.expect::<Upload>(201);
    server.open_upload(&bob, id(2), MEBIBYTE + 1).await.expect_problem(ServerFilesFull);
    server.open_upload(&bob, id(2), MEBIBYTE).await.expect::<Upload>(201);
    server.open_upload(&bob, id(3), 16).await.expect_problem(ServerFilesFull);
    server.delete_file(&alice, id(1)).await.expect_nothing();
    server.open_upload(&bob, id(3), 16).await.expect::<Upload>(201);
}

#[rocket::async_test]
async fn of_many_at_once_no_more_get_room_than_there_is() {
    let server = TestServer::with(&[("account_files_megabytes", "3"), ("files_megabytes", "4")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let open = async |who, number| server.open_upload(who, id(number), MEBIBYTE).await.status;
    let statuses = rocket::tokio::join!(
        open(&alice, 1),
        open(&alice, 2),
        open(&alice, 3),
        open(&alice, 4),
        open(&alice, 5),
        open(&alice, 6),
    );
    let mut statuses = <[u16; 6]>::from(statuses);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 201, 507, 507, 507]);
    let statuses = rocket::tokio::join!(open(&bob, 11), open(&bob, 12), open(&bob, 13));
    let mut statuses = <[u16; 3]>::from(statuses);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 507, 507]);
}

#[rocket::async_test]
async fn files_count_against_the_room_of_the_data_folder() {
    let server = TestServer::with(&[("storage_megabytes", "4")]).await;
    let alice = server.sign_up("alice@example.org").await;
    // Measured again, now that Alice is there.
    server.pass(5_000);
    let before = used_bytes(server.folder()).unwrap();
    server.open_upload(&alice, id(1), 4 * MEBIBYTE - before).await.expect_problem(StorageFull);
    server.upload(&alice, id(1), &content(1024 * 1024)).await;
    let used = used_bytes(server.folder()).unwrap();
    assert!(used >= before + MEBIBYTE, "{before} and then {used}");
    server.pass(5_000);
    server.open_upload(&alice, id(2), 3 * MEBIBYTE).await.expect_problem(StorageFull);
    // What is there is read and deleted.
    assert!(server.read_file(&alice, id(1)).await.body == content(1024 * 1024));
    server.delete_file(&alice, id(1)).await.expect_nothing();
    server.pass(5_000);
    server.open_upload(&alice, id(2), 3 * MEBIBYTE).await.expect::<Upload>(201);
}
