//! Who comes in where: every route that there is, asked by everybody there is.
//!
//! The routes are the server's own list. One that the table below does not name fails the test: a new route is entered here
//! with those for whom it is.

use crate::support::{
    house::{DAY_MS, PASSWORD, Person, TestServer},
    reply::Reply,
};
use cliquet_server::accounts;
use cliquet_wire::{
    devices::RevokeDevice,
    problem::{Problem, ProblemCode},
};
use rocket::http::Method::{self, Delete, Get, Post, Put};
use std::collections::BTreeSet;

/// For whom a route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// For everybody, signed in or not.
    Anyone,
    /// The start of the app: somebody who is not signed in is led to the sign-in page.
    Home,
    /// For who is signed in, from a device of the account or from a browser that is not one yet.
    Account,
    /// For a device of the account.
    Device,
    /// For who is signed in to an admin's account. Others are told that there is nothing.
    Admin,
    /// For who can write into the data folder.
    Host,
}
use For::*;

const DOORS: [(Method, &str, For); 86] = [
    (Get, "/", Anyone),
    (Get, "/.detour", Anyone),
    (Get, "/.well-known/security.txt", Anyone),
    (Delete, "/account", Account),
    (Get, "/add", Anyone),
    (Get, "/add-me", Account),
    (Get, "/admin", Admin),
    (Post, "/admin/accounts/<email>/resume", Admin),
    (Post, "/admin/accounts/<email>/suspend", Admin),
    (Post, "/admin/announcement", Admin),
    (Post, "/admin/invites", Admin),
    (Post, "/admin/invites/<number>/revoke", Admin),
    (Get, "/assets/<name>", Anyone),
    (Get, "/contacts", Account),
    (Post, "/contacts", Account),
    (Delete, "/contacts/<email>", Account),
    (Get, "/contacts/<email>", Account),
    (Delete, "/contacts/<email>/block", Account),
    (Put, "/contacts/<email>/block", Account),
    (Post, "/contacts/<email>/bundles", Device),
    (Put, "/contacts/<email>/decline", Account),
    (Post, "/contacts/<email>/directory", Account),
    (Get, "/contacts/search?<email>", Account),
    (Get, "/conversations", Account),
    (Get, "/conversations/<id>", Account),
    (Get, "/delivery-token", Device),
    (Put, "/delivery-token", Device),
    (Get, "/devices", Account),
    (Post, "/devices", Account),
    (Put, "/devices/<id>/name", Account),
    (Post, "/devices/<id>/revoke", Account),
    (Put, "/devices/list", Device),
    (Get, "/devices/self/pre-keys", Device),
    (Put, "/devices/self/pre-keys", Device),
    (Post, "/doctor?<seconds>", Host),
    (Post, "/ephemeral", Device),
    (Get, "/files", Account),
    (Post, "/files", Account),
    (Delete, "/files/<id>", Account),
    (Get, "/files/<id>", Account),
    (Put, "/files/<id>/<chunk>", Account),
    (Get, "/files/<id>/upload", Account),
    (Get, "/gallery", Account),
    (Get, "/health", Anyone),
    (Delete, "/history", Account),
    (Get, "/history?<before>&<after>", Account),
    (Post, "/history", Account),
    (Get, "/home?<with>&<show>", Home),
    (Post, "/invites/check", Anyone),
    (Get, "/join", Anyone),
    (Post, "/language", Anyone),
    (Get, "/make-room", Anyone),
    (Get, "/manifest.webmanifest?<share>", Anyone),
    (Post, "/messages", Device),
    (Put, "/password", Account),
    (Post, "/password/start", Account),
    (Post, "/poll", Device),
    (Delete, "/push", Device),
    (Get, "/push", Device),
    (Put, "/push", Device),
    (Get, "/ready", Anyone),
    (Get, "/recover", Anyone),
    (Put, "/recovery", Account),
    (Post, "/recovery/earlier", Anyone),
    (Post, "/recovery/earlier/<replaced>", Anyone),
    (Post, "/recovery/finish", Anyone),
    (Post, "/recovery/start", Anyone),
    (Get, "/safety", Account),
    (Get, "/search", Account),
    (Get, "/service-worker.js", Anyone),
    (Get, "/settings", Account),
    (Post, "/share", Anyone),
    (Get, "/sign-in", Anyone),
    (Post, "/sign-in/finish", Anyone),
    (Post, "/sign-in/start", Anyone),
    (Delete, "/sign-ins/<id>", Account),
    (Post, "/sign-out", Anyone),
    (Get, "/sign-up", Anyone),
    (Post, "/sign-up/finish", Anyone),
    (Post, "/sign-up/start", Anyone),
    (Get, "/storage/words", Anyone),
    (Get, "/transparency", Anyone),
    (Get, "/vault", Account),
    (Put, "/vault", Account),
    (Get, "/vault/earlier", Account),
    (Get, "/vault/earlier/<replaced>", Account),
];

/// What somebody who asks is to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Nobody's cookie, or one that opens nothing any more.
    Stranger,
    Browser,
    Device,
    RevokedDevice,
    AdminsDevice,
}

/// Those who ask, and what each of them is.
async fn everybody(server: &TestServer) -> Vec<(&'static str, Option<Person>, Role)> {
    let expired = server.sign_up("expired@example.org").await;
    server.pass(31 * DAY_MS);
    let left = server.sign_up("left@example.org").await;
    server.post(&left, "/sign-out", &()).await;
    let deleted = server.sign_up("deleted@example.org").await;
    let proof = server.proof(&deleted, PASSWORD).await;
    server.delete_with(&deleted, "/account", &proof).await.expect_nothing();
    let mut alice = server.sign_up("alice@example.org").await;
    let lost = server.second_device(&mut alice).await;
    let list = RevokeDevice { device_list: alice.signed_list(3, vec![alice.device()]).await };
    let revoked = server.post(&alice, &format!("/devices/{}/revoke", lost.device()), &list).await;
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    let admin = server.sign_up("admin@example.org").await;
    let id = accounts::find(&server.database(), &admin.email).unwrap().unwrap();
    accounts::set_admin(&server.database(), id, true).unwrap();
    let browser = server.another_browser(&alice).await;
    vec![
        ("nobody", None, Role::Stranger),
        ("an expired sign-in", Some(expired), Role::Stranger),
        ("one that was ended", Some(left), Role::Stranger),
        ("a deleted account", Some(deleted), Role::Stranger),
        ("a browser that is no device yet", Some(browser), Role::Browser),
        ("a revoked device", Some(lost), Role::RevokedDevice),
        ("a device", Some(alice), Role::Device),
        ("an admin's device", Some(admin), Role::AdminsDevice),
    ]
}

/// The code of the problem that an answer is.
fn problem(reply: &Reply) -> Option<ProblemCode> {
    serde_json::from_str::<Problem>(&reply.body).ok().map(|problem| problem.code)
}

/// How a door answers somebody for whom it is not; nothing for those for whom it is.
fn refusal(door: For, role: Role) -> Option<ProblemCode> {
    match (door, role) {
        (Anyone, _) | (Home | Account, Role::Browser) => None,
        (Home | Account | Device, Role::Device | Role::AdminsDevice) | (Admin, Role::AdminsDevice) => None,
        (Admin, Role::Device | Role::Browser) => Some(ProblemCode::NotFound),
        (Host, _) => Some(ProblemCode::NotFound),
        (Home | Account | Device | Admin, Role::Stranger) => Some(ProblemCode::SignedOut),
        (Home | Account | Device | Admin, Role::RevokedDevice) | (Device, Role::Browser) => Some(ProblemCode::NoDevice),
    }
}

/// Requirement: S5
#[rocket::async_test]
async fn every_route_lets_in_those_it_is_for_and_nobody_else() {
    let server = TestServer::start().await;
    let bob = server.sign_up("bob@example.org").await;
    let everybody = everybody(&server).await;
    let named: BTreeSet<String> = DOORS.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let there: BTreeSet<String> =
        server.client.rocket().routes().map(|route| format!("{} {}", route.method, route.uri)).collect();
    let unnamed: Vec<_> = there.difference(&named).collect();
    let gone: Vec<_> = named.difference(&there).collect();
    assert!(unnamed.is_empty() && gone.is_empty(), "not in the table: {unnamed:?}; not in the server: {gone:?}");

    let filled = |path: &str| {
        let id = if path.starts_with("/devices") || path.starts_with("/sign-ins") {
            bob.device().to_string()
        } else {
            bob.email.to_string()
        };
        let path = path.replace("<email>", bob.email.as_str()).replace("<id>", &id).replace("<name>", "app.js");
        let path = path.replace("<chunk>", "0").replace("<replaced>", "1").replace("<number>", "1");
        match path.split_once('?') {
            Some((path, "bob@example.org")) => format!("{path}?email={}", bob.email),
            Some((path, _)) => path.to_owned(),
            None => path,
        }
    };
    let mut asked = 0;
    // The last ones are those that end what the others need.
    let (ends, others): (Vec<_>, Vec<_>) = DOORS.iter().partition(|(_, path, _)| *path == "/sign-out");
    for (method, path, door) in others.into_iter().chain(ends) {
        for (name, who, role) in &everybody {
            // No body that any route takes: what is behind the door refuses it.
            let reply = server.ask(method, who.as_ref(), &filled(path), b"!".to_vec(), &[]).await;
            let said = format!("{method} {path} for {name}: {} {}", reply.status, reply.body);
            assert!(reply.status < 500, "{said}");
            let code = problem(&reply);
            match refusal(door, *role) {
                Some(expected) if door == Home && expected == ProblemCode::SignedOut => {
                    assert_eq!((reply.status, reply.header("Location")), (303, Some("/sign-in")), "{said}");
                }
                Some(expected) => assert_eq!(code, Some(expected), "{said}"),
                None => assert!(!matches!(code, Some(ProblemCode::SignedOut | ProblemCode::NoDevice)), "{said}"),
            }
            asked += 1;
        }
    }
    assert_eq!(asked, DOORS.len() * everybody.len());
}
