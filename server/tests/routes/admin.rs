//! What admins may do, and nobody else.

use crate::support::house::{PASSWORD, Person, TestServer, letter};
use crate::support::reply::Reply;
use cliquet_server::{
    accounts,
    announcement::ANNOUNCEMENT_CHARS_MAX,
    audit,
    invites::{self, USES_MAX},
};
use cliquet_wire::{
    envelope::{MessagesSent, SendMessages},
    poll::PollAnswer,
    problem::ProblemCode::*,
};
use rocket::http::Method;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn promote(server: &TestServer, who: &Person) {
    let id = accounts::find(&server.database(), &who.email).unwrap().unwrap();
    assert!(accounts::set_admin(&server.database(), id, true).unwrap());
    assert!(!accounts::set_admin(&server.database(), id, true).unwrap());
}

/// As the form of the page sends it.
async fn send(server: &TestServer, who: &Person, path: &str, form: &str) -> Reply {
    server.ask(Method::Post, who, path, form.as_bytes().to_vec(), &[FORM, ("Accept", "text/html")]).await
}

async fn page(server: &TestServer, who: &Person, path: &str) -> Reply {
    server.ask(Method::Get, who, path, Vec::new(), &[("Accept", "text/html")]).await
}

#[track_caller]
fn leads_back(reply: &Reply) {
    assert_eq!((reply.status, reply.header("Location")), (303, Some("/admin")), "{}", reply.body);
}

fn log(server: &TestServer) -> Vec<(String, String, Option<String>)> {
    let entries = audit::last(&server.database(), 50).unwrap();
    entries.into_iter().map(|entry| (entry.action.to_string(), entry.subject, entry.actor)).collect()
}

#[rocket::async_test]
async fn an_admin_suspends_and_lets_in_again_and_it_is_written_down() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.sign_up("alice@example.org").await, server.sign_up("bob@example.org").await);
    server.get(&bob, "/admin").await.expect_problem(NotFound);
    promote(&server, &alice);
    let shown = page(&server, &alice, "/admin").await;
    assert!(shown.status == 200 && shown.body.contains("bob@example.org"), "{}", shown.body);
    let suspend = "/admin/accounts/bob%40example.org/suspend";
    server.post(&bob, suspend, &()).await.expect_problem(NotFound);
    // A poll that is held ends at once.
    let (polled, suspended) = server.while_polling(&bob, send(&server, &alice, suspend, "")).await;
    leads_back(&suspended);
    let _: PollAnswer = polled.expect(200);
    server.get(&bob, "/vault").await.expect_problem(SignedOut);
    server.sign_in("bob@example.org", PASSWORD, None).await.expect_problem(AccountSuspended);
    assert!(page(&server, &alice, "/admin").await.body.contains("suspended since"));
    leads_back(&send(&server, &alice, suspend, "").await);
    leads_back(&send(&server, &alice, "/admin/accounts/bob%40example.org/resume", "").await);
    assert_eq!(server.sign_in("bob@example.org", PASSWORD, None).await.status, 200);
    // What changed nothing is not written down.
    let by = Some("alice@example.org".to_owned());
    let bobs = "bob@example.org".to_owned();
    let expected = [("let in again".to_owned(), bobs.clone(), by.clone()), ("suspended".to_owned(), bobs, by)];
    assert_eq!(log(&server), expected);
}

#[rocket::async_test]
async fn no_admin_is_suspended_and_what_is_not_there_is_said() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.sign_up("alice@example.org").await, server.sign_up("bob@example.org").await);
    promote(&server, &alice);
    promote(&server, &bob);
    let before = server.rows();
    for address in ["alice%40example.org", "bob%40example.org"] {
        let reply = send(&server, &alice, &format!("/admin/accounts/{address}/suspend"), "").await;
        assert_eq!(reply.status, 409, "{}", reply.body);
    }
    let post = async |path: &str| server.post(&alice, path, &()).await;
    post("/admin/accounts/alice%40example.org/suspend").await.expect_problem(AdminAccount);
    post("/admin/accounts/carol%40example.org/suspend").await.expect_problem(UnknownAccount);
    post("/admin/accounts/carol%40example.org/resume").await.expect_problem(UnknownAccount);
    post("/admin/accounts/carol/suspend").await.expect_problem(InvalidAddress);
    post("/admin/invites/7/revoke").await.expect_problem(NotFound);
    assert_eq!(server.rows(), before);
    // Who is no longer an admin finds nothing, at once.
    let id = accounts::find(&server.database(), &alice.email).unwrap().unwrap();
    assert!(accounts::set_admin(&server.database(), id, false).unwrap());
    server.get(&alice, "/admin").await.expect_problem(NotFound);
    assert!(!page(&server, &alice, "/home").await.body.contains("/admin"));
    assert!(page(&server, &bob, "/home").await.body.contains("href=\"/admin\""));
}

#[rocket::async_test]
async fn an_invite_is_shown_once_and_lets_in_until_it_is_taken_back() {
    let server = TestServer::with(&[("registration", "invite"), ("url", "https://chat.example.org")]).await;
    let alice = server.sign_up("alice@example.org").await;
    promote(&server, &alice);
    let made = send(&server, &alice, "/admin/invites", "uses=2").await;
    assert_eq!(made.status, 201, "{}", made.body);
    let link = made.body.split("https://chat.example.org/sign-up#invite=").nth(1).expect("a link");
    let token = link.split('<').next().unwrap();
    assert!(made.body.contains("<svg"), "and its code");
    assert!(!page(&server, &alice, "/admin").await.body.contains(token));
    let (_, finish) = server.begin_sign_up("bob@example.org", Some(token)).await.unwrap();
    assert_eq!(server.post(None, "/sign-up/finish", &finish).await.status, 201);
    leads_back(&send(&server, &alice, "/admin/invites/1/revoke", "").await);
    let refused = server.begin_sign_up("carol@example.org", Some(token)).await.err().unwrap();
    refused.expect_problem(InviteExpired);
    let before = server.rows();
    for uses in ["0", &(USES_MAX + 1).to_string(), "-1", "many", ""] {
        let reply = send(&server, &alice, "/admin/invites", &format!("uses={uses}")).await;
        assert_eq!(reply.status, 422, "{uses}: {}", reply.body);
    }
    assert_eq!(server.rows(), before);
    assert_eq!(send(&server, &alice, "/admin/invites", &format!("uses={USES_MAX}")).await.status, 201);
    assert_eq!(invites::list(&server.database()).unwrap()[0].uses, USES_MAX);
}

#[rocket::async_test]
async fn a_word_to_everyone_is_shown_as_it_was_written_until_it_is_taken_away() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.sign_up("alice@example.org").await, server.sign_up("bob@example.org").await);
    promote(&server, &alice);
    leads_back(&send(&server, &alice, "/admin/announcement", "text=+Away+on+<b>Sunday</b>.%0D%0ASorry+").await);
    let home = page(&server, &bob, "/home").await.body;
    assert!(home.contains("Away on &lt;b&gt;Sunday&lt;"), "{home}");
    let longest = "é".repeat(ANNOUNCEMENT_CHARS_MAX);
    leads_back(&send(&server, &alice, "/admin/announcement", &format!("text={longest}")).await);
    assert!(page(&server, &bob, "/home").await.body.contains(&longest));
    let longer = send(&server, &alice, "/admin/announcement", &format!("text={longest}e")).await;
    assert_eq!(longer.status, 413, "{}", longer.body);
    assert!(page(&server, &bob, "/home").await.body.contains(&longest), "the one before stays");
    leads_back(&send(&server, &alice, "/admin/announcement", "text=+").await);
    assert!(!page(&server, &bob, "/home").await.body.contains("class=\"announcement\""));
    assert!(page(&server, &alice, "/admin").await.body.contains("took the word to everyone away"));
}

/// Requirement: S5
#[rocket::async_test]
async fn the_page_shows_no_contacts_and_nothing_that_is_written() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.sign_up("alice@example.org").await, server.sign_up("bob@example.org").await);
    let carol = server.sign_up("carol@example.org").await;
    promote(&server, &alice);
    let before = page(&server, &alice, "/admin").await.body;
    server.add(&bob, &carol).await;
    server.add(&carol, &bob).await;
    assert_eq!(page(&server, &alice, "/admin").await.body, before, "who knows whom does not show");
    let post = SendMessages { envelopes: vec![letter(1, &bob, &carol)], ..Default::default() };
    let _: MessagesSent = server.post(&bob, "/messages", &post).await.expect(201);
    let after = page(&server, &alice, "/admin").await.body;
    let changed = before.lines().zip(after.lines()).filter(|(before, after)| before != after).count();
    assert!(changed <= 2, "how many wait, and what all take together");
    assert_eq!(before.lines().count(), after.lines().count());
}
