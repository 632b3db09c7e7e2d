//! Files on the real program: killed in the middle of an upload, without room on the disk, backed up.

use crate::{
    backup::{restore, said},
    support::{
        files::{chunk_of, content, id},
        http::{Answer, Client},
        program::{Program, cliquet},
        seeded::{Person, seeded, serve},
    },
};
use cliquet_wire::{
    files::{ChunkAdded, Upload},
    limits::FILE_CHUNK_BYTES,
    problem::{Problem, ProblemCode},
};
use rustix::process::{Resource, Rlimit, prlimit};
use std::{collections::BTreeSet, net::SocketAddr, process::Command, sync::mpsc, thread};

const CHUNKS: usize = 12;

fn path(rest: &str) -> String {
    format!("/files/{}{rest}", id(1).text())
}

fn open(client: &mut Client, token: &str, bytes: usize) -> Upload {
    let body = format!(r#"{{"id":"{}","bytes":{bytes}}}"#, id(1).text());
    let answer = client.post("/files", token, &body).unwrap();
    assert!(answer.status == 201 || answer.status == 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

fn put(client: &mut Client, token: &str, file: &str, chunk: usize) -> std::io::Result<Answer> {
    let body = String::from_utf8(chunk_of(file, chunk)).unwrap();
    client.ask("PUT", &path(&format!("/{chunk}")), token, &body)
}

/// Adds these chunks, and tells of each once it is acknowledged, until the server is gone.
fn upload(address: SocketAddr, token: &str, file: &str, chunks: &[usize], told: &mpsc::Sender<usize>) {
    let mut client = Client::to(address);
    for chunk in chunks {
        match put(&mut client, token, file, *chunk) {
            Ok(answer) => assert_eq!(answer.status, 200, "{}", answer.body),
            Err(_) => return,
        }
        let _ = told.send(*chunk);
    }
}

/// What lies in the folder of files, staged writes included.
fn stored(server: &Program) -> usize {
    let folders = std::fs::read_dir(server.data_dir().join("files")).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|path| path.is_dir()).flat_map(|folder| std::fs::read_dir(folder).unwrap()).count()
}

#[test]
fn r1_a_server_that_is_killed_in_an_upload_has_every_chunk_that_it_acknowledged() {
    let (folder, people) = seeded(1);
    let mut server = serve(folder.path(), "sqlite");
    let Person { token, .. } = &people[0];
    let file = content(CHUNKS * FILE_CHUNK_BYTES - 1_000);
    let mut acknowledged = BTreeSet::new();
    let mut kills = 0;
    let complete = loop {
        let state = open(&mut Client::to(server.address()), token, file.len());
        let present: BTreeSet<usize> = state.present.iter().map(|chunk| *chunk as usize).collect();
        assert!(present.is_superset(&acknowledged), "{acknowledged:?} were acknowledged, {present:?} are there");
        if state.complete {
            break state;
        }
        // The last one first: the order is free.
        let missing: Vec<usize> = (0..CHUNKS).rev().filter(|chunk| !present.contains(chunk)).collect();
        let (told, acknowledgements) = mpsc::channel();
        let address = server.address();
        thread::scope(|scope| {
            let uploading = scope.spawn(|| upload(address, token, &file, &missing, &told));
            // It dies at some place of the third chunk.
            acknowledged.extend(acknowledgements.iter().take(2.min(missing.len())));
            if missing.len() > 2 {
                server.kill();
                kills += 1;
            }
            uploading.join().unwrap();
        });
        acknowledged.extend(acknowledgements.try_iter());
        if missing.len() > 2 {
            server.start_again();
        }
    };
    assert_eq!((complete.present.len(), kills > 2), (CHUNKS, true), "{kills} kills");
    let read = Client::to(server.address()).get_as(&path(""), token).unwrap();
    assert!(read.status == 200 && read.body == file, "{}", read.status);
    server.stop();
}

#[test]
fn r2_a_chunk_for_which_the_disk_has_no_room_is_refused_and_taken_when_there_is() {
    let (folder, people) = seeded(1);
    let mut server = serve(folder.path(), "sqlite");
    let token = &people[0].token;
    let file = content(3 * FILE_CHUNK_BYTES);
    let mut client = Client::to(server.address());
    open(&mut client, token, file.len());
    put(&mut client, token, &file, 0).unwrap();
    let before = stored(&server);
    let limit = |bytes| prlimit(Some(server.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
    // Room for the rows, and for a part of a chunk.
    limit(Some(FILE_CHUNK_BYTES as u64 - 1));
    for _ in 0..3 {
        let refused = put(&mut client, token, &file, 1).unwrap();
        let problem: Problem = serde_json::from_str(&refused.body).unwrap();
        assert_eq!((refused.status, problem.code), (507, ProblemCode::StorageFull));
        assert_eq!(stored(&server), before, "nothing of it stays");
    }
    assert_eq!(open(&mut client, token, file.len()).present, [0]);
    limit(None);
    for chunk in [1, 2] {
        let added: ChunkAdded = serde_json::from_str(&put(&mut client, token, &file, chunk).unwrap().body).unwrap();
        assert_eq!(added.complete, chunk == 2);
    }
    let read = client.get_as(&path(""), token).unwrap();
    assert!(read.status == 200 && read.body == file, "{}", read.status);
    assert!(!server.log().contains("panicked"), "{}", server.log());
    server.stop();
}

#[test]
fn a_backup_says_that_files_are_not_in_it_and_the_doctor_how_much_they_take() {
    let (folder, people) = seeded(1);
    let mut server = serve(folder.path(), "sqlite");
    let run = |arguments: &[&str], settings: &[(&str, &str)]| {
        let output = cliquet(folder.path()).args(arguments).envs(settings.iter().copied()).output().unwrap();
        assert!(output.status.success() && !said(&output).contains("WRONG"), "{}", said(&output));
        said(&output)
    };
    let without = run(&["backup", "without"], &[]);
    assert!(!without.contains("that people sent"), "{without}");
    let none = run(&["doctor"], &[]);
    assert!(
        none.contains("up to 100 MiB, each account 2048 MiB, all together 20480 MiB, and each is kept for 90 days")
    );
    assert!(none.contains("0 files are kept, 0.0 MiB"), "{none}");
    let mut client = Client::to(server.address());
    let file = content(FILE_CHUNK_BYTES);
    open(&mut client, &people[0].token, file.len());
    put(&mut client, &people[0].token, &file, 0).unwrap();
    let with = run(&["backup", "with"], &[]);
    assert!(with.contains("The 1 files that people sent, 1.0 MB, are not in this file"), "{with}");
    for (setting, value, words) in [
        ("ROCKET_FILES_MEGABYTES", "4000000000", "MiB more of files may come: set files_megabytes to less"),
        ("ROCKET_FILES_MEGABYTES", "3", "MiB free for files"),
        ("ROCKET_FILES_MEGABYTES", "3", "should grow in this order"),
        ("ROCKET_FILE_MEGABYTES", "0", "note   No files are taken"),
        ("ROCKET_FILES_KEEP_DAYS", "1", "1 files are kept, 1.0 MiB"),
    ] {
        let words_said = run(&["doctor"], &[(setting, value)]);
        assert!(words_said.contains(words), "{words_said}");
    }
    // Both together are a backup of the files.
    server.stop();
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(restore(elsewhere.path(), &folder.path().join("with")).status.success());
    let all = std::fs::read_dir(server.data_dir()).unwrap().map(|entry| entry.unwrap().path());
    let begin_so = all.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("files"));
    let copied = Command::new("cp").arg("-r").args(begin_so).arg(elsewhere.path().join("data")).status();
    assert!(copied.unwrap().success());
    let mut restored = serve(elsewhere.path(), "sqlite");
    let read = Client::to(restored.address()).get_as(&path(""), &people[0].token).unwrap();
    assert!(read.status == 200 && read.body == file, "{}", read.status);
    restored.stop();
}
