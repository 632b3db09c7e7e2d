//! Somebody else holds the databases: a backup, a tool, a slow disk. Those who need to write wait; nobody else does.

use crate::support::office::{Office, Person, bearer, letter};
use cliquet_wire::poll::PollAnswer;
use rocket::{
    futures::future::join_all,
    http::{Accept, Status},
    tokio::time::sleep,
};
use rusqlite::Connection;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

/// How long the databases are held.
const LOCKED: Duration = Duration::from_secs(10);
/// More at a time than there are connections to the database, and threads for the requests.
const WRITES: usize = 20;
/// The longest that 99 of 100 requests may take which write nothing.
const P99_MAX: Duration = Duration::from_millis(200);
/// Between two looks at the machine itself.
const PAUSE: Duration = Duration::from_millis(5);

/// What was asked, and how long each answer took.
struct Route {
    name: String,
    path: String,
    accept: Accept,
    times: Vec<Duration>,
}

impl Route {
    fn new(name: &str, path: &str, accept: Accept) -> Self {
        Self { name: name.to_owned(), path: path.to_owned(), accept, times: Vec::new() }
    }

    async fn ask(&mut self, office: &Office, who: &Person) {
        let asked = Instant::now();
        let mut request = office.client.get(self.path.clone()).header(self.accept.clone());
        // Anyone who is signed in is sent on from there.
        if self.path != "/sign-in" {
            request.add_header(bearer(who));
        }
        let status = request.dispatch().await.status();
        self.times.push(asked.elapsed());
        // These people have no keys: the database is asked, and has none.
        let expected = if self.path.ends_with("/pre-keys") { Status::Forbidden } else { Status::Ok };
        assert_eq!(status, expected, "{}", self.name);
    }
}

/// Half, and 99 of 100, took at most this long.
fn p50_and_p99(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

#[rocket::async_test]
async fn while_the_databases_are_locked_for_ten_seconds_whatever_need_not_write_is_answered_at_once() {
    let office = Office::open().await;
    let (alice, bob, carol) = (office.person("alice"), office.person("bob"), office.person("carol"));
    office.adds(&alice, &bob);
    office.adds(&bob, &alice);
    for id in 1..=2 {
        assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, id)]).await.status(), Status::Created);
    }
    // Bob has read the first and Carol everything; each was seen today.
    let first = office.fetches(&bob, 0).await.deliveries[0].cursor;
    office.fetches(&bob, first).await;
    assert_eq!(office.posts(&bob, vec![letter(&bob, &alice, 3)]).await.status(), Status::Created);
    let alices = office.fetches(&alice, 0).await.deliveries[0].cursor;
    office.fetches(&alice, alices).await;
    office.fetches(&carol, 0).await;
    let page = office.client.get("/sign-in").header(Accept::HTML).dispatch().await.into_string().await.unwrap();
    let asset = page.split('"').find(|text| text.starts_with("/assets/")).unwrap();
    let mut routes = vec![
        Route::new("an asset", asset, Accept::Any),
        Route::new("the sign-in page", "/sign-in", Accept::HTML),
        Route::new("the home page", "/home", Accept::HTML),
        Route::new("what this server knows", "/transparency", Accept::HTML),
        Route::new("a conversation", "/conversations/bob@example.org", Accept::HTML),
        Route::new("health", "/health", Accept::JSON),
        Route::new("contacts", "/contacts", Accept::JSON),
        Route::new("devices", "/devices", Accept::JSON),
        Route::new("pre-keys left", "/devices/self/pre-keys", Accept::JSON),
        Route::new("the vault", "/vault", Accept::JSON),
    ];

    let locks = ["cliquet.db", "mailbox.db"].map(|name| {
        let lock = Connection::open(office.folder.path().join(name)).unwrap();
        lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
        lock
    });
    let is_over = Arc::new(AtomicBool::new(false));
    let goes_on = || !is_over.load(Ordering::SeqCst);
    // Each begins again when it was told to come back.
    let write = |number: usize| {
        let (office, alice, bob, goes_on) = (&office, &alice, &bob, &goes_on);
        async move {
            let mut id = 100 * (number as u128 + 1);
            while goes_on() {
                id += 1;
                let answer = if number.is_multiple_of(2) {
                    let path = format!("/sign-ins/{}", Uuid::from_u128(id));
                    office.client.delete(path).header(bearer(alice)).dispatch().await
                } else {
                    office.posts(alice, vec![letter(alice, bob, id)]).await
                };
                assert!(!goes_on() || answer.status() == Status::ServiceUnavailable, "the lock was not held");
            }
        }
    };
    let mut polls = Vec::new();
    let mut held_too_long = Vec::new();
    let reads = async {
        // First the writes are under way, all of them.
        sleep(Duration::from_millis(300)).await;
        let start = Instant::now();
        while start.elapsed() < LOCKED {
            for route in &mut routes {
                route.ask(&office, &alice).await;
            }
            let asked = Instant::now();
            let answer: PollAnswer = office.polls(&bob, first, 0).await.into_json().await.unwrap();
            polls.push(asked.elapsed());
            assert_eq!(answer.deliveries.len(), 1);
        }
        is_over.store(true, Ordering::SeqCst);
    };
    let waiting = async {
        while goes_on() {
            for (who, cursor) in [(&alice, alices), (&carol, 0)] {
                let asked = Instant::now();
                let answer: PollAnswer = office.polls(who, cursor, 1).await.into_json().await.unwrap();
                held_too_long.push(asked.elapsed().saturating_sub(Duration::from_secs(1)));
                assert_eq!(answer.deliveries, []);
            }
        }
    };
    let control = std::thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            let mut late = Vec::new();
            while !is_over.load(Ordering::SeqCst) {
                let asked = Instant::now();
                std::thread::sleep(PAUSE);
                late.push(asked.elapsed() - PAUSE);
            }
            late
        }
    });
    rocket::tokio::join!(reads, waiting, join_all((0..WRITES).map(write)));
    for lock in locks {
        lock.execute_batch("COMMIT").unwrap();
    }
    assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, 9)]).await.status(), Status::Created);

    let (_, starved) = p50_and_p99(&mut control.join().unwrap());
    println!("a thread that sleeps wakes late by at most (p99) {starved:?}");
    let mut measured: Vec<_> = routes.into_iter().map(|route| (route.name, route.times)).collect();
    measured.push(("a poll that is answered".to_owned(), polls));
    measured.push(("a poll that waits a second, past that".to_owned(), held_too_long));
    for (name, times) in &mut measured {
        let (p50, p99) = p50_and_p99(times);
        println!("{name}: {} times, p50 {p50:?}, p99 {p99:?}", times.len());
        assert!(p99 < P99_MAX, "{name}: {p99:?}; the machine itself was late by {starved:?}");
    }
}
