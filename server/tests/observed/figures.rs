//! What the figures say of a server that is used, and what they never say.

use crate::{
    scrape::Watched,
    support::{
        http::Client,
        redis::RedisServer,
        seeded::{Person, letter, post_of, seeded},
    },
};
use cliquet_server::figures::families;
use cliquet_wire::{
    poll::{Poll, PollAnswer},
    problem::ProblemCode,
};
use std::{path::Path, thread};

/// Of whom nobody may read in a figure.
const CANARY: &str = "canary-who-sings";

const ACCEPTED: &str = "cliquet_envelopes_accepted_total";
const DELIVERED: &str = "cliquet_envelopes_delivered_total";
const WAITING: &str = "cliquet_mailbox_envelopes";

fn poll(client: &mut Client, who: &Person, cursor: u64, wait_seconds: u32) -> PollAnswer {
    let asked = serde_json::to_string(&Poll { cursor, wait_seconds: Some(wait_seconds) }).unwrap();
    let answer = client.post("/poll", &who.token, &asked).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// Letters of these numbers from one to the other.
fn post(client: &mut Client, from: &Person, to: &Person, numbers: std::ops::Range<u64>) {
    for number in numbers {
        assert_eq!(client.post("/messages", &from.token, &post_of(&letter(number, from, to))).unwrap().status, 201);
    }
}

/// Letters are posted, fetched, acknowledged, and each step is seen.
fn letters_are_counted(mailbox: &str) {
    let (folder, people) = seeded(3);
    let server = Watched::start(folder.path(), &[("ROCKET_MAILBOX", mailbox)]);
    let mut client = Client::to(server.program.address());
    let before = server.scrape();
    assert_eq!((before.value(ACCEPTED), before.value(DELIVERED), before.value(WAITING)), (0.0, 0.0, 0.0));
    assert_eq!((before.value("cliquet_accounts"), before.value("cliquet_devices")), (3.0, 3.0));
    assert_eq!(before.value("cliquet_ready"), 1.0);
    post(&mut client, &people[0], &people[1], 1..4);
    // A retry is no other letter.
    post(&mut client, &people[0], &people[1], 3..4);
    assert_eq!(server.scrape().value(ACCEPTED), 3.0);
    let waiting = server.until("three letters wait", |scrape| scrape.value(WAITING) == 3.0);
    assert!(waiting.value("cliquet_mailbox_bytes") > 1_000.0);
    assert!((0.0..300.0).contains(&waiting.value("cliquet_mailbox_oldest_seconds")));
    let fetched = poll(&mut client, &people[1], 0, 0);
    assert_eq!((fetched.deliveries.len(), server.scrape().value(DELIVERED)), (3, 0.0));
    poll(&mut client, &people[1], fetched.deliveries[1].cursor, 0);
    server.until("two are delivered", |scrape| scrape.value(DELIVERED) == 2.0);
    server.until("one letter waits", |scrape| scrape.value(WAITING) == 1.0);
    poll(&mut client, &people[1], fetched.deliveries[2].cursor, 0);
    let after = server.until("none waits", |scrape| scrape.value(WAITING) == 0.0);
    assert_eq!((after.value(ACCEPTED), after.value(DELIVERED)), (3.0, 3.0));
    assert_eq!(after.value("cliquet_mailbox_oldest_seconds"), 0.0);
    assert_eq!(after.value("cliquet_envelopes_expired_total"), 0.0);
}

#[test]
fn letters_are_counted_from_their_post_to_their_delivery() {
    letters_are_counted("sqlite");
}

#[test]
fn letters_are_counted_in_redis_too() {
    letters_are_counted(&RedisServer::start().url());
}

#[test]
fn a_poll_that_is_held_is_counted_while_it_is() {
    let (folder, people) = seeded(2);
    let server = Watched::start(folder.path(), &[]);
    assert_eq!(server.scrape().value("cliquet_polls_held"), 0.0);
    let address = server.program.address();
    thread::scope(|scope| {
        let held = scope.spawn(|| poll(&mut Client::to(address), &people[1], 0, 50));
        server.until("a poll is held", |scrape| scrape.value("cliquet_polls_held") == 1.0);
        post(&mut Client::to(address), &people[0], &people[1], 1..2);
        assert_eq!(held.join().unwrap().deliveries.len(), 1);
    });
    let after = server.until("none is held", |scrape| scrape.value("cliquet_polls_held") == 0.0);
    assert_eq!(after.value(r#"cliquet_http_requests_total{method="POST",route="/poll",status="2xx"}"#), 1.0);
    assert_eq!(after.value(r#"cliquet_http_request_duration_seconds_count{method="POST",route="/poll"}"#), 1.0);
}

#[test]
fn what_is_refused_is_counted_by_its_code_and_what_is_throttled_by_the_limit() {
    let (folder, people) = seeded(2);
    let server = Watched::start(folder.path(), &[("ROCKET_THROTTLES", "{look_up_per_account_hour=1}")]);
    let mut client = Client::to(server.program.address());
    let add = format!(r#"{{"email":"{CANARY}@example.org"}}"#);
    let statuses = [(); 3].map(|()| client.post("/contacts", &people[0].token, &add).unwrap().status);
    assert_eq!(statuses, [404, 429, 429]);
    client.post("/poll", "no token", "{}").unwrap();
    let scrape = server.scrape();
    for (code, count) in [
        (ProblemCode::TooManyRequests, 2.0),
        (ProblemCode::UnknownAccount, 1.0),
        (ProblemCode::SignedOut, 1.0),
        (ProblemCode::StorageFull, 0.0),
        (ProblemCode::Internal, 0.0),
    ] {
        assert_eq!(scrape.value(&format!("cliquet_problems_total{{code=\"{}\"}}", code.as_str())), count, "{code:?}");
    }
    assert_eq!(scrape.value(r#"cliquet_throttled_total{limit="look_up_per_account"}"#), 2.0);
    assert_eq!(scrape.value(r#"cliquet_throttled_total{limit="guess_per_network"}"#), 0.0);
    assert_eq!(scrape.value(r#"cliquet_http_requests_total{method="POST",route="/contacts",status="4xx"}"#), 3.0);
}

#[test]
fn the_limits_of_the_settings_and_what_is_used_of_them_stand_beside_each_other() {
    let (folder, _) = seeded(2);
    let settings = [("ROCKET_STORAGE_MEGABYTES", "64"), ("ROCKET_FILES_MEGABYTES", "32")];
    let server = Watched::start(folder.path(), &settings);
    let scrape = server.scrape();
    let mebibytes = |count: f64| count * 1024.0 * 1024.0;
    assert_eq!(scrape.value("cliquet_storage_limit_bytes"), mebibytes(64.0));
    assert_eq!(scrape.value("cliquet_files_limit_bytes"), mebibytes(32.0));
    assert_eq!(scrape.value("cliquet_mailbox_life_seconds"), 30.0 * 24.0 * 3600.0);
    assert!((1.0..mebibytes(64.0)).contains(&scrape.value("cliquet_storage_bytes")));
    assert!(scrape.value("cliquet_disk_free_bytes") > 0.0);
    assert_eq!((scrape.value("cliquet_files"), scrape.value("cliquet_files_bytes")), (0.0, 0.0));
    let version = format!("cliquet_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(scrape.value(&version), 1.0);
    assert!(scrape.value("process_resident_memory_bytes") > mebibytes(1.0));
    assert!(scrape.value("process_open_fds") > 3.0 && scrape.value("process_start_time_seconds") > 1_700_000_000.0);
}

/// Whatever a request says, the figures are the same: their labels are words of the program.
#[test]
fn nothing_of_a_person_is_in_any_figure() {
    let (folder, people) = seeded(3);
    let server = Watched::start(folder.path(), &[]);
    let mut client = Client::to(server.program.address());
    post(&mut client, &people[0], &people[1], 1..3);
    let fetched = poll(&mut client, &people[1], 0, 0);
    poll(&mut client, &people[1], fetched.deliveries[0].cursor, 0);
    for path in
        ["/contacts/X@example.org", "/conversations/X@example.org", "/home?with=X@example.org", "/X", "/devices/X"]
    {
        for method in ["GET", "POST", "PUT", "DELETE", "HEAD"] {
            let path = path.replace('X', CANARY);
            for token in [people[0].token.as_str(), CANARY] {
                // HEAD has no body, and the client would wait for one.
                if method != "HEAD" {
                    client.ask(method, &path, token, &format!("{{\"{CANARY}\":1}}")).unwrap();
                }
            }
        }
    }
    sign_in_start(&mut client, &people[2].email.to_string());
    let scrape = server.until("letters wait", |scrape| scrape.value(WAITING) == 1.0);
    let mut secrets: Vec<String> = vec![CANARY.to_owned(), "@".to_owned(), "127.0.0.1".to_owned()];
    for person in people.iter() {
        let name = person.email.as_str().split('@').next().unwrap();
        secrets.extend([name.to_owned(), person.device.to_string(), person.token.clone()]);
    }
    secrets.extend((1..3).map(|number| letter(number, &people[0], &people[1]).id.to_string()));
    for secret in secrets {
        assert!(!scrape.text.contains(&secret), "{secret} is in a figure:\n{}", scrape.text);
    }
    only_words_of_the_program(&scrape.text);
    let before = scrape.figures().count();
    (0..50).for_each(|number| drop(client.get(&format!("/{CANARY}/{number}")).unwrap()));
    assert_eq!(server.scrape().figures().count(), before, "a path that is new makes no new figure");
}

fn sign_in_start(client: &mut Client, email: &str) {
    client.post("/sign-in/start", "none", &format!(r#"{{"email":"{email}","request":""}}"#)).unwrap();
}

/// Each label is one of those that the program may write.
fn only_words_of_the_program(text: &str) {
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, rest)) = line.split_once('{') else { continue };
        let (labels, _) = rest.split_once('}').unwrap();
        // No value has a comma or a brace but a route, whose pattern has `<…>`.
        for label in labels.split(',') {
            let (key, value) = label.split_once('=').unwrap();
            let value = value.trim_matches('"');
            let is_known = match key {
                "method" => ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"].contains(&value),
                "status" => ["1xx", "2xx", "3xx", "4xx", "5xx"].contains(&value),
                "route" => value == "none" || routes().iter().any(|route| route == value),
                "code" => ProblemCode::named(value).is_some(),
                "outcome" => ["sent", "gone", "failed"].contains(&value),
                "limit" => value.contains("_per_") && value.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
                "version" => value == env!("CARGO_PKG_VERSION"),
                _ => false,
            };
            assert!(is_known, "{name} has the label {key}={value}");
        }
    }
}

/// The paths of all routes, as they stand in the source.
fn routes() -> Vec<String> {
    let sources = crate::support::folder::files_under(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes"));
    let texts = sources.into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap());
    let mut found = Vec::new();
    for text in texts {
        for attribute in ["#[get(", "#[post(", "#[put(", "#[delete(", "#[patch(", "#[head("] {
            let uses = text.split(attribute).skip(1);
            let paths = uses.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split(['"', '?']).next());
            found.extend(paths.map(str::to_owned));
        }
    }
    assert!(found.len() > 40, "{found:?}");
    found
}

#[test]
fn every_figure_has_a_name_that_is_listed_and_documented() {
    let (folder, people) = seeded(2);
    let server = Watched::start(folder.path(), &[]);
    let mut client = Client::to(server.program.address());
    post(&mut client, &people[0], &people[1], 1..2);
    let scrape = server.scrape();
    let names = scrape.names();
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/self-hosting.md")).unwrap();
    for family in families::ALL {
        assert!(names.iter().any(|name| name == family.name), "{} is not answered:\n{}", family.name, scrape.text);
        assert!(guide.contains(&format!("`{}`", family.name)), "docs/self-hosting.md says nothing of {}", family.name);
    }
    for name in names.iter().filter(|name| !name.starts_with("process_")) {
        assert!(families::ALL.iter().any(|family| family.name == name), "{name} is not listed");
    }
}
