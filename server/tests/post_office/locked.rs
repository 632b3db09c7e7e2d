//! Somebody else holds the databases: a backup, a tool, a slow disk. Whoever needs to write waits; nobody else does.

use crate::office::{Office, bearer, letter};
use cliquet_wire::poll::PollAnswer;
use rocket::{
    http::{Accept, ContentType, Status},
    local::asynchronous::LocalResponse,
};
use rusqlite::Connection;
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};
use uuid::Uuid;

/// More than there are connections to the database, and threads for the requests.
const WRITES: usize = 20;

type Asked<'a> = Pin<Box<dyn Future<Output = LocalResponse<'a>> + 'a>>;

#[rocket::async_test]
async fn while_the_databases_are_locked_whatever_need_not_write_is_answered() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    for id in 1..=2 {
        assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, id)]).await.status(), Status::Created);
    }
    let cursor = office.fetches(&bob, 0).await.deliveries[0].cursor;

    let locks = ["cliquet.db", "mailbox.db"].map(|name| {
        let lock = Connection::open(office.folder.path().join(name)).unwrap();
        lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
        lock
    });
    let end_nothing = |_| {
        let path = format!("/sign-ins/{}", Uuid::from_u128(1));
        Box::pin(office.client.delete(path).header(bearer(&alice)).dispatch()) as Asked<'_>
    };
    let mut writes: Vec<Asked<'_>> = (0..WRITES).map(end_nothing).collect();
    let a_write_is_answered = poll_fn(|context| {
        let answered = writes.iter_mut().any(|write| write.as_mut().poll(context).is_ready());
        if answered { Poll::Ready(()) } else { Poll::Pending }
    });
    let reads = async {
        // First the writes are under way, all of them.
        rocket::tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let page = office.client.get("/sign-in").header(Accept::HTML).dispatch().await.into_string().await.unwrap();
        let asset = page.split('"').find(|text| text.starts_with("/assets/")).unwrap();
        for path in ["/health", "/knows", asset] {
            assert_eq!(office.client.get(path.to_owned()).dispatch().await.status(), Status::Ok, "{path}");
        }
        let contacts = office.client.get("/contacts").header(bearer(&alice)).header(ContentType::JSON).dispatch().await;
        assert_eq!(contacts.status(), Status::Ok);
        // Acknowledges one and is given the other.
        let answer: PollAnswer = office.polls(&bob, cursor, 0).await.into_json().await.unwrap();
        assert_eq!(answer.deliveries.len(), 1);
        // Held until its deadline, while the lock is there.
        let answer: PollAnswer = office.polls(&bob, answer.deliveries[0].cursor, 1).await.into_json().await.unwrap();
        assert_eq!(answer.deliveries.len(), 0);
    };
    rocket::tokio::select! {
        () = reads => {}
        () = a_write_is_answered => panic!("the lock was not held, or reading waited until writing gave up"),
    }
    for lock in locks {
        lock.execute_batch("COMMIT").unwrap();
    }
    for write in writes {
        assert_eq!(write.await.status(), Status::NotFound, "its turn came: there is no such sign-in");
    }
    assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, 3)]).await.status(), Status::Created);
}
