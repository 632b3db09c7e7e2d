//! The host's commands beside a server that runs: invites for several people, accounts that are listed and deleted.

use crate::support::{
    http::Client,
    program::{cliquet, data_dir},
    seeded::{letter, post_of, seeded, serve},
};
use cliquet_server::{
    clock::Clock,
    database::Database,
    invites::{self, InviteState, USES_MAX},
    token::Token,
};
use std::{path::Path, process::Output};

fn call(folder: &Path, arguments: &[&str]) -> Output {
    cliquet(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn listed(folder: &Path) -> String {
    String::from_utf8(call(folder, &["invite", "list"]).stdout).unwrap()
}

#[test]
fn an_invite_for_several_people_is_counted_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&data_dir(folder.path())).unwrap();
    let most = USES_MAX.to_string();
    for (uses, fits) in [("0", false), ("1", true), (most.as_str(), true), (&(USES_MAX + 1).to_string(), false)] {
        assert_eq!(call(folder.path(), &["invite", "create", "--uses", uses]).status.success(), fits, "{uses}");
    }
    let output = call(folder.path(), &["invite", "create", "--uses", "2", "--days", "1"]);
    assert!(said(&output).contains("Good for 2 accounts, for 1 days."), "{}", said(&output));
    let link = String::from_utf8(output.stdout).unwrap();
    let token = Token::read(link.trim().strip_prefix("/sign-up#invite=").unwrap()).unwrap();
    let now_ms = Clock::system().now_ms();
    let mut connection = database.connection().unwrap();
    let claimed = cliquet_server::database::write(&mut connection, |it| invites::claim(it, Some(&token), now_ms));
    assert!(claimed.unwrap());
    assert_eq!(
        listed(folder.path()),
        format!(
            "3: open, 1 days left, 1 of 2 accounts made\n2: open, 7 days left, 0 of {USES_MAX} accounts made\n1: open, 7 days left\n"
        )
    );
    assert!(call(folder.path(), &["invite", "revoke", "3"]).status.success());
    assert!(listed(folder.path()).starts_with("3: expired, 1 of 2 accounts made\n"));
    let state = invites::state(&connection, Some(&token), Clock::system().now_ms()).unwrap();
    assert_eq!(state, InviteState::Expired);
    let output = call(folder.path(), &["invite", "revoke", "4"]);
    assert!(!output.status.success() && said(&output).contains("there is no invite 4"), "{}", said(&output));
}

#[test]
fn a_code_for_a_camera_needs_a_whole_link() {
    let folder = tempfile::tempdir().unwrap();
    drop(Database::open(&data_dir(folder.path())).unwrap());
    let output = call(folder.path(), &["invite", "create", "--qr"]);
    assert!(!output.status.success() && said(&output).contains("set `url` in Rocket.toml"), "{}", said(&output));
    assert!(listed(folder.path()).starts_with("There are no invites"));
    let mut command = cliquet(folder.path());
    let output =
        command.args(["invite", "create", "--qr"]).env("ROCKET_URL", "https://chat.example.org").output().unwrap();
    let words = said(&output);
    assert!(output.status.success() && words.contains("https://chat.example.org/sign-up#invite="), "{words}");
    // Half blocks, in as many lines as half the code and its edge have.
    assert!(words.lines().filter(|line| line.contains(['▀', '▄', '█'])).count() > 15, "{words}");
}

#[test]
fn accounts_are_listed_without_their_contacts_and_deleted_beside_a_running_server() {
    let (folder, people) = seeded(3);
    let server = serve(folder.path(), "sqlite");
    let [alice, bob, carol] = &*people else { panic!("three were seeded") };
    let mut client = Client::to(server.address());
    let mut post = |token: &str, body: &str| client.post("/messages", token, body).unwrap().status;
    assert_eq!(post(&alice.token, &post_of(&letter(1, alice, bob))), 201);

    let output = call(folder.path(), &["account", "list"]);
    let words = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = words.lines().collect();
    assert_eq!(lines.len(), 4, "{words}");
    assert!(lines[0].starts_with("address") && lines[1].starts_with(alice.email.as_str()), "{words}");
    for (line, person) in lines[1..].iter().zip([alice, bob, carol]) {
        let columns: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((columns[0], columns[3]), (person.email.as_str(), "1"), "{words}");
        assert!(columns[1].len() == 10 && columns[2].len() == 10, "two days: {words}");
    }

    let address = bob.email.as_str();
    let output = call(folder.path(), &["account", "delete", address]);
    assert!(!output.status.success() && said(&output).contains("To do it, add --yes"), "{}", said(&output));
    assert_eq!(post(&bob.token, &post_of(&letter(2, bob, alice))), 201);
    let output = call(folder.path(), &["account", "delete", address, "--yes"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(post(&bob.token, &post_of(&letter(3, bob, alice))), 401);
    let words = String::from_utf8(call(folder.path(), &["account", "list"]).stdout).unwrap();
    assert!(!words.contains(address) && words.lines().count() == 3, "{words}");
    let database = Database::open_existing(&data_dir(folder.path())).unwrap();
    let connection = database.connection().unwrap();
    let left: u64 = connection.query_row("SELECT count(*) FROM leftovers", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "its mailbox and its history are gone");
    for (arguments, why) in [
        (&["account", "delete", address, "--yes"][..], "there is no account"),
        (&["account", "delete", "nobody", "--yes"], "cliquet: "),
    ] {
        let output = call(folder.path(), arguments);
        assert!(!output.status.success() && said(&output).contains(why), "{}", said(&output));
    }
}

#[test]
fn an_account_is_suspended_and_let_in_again_beside_a_running_server_and_the_log_of_the_host_has_it() {
    let (folder, people) = seeded(3);
    let server = serve(folder.path(), "sqlite");
    let [alice, bob, _] = &*people else { panic!("three were seeded") };
    let mut client = Client::to(server.address());
    let mut post = |token: &str, body: &str| client.post("/messages", token, body).unwrap().status;
    let address = bob.email.as_str();
    let call = |arguments: &[&str]| call(folder.path(), arguments);
    assert_eq!(String::from_utf8(call(&["audit"]).stdout).unwrap(), "Nothing was done yet.\n");
    assert_eq!(post(&bob.token, &post_of(&letter(1, bob, alice))), 201);
    let output = call(&["account", "suspend", address]);
    assert!(output.status.success() && said(&output).contains("cannot sign in"), "{}", said(&output));
    assert_eq!(post(&bob.token, &post_of(&letter(2, bob, alice))), 401);
    // Nothing of it is gone: what others write waits.
    assert_eq!(post(&alice.token, &post_of(&letter(3, alice, bob))), 201);
    let listed = said(&call(&["account", "list"]));
    let line = listed.lines().find(|line| line.starts_with(address)).unwrap();
    assert!(line.contains("suspended on 20") && listed.matches("suspended").count() == 1, "{listed}");
    let output = call(&["account", "resume", address]);
    assert!(output.status.success() && said(&output).contains("can sign in again"), "{}", said(&output));
    assert!(!said(&call(&["account", "list"])).contains("suspended"));
    assert!(call(&["invite", "create"]).status.success() && call(&["invite", "revoke", "1"]).status.success());
    for (arguments, why) in [
        (["account", "resume", address], "is not suspended"),
        (["account", "suspend", "nobody@example.org"], "there is no account"),
        (["invite", "revoke", "7"], "there is no invite 7"),
    ] {
        let output = call(&arguments);
        assert!(!output.status.success() && said(&output).contains(why), "{}", said(&output));
    }
    assert!(call(&["account", "suspend", address]).status.success());
    let output = call(&["account", "suspend", address]);
    assert!(!output.status.success() && said(&output).contains("is suspended already"), "{}", said(&output));
    assert!(call(&["account", "delete", address, "--yes"]).status.success());
    let log = String::from_utf8(call(&["audit"]).stdout).unwrap();
    let done: Vec<&str> = log.lines().map(|line| line.split_once(" UTC  ").unwrap().1).collect();
    let suspended = format!("suspended {address}");
    let expected = [
        suspended.as_str(),
        &format!("let in again {address}"),
        "made invite 1",
        "took back invite 1",
        &suspended,
        &format!("deleted {address}"),
    ];
    assert_eq!(done, expected);
    let last = String::from_utf8(call(&["audit", "--last", "1"]).stdout).unwrap();
    assert!(last.lines().count() == 1 && last.contains("deleted"), "{last}");
}

#[test]
fn an_account_is_made_an_admins_and_one_like_all_others_again() {
    let (folder, people) = seeded(2);
    let address = people[0].email.as_str();
    let call = |arguments: &[&str]| call(folder.path(), arguments);
    let is_listed_so = || {
        let listed = said(&call(&["account", "list"]));
        listed.lines().any(|line| line.starts_with(address) && line.ends_with("admin"))
    };
    for (command, says, again) in
        [("promote", "is an admin", "is an admin already"), ("demote", "no longer", "is no admin")]
    {
        let output = call(&["account", command, address]);
        assert!(output.status.success() && said(&output).contains(says), "{}", said(&output));
        assert_eq!(is_listed_so(), command == "promote");
        for (address, why) in [(address, again), ("nobody@example.org", "there is no account")] {
            let output = call(&["account", command, address]);
            assert!(!output.status.success() && said(&output).contains(why), "{}", said(&output));
        }
    }
    let log = said(&call(&["audit"]));
    for done in ["made an admin of", "no longer an admin"] {
        assert!(log.contains(&format!("{done}: {address}")), "{log}");
    }
}
