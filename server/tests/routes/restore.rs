//! A server that was restored from a backup, as the people see it who come back with the devices they have.

use crate::support::house::{NOW_MS, PASSWORD, Person, TestServer, letter};
use cliquet_server::{
    backup::{self, Counts, Progress},
    config::Config,
    restore,
};
use cliquet_wire::{
    bytes::Blob,
    contacts::{Bundles, ClaimBundles},
    envelope::{MessagesSent, SendMessages},
    history::{AddSegment, History, SegmentAdded},
    ids::SegmentId,
    poll::{Delivery, Poll, PollAnswer},
    pre_keys::{PreKeyStock, PreKeyUpload},
    sign_in::SignedIn,
};
use rocket::figment::Figment;
use std::path::Path;

const HOUR_MS: u64 = 3_600_000;

fn back_up(server: &TestServer, to: &Path) -> Counts {
    let config = Config::from_figment(&Figment::new().merge(("data_dir", server.folder()))).unwrap();
    backup::back_up(&config, to, server.now_ms(), &mut Progress::new(&mut |_| {})).unwrap().counts
}

/// On another machine, whose clock says noon.
async fn restored(from: &Path) -> TestServer {
    let folder = tempfile::tempdir().unwrap();
    restore::restore(from, folder.path(), NOW_MS, &mut Progress::new(&mut |_| {})).unwrap();
    TestServer::on(folder).await
}

async fn friends(server: &TestServer) -> (Person, Person) {
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.add(&alice, &bob).await;
    server.add(&bob, &alice).await;
    (alice, bob)
}

async fn send(server: &TestServer, number: u64, from: &Person, to: &Person) {
    let post = SendMessages { envelopes: vec![letter(number, from, to)], ..Default::default() };
    let _: MessagesSent = server.post(from, "/messages", &post).await.expect(201);
}

async fn poll(server: &TestServer, who: &Person, cursor: u64) -> Vec<Delivery> {
    let answer: PollAnswer = server.post(who, "/poll", &Poll { cursor, wait_seconds: Some(0) }).await.expect(200);
    answer.deliveries
}

#[rocket::async_test]
async fn a_cursor_from_after_the_backup_acknowledges_nothing_that_its_device_never_saw() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("backup");
    let server = TestServer::start().await;
    let (alice, bob) = friends(&server).await;
    send(&server, 1, &alice, &bob).await;
    assert_eq!(back_up(&server, &file), Counts { accounts: 2, envelopes: 1, segments: 0 });
    // Alice hears of her mailbox for the first time, and all of it an hour later than the next machine believes.
    server.pass(HOUR_MS);
    send(&server, 2, &alice, &bob).await;
    send(&server, 3, &bob, &alice).await;
    let bobs = poll(&server, &bob, 0).await.last().unwrap().cursor;
    let alices = poll(&server, &alice, 0).await.last().unwrap().cursor;
    drop(server);
    let server = restored(&file).await;
    send(&server, 4, &alice, &bob).await;
    send(&server, 5, &bob, &alice).await;
    for (who, cursor, number) in [(&bob, bobs, 4), (&alice, alices, 5)] {
        let new = poll(&server, who, cursor).await;
        let expected = [letter(number, who, who).id];
        assert_eq!(new.iter().map(|delivery| delivery.envelope.as_ref().unwrap().id).collect::<Vec<_>>(), expected);
        assert!(new[0].cursor > cursor);
        assert!(poll(&server, who, new[0].cursor).await.is_empty());
    }
}

#[rocket::async_test]
async fn what_waited_at_the_backup_is_delivered_after_it() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("backup");
    let server = TestServer::start().await;
    let (alice, bob) = friends(&server).await;
    for number in 1..=3 {
        send(&server, number, &alice, &bob).await;
    }
    let seen = poll(&server, &bob, 0).await[0].cursor;
    back_up(&server, &file);
    drop(server);
    let server = restored(&file).await;
    // A retry of what the sender never heard of is no second letter.
    send(&server, 3, &alice, &bob).await;
    let rest: Vec<_> =
        poll(&server, &bob, seen).await.iter().map(|delivery| delivery.envelope.as_ref().unwrap().id).collect();
    assert_eq!(rest, [2, 3].map(|number| letter(number, &alice, &bob).id));
}

#[rocket::async_test]
async fn one_time_keys_of_a_backup_are_never_handed_out_and_devices_refill_them() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("backup");
    let server = TestServer::start().await;
    let (alice, bob) = friends(&server).await;
    back_up(&server, &file);
    drop(server);
    let server = restored(&file).await;
    let claim = ClaimBundles { devices: vec![bob.device()], token: None };
    let claimed: Bundles = server.post(&alice, "/contacts/bob@example.org/bundles", &claim).await.expect(200);
    assert!(claimed.bundles[0].one_time.is_none());
    let stock: PreKeyStock = server.get(&bob, "/devices/self/pre-keys").await.expect(200);
    assert_eq!(stock.one_time_left, 0);
    let fresh = Person::new(bob.email.clone(), 1, &[]).await.upload().await.pre_keys.one_time;
    let upload = PreKeyUpload { one_time: fresh, ..PreKeyUpload::default() };
    let stock: PreKeyStock = server.put(&bob, "/devices/self/pre-keys", &upload).await.expect(200);
    assert_eq!(stock.one_time_left, 100);
    let claimed: Bundles = server.post(&alice, "/contacts/bob@example.org/bundles", &claim).await.expect(200);
    assert!(claimed.bundles[0].one_time.is_some());
}

#[rocket::async_test]
async fn passwords_sign_ins_and_history_are_as_they_were() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("backup");
    let server = TestServer::start().await;
    let (alice, _) = friends(&server).await;
    let segment = AddSegment { id: SegmentId::from_parts(1, [1; 10]), segment: Blob(vec![7; 2_000]) };
    let added: SegmentAdded = server.post(&alice, "/history", &segment).await.expect(201);
    assert_eq!(back_up(&server, &file).segments, 1);
    drop(server);
    let server = restored(&file).await;
    let history: History = server.get(&alice, "/history").await.expect(200);
    assert_eq!((history.segments.len(), history.segments[0].sequence), (1, added.sequence));
    assert_eq!(server.post(&alice, "/history", &segment).await.expect::<SegmentAdded>(201), added);
    server.sign_in("alice@example.org", PASSWORD, None).await.expect::<SignedIn>(200);
}

/// Names and rights of the files in a folder.
#[cfg(unix)]
fn rights(folder: &Path) -> Vec<(String, u32)> {
    use std::os::unix::fs::PermissionsExt as _;
    let entries = std::fs::read_dir(folder).unwrap().filter_map(|entry| {
        let entry = entry.ok()?;
        // One that is gone already has no rights.
        let mode = entry.metadata().ok().filter(std::fs::Metadata::is_file)?.permissions().mode();
        Some((entry.file_name().into_string().unwrap(), mode & 0o777))
    });
    entries.collect()
}

/// Somebody else on the machine looks all the while.
#[cfg(unix)]
#[rocket::async_test]
async fn nobody_else_reads_a_backup_while_it_is_written_nor_what_is_restored() {
    use std::{collections::BTreeMap, os::unix::fs::PermissionsExt};
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    for number in 0..40 {
        let id = SegmentId::from_parts(number, [1; 10]);
        let segment = AddSegment { id, segment: Blob(vec![7; 200_000]) };
        let _: SegmentAdded = server.post(&alice, "/history", &segment).await.expect(201);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let done = std::sync::atomic::AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let (watched, is_over) = (folder.path(), &done);
        let watcher = scope.spawn(move || {
            let mut seen = BTreeMap::new();
            while !is_over.load(std::sync::atomic::Ordering::SeqCst) {
                seen.extend(rights(watched).into_iter().map(|found| (found, ())));
            }
            seen
        });
        back_up(&server, &file);
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        watcher.join().unwrap()
    });
    assert!(seen.keys().any(|(name, _)| name.ends_with("history.sqlite")), "its copy was seen: {seen:?}");
    assert!(seen.keys().all(|(_, mode)| *mode == 0o600), "{seen:?}");
    let restored = tempfile::tempdir().unwrap();
    restore::restore(&file, restored.path(), NOW_MS, &mut Progress::new(&mut |_| {})).unwrap();
    let files = rights(restored.path());
    assert!(files.len() >= 3 && files.iter().all(|(_, mode)| *mode == 0o600), "{files:?}");
    // What an earlier version left open is mended when a server opens it.
    for (name, _) in files {
        std::fs::set_permissions(restored.path().join(name), PermissionsExt::from_mode(0o644)).unwrap();
    }
    let server = TestServer::on(restored).await;
    let files = rights(server.folder());
    assert!(files.len() >= 3 && files.iter().all(|(_, mode)| *mode == 0o600), "{files:?}");
}
