//! Backups that cannot be made or restored: said in words, and nothing is there by half.

use crate::{
    backup::{back_up, restore, said},
    support::{program::cliquet, seeded::seeded},
};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A backup of two accounts, without a server. Its folder goes with the test.
fn backup() -> (tempfile::TempDir, PathBuf) {
    let (folder, _) = seeded(2);
    let file = folder.path().join("good.backup");
    let output = back_up(folder.path(), &file);
    assert!(output.status.success(), "{}", said(&output));
    (folder, file)
}

/// Refused with these words; and the folder is as it was, which is not there.
fn refused(file: &Path, words: &str) {
    let folder = tempfile::tempdir().unwrap();
    let output = restore(folder.path(), file);
    assert!(!output.status.success() && said(&output).contains(words), "{}", said(&output));
    assert_eq!(names(folder.path()), [""; 0]);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_backup_cut_short_anywhere_is_refused() {
    let (folder, file) = backup();
    let whole = std::fs::read(&file).unwrap();
    let manifest = find(&whole, b"manifest.json");
    let cut = folder.path().join("cut");
    for length in [0, 100, 512, 5_000, whole.len() / 2, manifest, manifest + 600] {
        std::fs::write(&cut, &whole[..length]).unwrap();
        refused(&cut, "no whole backup");
    }
}

#[test]
fn a_backup_with_a_changed_byte_or_another_file_is_refused() {
    let (folder, file) = backup();
    let whole = std::fs::read(&file).unwrap();
    let changed = folder.path().join("changed");
    let mut bytes = whole.clone();
    // Somewhere in the accounts.
    bytes[40_000] ^= 1;
    std::fs::write(&changed, &bytes).unwrap();
    refused(&changed, "cliquet.db is not what was written");
    let newer = find(&whole, b"\"format\": 1");
    let mut bytes = whole.clone();
    bytes[newer + 10] = b'2';
    std::fs::write(&changed, &bytes).unwrap();
    refused(&changed, "made by a newer Cliquet");
    for foreign in [&b"Dear diary"[..], b"PK\x03\x04", &[0; 4_096]] {
        std::fs::write(&changed, foreign).unwrap();
        refused(&changed, "no whole backup");
    }
    refused(&folder.path().join("nowhere"), "cannot be read");
}

fn find(bytes: &[u8], sought: &[u8]) -> usize {
    bytes.windows(sought.len()).position(|window| window == sought).unwrap()
}

/// An archive that means well with another folder.
#[test]
fn an_archive_with_other_names_in_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    std::fs::write(folder.path().join("other"), "x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("cliquet.db")).unwrap();
    for name in ["other", "cliquet.db", "../sneaked", "./other"] {
        std::fs::write(folder.path().join("../sneaked"), "x").unwrap();
        let mut tar = Command::new("tar");
        let output = tar.arg("-Pcf").arg(&archive).arg(name).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        refused(&archive, "no whole backup");
    }
    std::fs::remove_file(folder.path().join("../sneaked")).unwrap();
}

#[test]
fn a_folder_in_use_is_not_overwritten_and_an_empty_one_is_taken() {
    let (folder, file) = backup();
    let before = names(&folder.path().join("data"));
    let output = restore(folder.path(), &file);
    assert!(!output.status.success() && said(&output).contains("not empty"), "{}", said(&output));
    assert_eq!(names(&folder.path().join("data")), before);
    let empty = tempfile::tempdir().unwrap();
    std::fs::create_dir(empty.path().join("data")).unwrap();
    let output = restore(empty.path(), &file);
    assert!(output.status.success() && said(&output).contains("2 accounts"), "{}", said(&output));
    assert_eq!(names(&empty.path().join("data")), ["cliquet.db"]);
    assert_eq!(names(empty.path()), ["data"]);
}

#[test]
fn a_file_that_is_there_is_never_overwritten_and_an_empty_server_has_no_backup() {
    let (folder, file) = backup();
    let before = std::fs::read(&file).unwrap();
    let output = back_up(folder.path(), &file);
    assert!(!output.status.success() && said(&output).contains("exists already"), "{}", said(&output));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let empty = tempfile::tempdir().unwrap();
    let output = back_up(empty.path(), &empty.path().join("file"));
    assert!(!output.status.success() && said(&output).contains("no accounts"), "{}", said(&output));
    assert_eq!(names(empty.path()), [""; 0]);
}

#[test]
fn a_backup_without_room_leaves_nothing_behind() {
    let (folder, _) = backup();
    let before = names(folder.path());
    let file = folder.path().join("no-room");
    // No file may grow past 64 KiB: the write fails as on a full disk.
    let limited = |length: &str| -> Output {
        let mut command = Command::new("sh");
        let program = cliquet(folder.path());
        let script = format!("trap '' XFSZ; ulimit -f {length}; exec \"$0\" \"$@\"");
        command.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_cliquet")).arg("backup").arg(&file);
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(folder.path()).output().unwrap()
    };
    let output = limited("128");
    assert!(!output.status.success(), "{}", said(&output));
    assert_eq!(names(folder.path()), before);
    assert!(limited("unlimited").status.success());
}

#[test]
fn a_backup_is_nobody_elses_to_read_and_says_what_is_not_in_it() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, file) = backup();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let with_redis = folder.path().join("with-redis");
    let output = cliquet(folder.path())
        .env("ROCKET_MAILBOX", "redis://127.0.0.1:1")
        .arg("backup")
        .arg(&with_redis)
        .output()
        .unwrap();
    assert!(output.status.success() && said(&output).contains("in Redis and not in this file"), "{}", said(&output));
    let elsewhere = tempfile::tempdir().unwrap();
    let output = restore(elsewhere.path(), &with_redis);
    assert!(output.status.success() && said(&output).contains("were in Redis"), "{}", said(&output));
    let mode = std::fs::metadata(elsewhere.path().join("data")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
