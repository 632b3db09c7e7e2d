//! The conversation as the self-hosting guide sets it up: HTTPS, a name, a reverse proxy in front.

use crate::person::{Person, meet};
use crate::reverse_proxy::{NAME, ReverseProxy};
use crate::support::certificates::Pair;
use crate::support::program::Program;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_through_nginx_as_the_guide_configures_it() {
    talk_through(ReverseProxy::nginx).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_through_caddy_as_the_guide_configures_it() {
    talk_through(ReverseProxy::caddy).await;
}

/// In HTTP/2, which no proxy takes apart on the way.
#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_without_a_proxy_when_the_server_speaks_https_itself() {
    let house = tempfile::tempdir().unwrap();
    let tls = Pair::write(house.path(), NAME, 1, 30).setting();
    let server = Program::start_with_pages(house.path(), &[("ROCKET_TLS", &tls)]);
    talk(house.path(), &format!("https://{NAME}:{}", server.port)).await;
}

async fn talk_through(start: impl Fn(&Path, u16) -> ReverseProxy) {
    let house = tempfile::tempdir().unwrap();
    // The guide says so, together with the proxy's line that sets the header.
    let server = Program::start_with_pages(house.path(), &[("ROCKET_IP_HEADER", "X-Real-IP")]);
    let proxy = start(house.path(), server.port);
    talk(house.path(), &proxy.url()).await;
}

async fn talk(house: &Path, url: &str) {
    let alice = Person::arrive(house, "alice", url).await;
    let bob = Person::arrive(house, "bob", url).await;
    alice.sign_up().await;
    bob.sign_up().await;
    meet(&alice, &bob).await;
    alice.send("through the proxy").await;
    bob.until_reads(&["through the proxy"]).await;
    bob.send("and back").await;
    alice.until_reads(&["through the proxy", "and back"]).await;

    let cookie = alice.tab.cookie("__Host-cliquet").await;
    assert_eq!((cookie.http_only(), cookie.secure()), (Some(true), Some(true)));
    assert_eq!(cookie.same_site().map(|rule| rule.to_string()).as_deref(), Some("Strict"));
}
