//! Reading files: whole, in ranges, and by everyone who has the id and is signed in.

use crate::support::{
    files::{THREE_CHUNKS, content, id},
    house::{Reply, TestServer},
};
use cliquet_wire::{files::FileId, limits::FILE_CHUNK_BYTES, problem::ProblemCode::*};
use rocket::http::Method;

async fn read_range(server: &TestServer, who: &crate::support::house::Person, range: &'static str) -> Reply {
    server.ask(Method::Get, who, &format!("/files/{}", id(1).text()), Vec::new(), &[("Range", range)]).await
}

#[rocket::async_test]
async fn a_file_is_read_whole_by_another_account_that_has_the_id() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let file = content(THREE_CHUNKS);
    server.upload(&alice, id(1), &file).await;
    let read = server.read_file(&bob, id(1)).await;
    assert!(read.status == 200 && read.body == file, "{}", read.status);
    for (name, value) in [
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", &file.len().to_string()),
        ("Cache-Control", "private, max-age=86400, immutable"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Content-Disposition", "attachment"),
        ("Accept-Ranges", "bytes"),
    ] {
        // The local client counts the body itself.
        if name != "Content-Length" {
            assert_eq!(read.header(name), Some(value), "{name}");
        }
    }
    let policy = read.header("Content-Security-Policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert_eq!(read.header("Content-Range"), None);
    let head = server.ask(Method::Head, &bob, &format!("/files/{}", id(1).text()), Vec::new(), &[]).await;
    assert_eq!((head.status, head.body.as_str(), head.header("Accept-Ranges")), (200, "", Some("bytes")));
}

#[rocket::async_test]
async fn a_range_is_served_as_such_wherever_it_lies() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let file = content(THREE_CHUNKS);
    server.upload(&alice, id(1), &file).await;
    let (all, chunk) = (file.len(), FILE_CHUNK_BYTES);
    let (last, middle): (&'static str, &'static str) =
        (format!("bytes={}-{}", all - 1, all - 1).leak(), format!("bytes={}-{}", chunk - 10, 2 * chunk + 9).leak());
    for (asked, begin, end) in [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        (middle, chunk - 10, 2 * chunk + 10),
        (last, all - 1, all),
        ("bytes=-1", all - 1, all),
        ("bytes=-1500", all - 1_500, all),
        ("bytes=2097000-", 2_097_000, all),
        ("bytes=2098000-99999999", 2_098_000, all),
        ("bytes=-99999999", 0, all),
    ] {
        let read = read_range(&server, &alice, asked).await;
        assert!(read.status == 206 && read.body == file[begin..end], "{asked}: {}", read.status);
        let range = format!("bytes {begin}-{}/{all}", end - 1);
        assert_eq!(read.header("Content-Range"), Some(range.as_str()), "{asked}");
    }
    let past: &'static str = format!("bytes={all}-").leak();
    for asked in [past, "bytes=99999999-", "bytes=-0", "bytes=5-4", "bytes=x"] {
        let refused = read_range(&server, &alice, asked).await;
        refused.expect_problem(RangeNotSatisfiable);
        assert_eq!(refused.header("Content-Range"), Some(format!("bytes */{all}").as_str()), "{asked}");
    }
    // Several ranges, and a range that depends on a version that we never named, are answered with the whole.
    let whole = read_range(&server, &alice, "bytes=0-1,5-6").await;
    assert!(whole.status == 200 && whole.body == file);
    let path = format!("/files/{}", id(1).text());
    let whole =
        server.ask(Method::Get, &alice, &path, Vec::new(), &[("Range", "bytes=0-1"), ("If-Range", "\"a\"")]).await;
    assert!(whole.status == 200 && whole.body == file);
}

#[rocket::async_test]
async fn nobody_reads_without_signing_in_or_by_a_guess() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.upload(&alice, id(1), &content(100)).await;
    server.read_file(None, id(1)).await.expect_problem(SignedOut);
    let right = id(1).text();
    let near = FileId(cliquet_wire::bytes::Bytes({
        let mut bytes = [1; 32];
        bytes[31] = 2;
        bytes
    }));
    let folder = server.stored_chunks()[0].parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    let unknown = server.read_file(&bob, near).await;
    unknown.expect_problem(NotFound);
    for guess in [
        &right[1..],
        &format!("{right}A"),
        &format!("{right}="),
        &right.to_lowercase(),
        &id(1).hash().to_string(),
        &folder,
        &format!("%00{}", &right[1..]),
        &format!("{right}%00"),
        "..%2f..%2fcliquet.db",
        "%2e%2e%2fcliquet.db",
        "store-id",
        "%ff",
    ] {
        let refused = server.get(&bob, &format!("/files/{guess}")).await;
        assert_eq!((refused.status, &refused.body), (unknown.status, &unknown.body), "{guess}");
    }
    for path in ["/files/../cliquet.db", "/files//0"] {
        assert_eq!(server.get(&bob, path).await.status, 404, "{path}");
    }
}
