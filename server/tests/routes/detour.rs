//! A link on another site opens the page for who is signed in, by one detour.

use crate::support::house::{Person, Reply, TestServer};
use rocket::http::Method;

const HOME: &str = "/home?with=bob%40example.org";

/// As a browser that follows a link, with or without its cookie.
async fn follow(server: &TestServer, who: Option<&Person>, path: &str, site: &'static str) -> Reply {
    let headers = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate"), ("Accept", "text/html")];
    server.ask(Method::Get, who, path, Vec::new(), &headers).await
}

#[rocket::async_test]
async fn a_link_on_another_site_leads_to_the_page_by_way_of_this_site() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    for site in ["cross-site", "same-site"] {
        // The browser keeps a strict cookie to itself.
        let detour = follow(&server, None, HOME, site).await;
        assert_eq!(detour.status, 200);
        assert!(
            detour.body.contains(&format!("<meta http-equiv=\"refresh\" content=\"0; url={HOME}\">")),
            "{}",
            detour.body
        );
        assert!(detour.body.contains(&format!("<a href=\"{HOME}\">")), "for who has such refreshes turned off");
        assert!(!detour.body.contains("alice"));
        // The service worker keeps pages whose policy lets scripts run: this is none of them.
        assert!(!detour.header("Content-Security-Policy").unwrap().contains("script-src"));
        assert_eq!(detour.header("Cache-Control"), Some("no-store"));
    }
    // The second time this site leads there.
    let home = follow(&server, Some(&alice), HOME, "same-origin").await;
    assert!(home.status == 200 && home.body.contains("data-conversation=\"bob@example.org\""), "{}", home.body);
    let signed_out = follow(&server, None, HOME, "same-origin").await;
    assert_eq!((signed_out.status, signed_out.header("Location")), (303, Some("/sign-in")), "no loop");
}

#[rocket::async_test]
async fn every_page_of_who_is_signed_in_takes_the_detour_and_nothing_else_does() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    // Opens itself again; some pages open home instead, in their own way.
    let is_detour = |reply: &Reply, page: &str| reply.body.contains(&format!("content=\"0; url={page}\""));
    for page in ["/", "/home", "/devices", "/safety"] {
        assert!(is_detour(&follow(&server, None, page, "cross-site").await, page), "{page}");
        assert!(!is_detour(&follow(&server, Some(&alice), page, "cross-site").await, page), "{page} with a cookie");
        assert!(!is_detour(&follow(&server, None, page, "none").await, page), "{page} typed in");
        let fetched = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")];
        let fetched = server.ask(Method::Get, None, page, Vec::new(), &fetched).await;
        assert!(!is_detour(&fetched, page), "{page} fetched");
    }
    for other in ["/sign-in", "/sign-up", "/transparency", "/contacts", "/vault"] {
        assert!(!is_detour(&follow(&server, None, other, "cross-site").await, other), "{other}");
    }
    assert_eq!(follow(&server, None, "/.detour", "none").await.status, 404);
}

#[rocket::async_test]
async fn what_a_link_says_stays_within_the_address() {
    let server = TestServer::start().await;
    for query in ["%22%3E%3Cscript%3E", "'onmouseover='x", "a;url=//evil.example", "//evil.example"] {
        let detour = follow(&server, None, &format!("/home?with={query}"), "cross-site").await;
        assert!(!detour.body.contains("<script") && !detour.body.contains("='x"), "{}", detour.body);
        assert!(detour.body.contains("content=\"0; url=/home?with="), "{}", detour.body);
    }
}
