//! What a folder keeps, and who may open it.

use crate::server::{PASSWORD, Server, call, program, said, succeed};
use rusqlite::Connection;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

#[test]
fn only_its_owner_may_read_a_folder_and_no_text_is_plain_in_it() {
    let server = Server::start();
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    let text = "the key is under the mat";
    succeed(&call(&bob, &["say", "alice@example.org", text]));
    succeed(&call(&alice, &["say", "bob@example.org", text]));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&alice), 0o700);
    let mut looked_at = 0;
    for entry in fs::read_dir(&alice).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        looked_at += fs::metadata(&path).unwrap().len();
    }
    assert!(looked_at > 10_000, "{looked_at}");
    for secret in [text, PASSWORD, "bob@example.org"] {
        assert!(!is_kept(&alice, secret.as_bytes()), "{secret} is in the folder");
    }
}

/// What seals the records of a folder without a passphrase.
fn store_key(folder: &Path) -> Vec<u8> {
    let database = Connection::open(folder.join("client.db")).unwrap();
    database.query_row("SELECT store_key FROM keys", [], |row| row.get(0)).unwrap()
}

fn is_kept(folder: &Path, secret: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(secret.len()).any(|window| window == secret)
    })
}

#[test]
fn a_wrong_password_another_account_and_a_folder_without_one_are_refused_in_words() {
    let server = Server::start();
    let (alice, address) = (server.person("alice"), server.address());
    let elsewhere = server.folder("elsewhere");
    let sign_in = ["sign-in", "alice@example.org", "--server", &address];
    let output = program(&elsewhere).args(sign_in).env("CLIQUET_CLIENT_PASSWORD", "wrong horse").output().unwrap();
    assert!(!output.status.success() && said(&output).contains("password is wrong"), "{}", said(&output));

    let output = call(&alice, &["sign-in", "bob@example.org", "--server", &address]);
    assert!(!output.status.success() && said(&output).contains("belongs to alice@example.org"), "{}", said(&output));

    for folder in [&elsewhere, &server.folder("none")] {
        let output = call(folder, &["say", "alice@example.org", "hello"]);
        assert!(!output.status.success() && said(&output).contains("nobody is signed in"), "{}", said(&output));
    }
    // A call that failed leaves the folder to the next one, with whatever address.
    let bob = ["sign-in", "bob@example.org", "--server", &address];
    let output = call(&elsewhere, &bob);
    assert!(!output.status.success() && said(&output).contains("password is wrong"), "{}", said(&output));
    // The right password makes the other folder one more device.
    succeed(&call(&elsewhere, &sign_in));
    succeed(&call(&elsewhere, &["say", "alice@example.org", "to myself"]));
}

#[test]
fn a_server_to_which_the_way_is_in_clear_is_refused() {
    let house = tempfile::tempdir().unwrap();
    for address in ["http://chat.example.org", "http://192.0.2.1:8000", "ftp://localhost"] {
        let output = call(&house.path().join("alice"), &["sign-in", "alice@example.org", "--server", address]);
        assert!(!output.status.success() && said(&output).contains("must begin with https://"), "{}", said(&output));
    }
}

#[test]
fn a_server_that_is_none_is_said() {
    let house = tempfile::tempdir().unwrap();
    let output = call(&house.path().join("alice"), &["sign-in", "alice@example.org", "--server", "http://127.0.0.1:9"]);
    assert!(!output.status.success() && said(&output).contains("does not answer"), "{}", said(&output));
}

#[test]
fn a_folder_with_a_passphrase_opens_with_it_alone() {
    let server = Server::start();
    let (alice, _bob) = (server.person("alice"), server.person("bob"));
    let with = |passphrase: &str, arguments: &[&str]| {
        program(&alice).args(arguments).env("CLIQUET_CLIENT_PASSPHRASE", passphrase).output().unwrap()
    };
    let say = ["say", "bob@example.org", "hello"];
    let output = with("short", &["lock"]);
    assert!(!output.status.success() && said(&output).contains("fewer than 8"), "{}", said(&output));
    succeed(&call(&alice, &say));

    let key = store_key(&alice);
    assert!(is_kept(&alice, &key));
    succeed(&with("a rat in the attic", &["lock"]));
    assert!(!is_kept(&alice, &key), "the key from before is still in the folder");
    let output = call(&alice, &say);
    assert!(!output.status.success() && said(&output).contains("a passphrase locks this folder"), "{}", said(&output));
    let output = with("a bat in the attic", &say);
    assert!(!output.status.success() && said(&output).contains("is another one"), "{}", said(&output));
    succeed(&with("a rat in the attic", &say));

    // Also to sign in again, as the same device.
    let sign_in = ["sign-in", "alice@example.org", "--server", &server.address()];
    let output = call(&alice, &sign_in);
    assert!(!output.status.success() && said(&output).contains("a passphrase locks this folder"), "{}", said(&output));
    succeed(&with("a rat in the attic", &sign_in));

    succeed(&with("a rat in the attic", &["unlock"]));
    succeed(&call(&alice, &say));
}
