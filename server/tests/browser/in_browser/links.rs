//! Links on other sites that lead here.

use crate::stage::Stage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Another site, with one page that has one link. To a browser `127.0.0.1` is another site than `localhost`.
async fn another_site(link: String) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let page = format!("<!doctype html><title>Elsewhere</title><a id=\"link\" href=\"{link}\">Read on</a>");
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
            page.len()
        );
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}/")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_on_another_site_opens_the_conversation_of_who_is_signed_in() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    bob.send("come and see").await;
    alice.until_reads(&["come and see"]).await;
    let site = another_site(alice.url(&format!("/home?with={}", bob.email))).await;
    // Once as the pages left the browser, with a service worker or not; once certainly without.
    for without_worker in [false, true] {
        if without_worker {
            let unregister = "navigator.serviceWorker.getRegistrations()
                .then(all => Promise.all(all.map(one => one.unregister()))).then(() => window.unregistered = true)";
            alice.tab.ask(unregister, vec![]).await;
            alice.tab.until("no worker", "window.unregistered", vec![]).await;
        }
        alice.tab.goto(&site).await;
        alice.tab.click("#link").await;
        alice.until_home().await;
        alice.tab.until_shown(&format!("section[data-conversation='{}']", bob.email)).await;
        alice.until_reads(&["come and see"]).await;
        alice.tab.back().await;
        alice.tab.until("the other site again", "document.title === 'Elsewhere'", vec![]).await;
        alice.tab.goto(&alice.url("/home")).await;
        alice.until_home().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_on_another_site_leads_a_stranger_to_the_sign_in_page() {
    let stage = Stage::set().await;
    let stranger = stage.person("stranger").await;
    let site = another_site(stranger.url("/home?with=bob@example.org")).await;
    stranger.tab.goto(&site).await;
    stranger.tab.click("#link").await;
    stranger.tab.until_shown("form#sign-in").await;
    assert_eq!(stranger.tab.path().await, "/sign-in");
}
