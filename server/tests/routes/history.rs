//! Sealed history.

use crate::support::house::{NOW_MS, PASSWORD, Person, TestServer};
use cliquet_wire::{
    bytes::{Blob, Bytes},
    history::{AddSegment, History, SegmentAdded},
    ids::SegmentId,
    limits::{HISTORY_ANSWER_BYTES_MAX, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN},
    problem::ProblemCode::*,
    proof::Proof,
    recovery::RecoveryProof,
};
use rocket::http::Method;
use serde_json::Value;

/// The segment of this number, `bytes` long.
fn segment(number: u8, bytes: usize) -> AddSegment {
    AddSegment { id: SegmentId::from_parts(number.into(), [number; 10]), segment: Blob(vec![number; bytes]) }
}

async fn add(server: &TestServer, who: &Person, segment: &AddSegment) -> SegmentAdded {
    server.post(who, "/history", segment).await.expect(201)
}

async fn read(server: &TestServer, who: &Person, query: &str) -> History {
    server.get(who, &format!("/history{query}")).await.expect(200)
}

/// Which segments these are, by their first byte.
fn numbers(history: &History) -> Vec<u8> {
    history.segments.iter().map(|segment| segment.segment.0[0]).collect()
}

const MEBIBYTE: u64 = 1024 * 1024;

#[rocket::async_test]
async fn what_was_added_is_read_from_either_end() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let empty = read(&server, &alice, "").await;
    assert_eq!(empty, History { segments: vec![], more: false, bytes: 0, quota: 256 * MEBIBYTE });
    let mut sequences = Vec::new();
    for number in 1..=3 {
        let added = add(&server, &alice, &segment(number, 2_000)).await;
        assert_eq!((added.bytes, added.quota), (u64::from(number) * 2_000, 256 * MEBIBYTE));
        sequences.push(added.sequence);
    }
    assert!(sequences.is_sorted() && sequences[0] >= NOW_MS, "{sequences:?}");
    let all = read(&server, &alice, "").await;
    assert_eq!((numbers(&all), all.more, all.bytes), (vec![3, 2, 1], false, 6_000));
    let newest = &all.segments[0];
    assert_eq!((newest.sequence, newest.id, newest.created), (sequences[2], segment(3, 2_000).id, NOW_MS));
    assert_eq!(newest.segment, segment(3, 2_000).segment);
    let query = |name: &str, place: usize| format!("?{name}={}", sequences[place]);
    assert_eq!(numbers(&read(&server, &alice, &query("before", 2)).await), [2, 1]);
    assert_eq!(numbers(&read(&server, &alice, &query("after", 0)).await), [2, 3]);
    assert_eq!(numbers(&read(&server, &alice, "?after=0").await), [1, 2, 3]);
    assert_eq!(numbers(&read(&server, &alice, &format!("?before={}", u64::MAX)).await), [3, 2, 1]);
    assert!(read(&server, &alice, &format!("?after={}", u64::MAX)).await.segments.is_empty());
    assert!(read(&server, &alice, "?before=0").await.segments.is_empty());
    // It is nobody else's.
    assert_eq!(read(&server, &bob, "").await.bytes, 0);
}

#[rocket::async_test]
async fn the_same_segment_again_is_added_once_and_another_under_its_id_is_refused() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let first = add(&server, &alice, &segment(1, 2_000)).await;
    assert_eq!(add(&server, &alice, &segment(1, 2_000)).await, first);
    let other = AddSegment { segment: Blob(vec![9; 2_000]), ..segment(1, 0) };
    server.post(&alice, "/history", &other).await.expect_problem(IdReused);
    assert_eq!(numbers(&read(&server, &alice, "").await), [1]);
    // Ids are an account's own.
    add(&server, &bob, &other).await;
    // And it stays so after a restart.
    let server = server.restart().await;
    assert_eq!(add(&server, &alice, &segment(1, 2_000)).await, first);
}

#[rocket::async_test]
async fn segments_are_taken_at_their_limits_and_refused_past_them() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.post(&alice, "/history", &segment(1, SEGMENT_BYTES_MIN - 1)).await.expect_problem(Malformed);
    server.post(&alice, "/history", &segment(1, SEGMENT_BYTES_MAX + 1)).await.expect_problem(TooLarge);
    server.ask(Method::Post, &alice, "/history", vec![b' '; 1 << 20], &[]).await.expect_problem(TooLarge);
    server.post(&alice, "/history", &()).await.expect_problem(Malformed);
    assert_eq!(read(&server, &alice, "").await.bytes, 0);
    add(&server, &alice, &segment(1, SEGMENT_BYTES_MIN)).await;
    add(&server, &alice, &segment(2, SEGMENT_BYTES_MAX)).await;
    assert_eq!(numbers(&read(&server, &alice, "").await), [2, 1]);
    for query in ["before=x", "after=-1", "before=", "before=1&after=1", "after=18446744073709551616"] {
        server.get(&alice, &format!("/history?{query}")).await.expect_problem(Malformed);
    }
}

#[rocket::async_test]
async fn an_answer_holds_so_many_bytes_and_says_whether_there_are_more() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let fitting = HISTORY_ANSWER_BYTES_MAX / SEGMENT_BYTES_MAX;
    for number in 1..=u8::try_from(fitting).unwrap() {
        add(&server, &alice, &segment(number, SEGMENT_BYTES_MAX)).await;
    }
    let all = read(&server, &alice, "").await;
    assert_eq!((all.segments.len(), all.more), (fitting, false), "at the limit");
    add(&server, &alice, &segment(9, SEGMENT_BYTES_MIN)).await;
    let newest = read(&server, &alice, "").await;
    assert_eq!((numbers(&newest), newest.more), (vec![9, 4, 3, 2], true));
    let oldest = read(&server, &alice, "?after=0").await;
    assert_eq!((numbers(&oldest), oldest.more), (vec![1, 2, 3, 4], true));
    let rest = read(&server, &alice, &format!("?before={}", newest.segments[3].sequence)).await;
    assert_eq!((numbers(&rest), rest.more), (vec![1], false));
}

#[rocket::async_test]
async fn past_the_quota_nothing_is_added_and_nothing_is_dropped() {
    let server = TestServer::with(&[("history_megabytes", "1")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    for number in 1..=4 {
        add(&server, &alice, &segment(number, SEGMENT_BYTES_MAX)).await;
    }
    server.post(&alice, "/history", &segment(5, SEGMENT_BYTES_MIN)).await.expect_problem(HistoryFull);
    let full = read(&server, &alice, "").await;
    assert_eq!((numbers(&full), full.bytes, full.quota), (vec![4, 3, 2, 1], MEBIBYTE, MEBIBYTE));
    // A retry of what is there is no addition, and a neighbour has a quota of their own.
    assert_eq!(add(&server, &alice, &segment(4, SEGMENT_BYTES_MAX)).await.bytes, MEBIBYTE);
    add(&server, &bob, &segment(5, SEGMENT_BYTES_MIN)).await;
}

#[rocket::async_test]
async fn a_server_that_keeps_no_history_says_so_and_gives_back_what_it_has() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    add(&server, &alice, &segment(1, 2_000)).await;
    let mut server = server;
    server.set("history_megabytes", "0");
    let server = server.restart().await;
    server.post(&alice, "/history", &segment(2, 2_000)).await.expect_problem(HistoryOff);
    let kept = read(&server, &alice, "").await;
    assert_eq!((numbers(&kept), kept.quota), (vec![1], 0));
    server.delete_with(&alice, "/history", &server.proof(&alice, PASSWORD).await).await.expect_nothing();
    assert_eq!(read(&server, &alice, "").await.bytes, 0);
}

#[rocket::async_test]
async fn what_is_deleted_is_gone_and_only_ones_own() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    add(&server, &bob, &segment(1, 2_000)).await;
    let mut last = 0;
    // More than one transaction takes.
    for number in 1..=70 {
        last = add(&server, &alice, &segment(number, 2_000)).await.sequence;
    }
    server.delete_with(&alice, "/history", &server.proof(&alice, PASSWORD).await).await.expect_nothing();
    let empty = read(&server, &alice, "").await;
    assert_eq!(empty, History { segments: vec![], more: false, bytes: 0, quota: 256 * MEBIBYTE });
    server.delete_with(&alice, "/history", &server.proof(&alice, PASSWORD).await).await.expect_nothing();
    assert_eq!(numbers(&read(&server, &bob, "").await), [1]);
    // A place is never given twice.
    assert!(add(&server, &alice, &segment(1, 2_000)).await.sequence > last);
}

#[rocket::async_test]
async fn a_stolen_sign_in_deletes_no_history() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    add(&server, &alice, &segment(1, 2_000)).await;
    server.delete(&alice, "/history").await.expect_problem(Malformed);
    for (proof, problem) in [
        (server.proof(&alice, b"wrong").await, PasswordRefused),
        (server.proof(&bob, PASSWORD).await, PasswordRefused),
        (Proof::RecoveryKey(RecoveryProof(Bytes([5; 32]))), RecoveryRefused),
    ] {
        server.delete_with(&alice, "/history", &proof).await.expect_problem(problem);
    }
    let good = server.proof(&alice, PASSWORD).await;
    server.delete_with(&bob, "/history", &good).await.expect_problem(PasswordRefused);
    assert_eq!(numbers(&read(&server, &alice, "").await), [1]);
}

#[rocket::async_test]
async fn history_is_for_anyone_who_is_signed_in() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    add(&server, &phone, &segment(1, 2_000)).await;
    assert_eq!(numbers(&read(&server, &alice, "").await), [1]);
    server.database().execute("UPDATE devices SET revoked = 1 WHERE id = ?1", [phone.device().0]).unwrap();
    let proof = server.proof(&alice, PASSWORD).await;
    for (who, problem) in [(None, SignedOut), (Some(&phone), NoDevice)] {
        server.get(who, "/history").await.expect_problem(problem);
        server.post(who, "/history", &segment(2, 2_000)).await.expect_problem(problem);
        server.delete_with(who, "/history", &proof).await.expect_problem(problem);
    }
    assert_eq!(numbers(&read(&server, &alice, "").await), [1]);
}

#[rocket::async_test]
async fn history_is_limited_by_account() {
    let server = TestServer::with(&[("throttles.history_per_account_hour", "2")]).await;
    let alice = server.sign_up("alice@example.org").await;
    add(&server, &alice, &segment(1, 2_000)).await;
    read(&server, &alice, "").await;
    server.get(&alice, "/history").await.expect_problem(TooManyRequests);
    server.post(&alice, "/history", &segment(2, 2_000)).await.expect_problem(TooManyRequests);
    server.delete_with(&alice, "/history", &server.proof(&alice, PASSWORD).await).await.expect_nothing();
}

#[rocket::async_test]
async fn the_safety_pane_tells_what_is_kept() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let safety: Value = server.get(&alice, "/safety").await.expect(200);
    assert_eq!(safety["recovery_set"], Value::Null);
    assert_eq!(safety["history"]["last_added"], Value::Null);
    add(&server, &alice, &segment(1, 2_000)).await;
    server.database().execute("UPDATE accounts SET recovery_verifier = zeroblob(32), recovery_set = 7", []).unwrap();
    let safety: Value = server.get(&alice, "/safety").await.expect(200);
    assert_eq!((&safety["recovery_set"], &safety["vault_bytes"]), (&7.into(), &21.into()));
    let history = serde_json::json!({ "segments": 1, "bytes": 2_000, "last_added": NOW_MS });
    assert_eq!((&safety["history"], &safety["history_quota"]), (&history, &(256 * MEBIBYTE).into()));
    let room = server.get(&alice, "/files").await.expect::<Value>(200);
    assert!(room["quota"].as_u64() > Some(0) && safety["files"] == room, "{safety} {room}");
    let htmx = [("Accept", "text/html"), ("HX-Request", "true")];
    let pane = server.ask(Method::Get, &alice, "/safety", Vec::new(), &htmx).await;
    let quota = room["quota"].as_u64().unwrap() / MEBIBYTE;
    assert!(pane.body.contains(&format!("0 of {quota} MB used")), "{}", pane.body);
    assert!(pane.status == 200 && pane.body.starts_with("<section class=\"safety\""), "{}", pane.body);
    server.get(None, "/safety").await.expect_problem(SignedOut);
}
