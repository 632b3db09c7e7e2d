//! The largest post through the proxies, as the guide sets them up: none of them stops it before Cliquet does.

use crate::{
    support::{
        reverse_proxy::{NAME, ReverseProxy},
        seeded::{letter, post_of, seeded, serve},
    },
    trickle::Tls,
};
use cliquet_wire::limits::POST_BYTES_MAX;
use std::path::Path;

#[test]
fn r10_the_largest_post_passes_behind_proxy_nginx() {
    passes_through(ReverseProxy::nginx);
}

#[test]
fn r10_the_largest_post_passes_behind_proxy_caddy() {
    passes_through(ReverseProxy::caddy);
}

fn passes_through(start: impl Fn(&Path, u16) -> ReverseProxy) {
    let (folder, people) = seeded(2);
    let server = serve(folder.path(), "sqlite");
    let house = tempfile::tempdir().unwrap();
    let proxy = start(house.path(), server.address().port());
    let port: u16 = proxy.url().rsplit(':').next().unwrap().parse().unwrap();
    let answer = |bytes: usize| {
        let body = post_of(&letter(1, &people[0], &people[1]));
        let spaces = " ".repeat(bytes - body.len());
        let mut client = Tls::to(port);
        client.says(&format!(
            "POST /messages HTTP/1.1\r\nHost: {NAME}:{port}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n{body}{spaces}",
            people[0].token
        ));
        client.hears()
    };
    let largest = answer(POST_BYTES_MAX);
    assert!(largest.starts_with("HTTP/1.1 201 "), "{largest}");
    let past = answer(POST_BYTES_MAX + 1);
    assert!(past.starts_with("HTTP/1.1 413 ") && past.contains("too-large"), "Cliquet says it: {past}");
}
