//! Requests that another site makes in somebody's name.

use crate::support::office::{Office, bearer, problem, to_host};
use cliquet_wire::problem::ProblemCode;
use rocket::{
    http::{Cookie, Header, Method},
    local::asynchronous::LocalRequest,
};

const HOST: &str = "chat.example.org";

/// Whether the door lets this through. What stands behind it may refuse for its own reasons.
async fn is_let_in(request: LocalRequest<'_>, headers: &[(&'static str, &'static str)]) -> bool {
    let request = to_host(request, HOST);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(Header::new(*name, *value)));
    let response = request.dispatch().await;
    if response.status().code != 403 {
        return true;
    }
    problem(response).await != ProblemCode::ForeignOrigin
}

#[rocket::async_test]
async fn every_unsafe_route_refuses_what_does_not_come_from_here() {
    let office = Office::open().await;
    let foreign: [&[(&str, &str)]; 11] = [
        &[],
        &[("Origin", "null")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "https://chat.example.org.evil.example")],
        &[("Origin", "https://chat.example.org:8443")],
        &[("Origin", "file://chat.example.org")],
        &[("Origin", "https://chat.example.org"), ("Sec-Fetch-Site", "cross-site")],
        &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", "https://chat.example.org"), ("Origin", "https://evil.example")],
    ];
    let routes: Vec<(Method, String)> =
        office.client.rocket().routes().map(|route| (route.method, route.uri.to_string())).collect();
    let mut unsafe_routes = 0;
    for (method, path) in routes.iter().filter(|(method, _)| !matches!(method, Method::Get | Method::Head)) {
        // What is shared with the app comes from no page; see below.
        if path == "/share" {
            continue;
        }
        unsafe_routes += 1;
        // What stands for an id does not matter: nobody comes that far.
        let path = path.replace(['<', '>'], "");
        for headers in foreign {
            let request = office.client.req(*method, path.clone());
            assert!(!is_let_in(request, headers).await, "{method} {path} {headers:?}");
        }
    }
    assert!(unsafe_routes >= 15, "{unsafe_routes}");
}

#[rocket::async_test]
async fn what_is_shared_is_answered_wherever_it_comes_from_and_not_read() {
    let office = Office::open().await;
    let from: [&[(&str, &str)]; 4] = [
        &[],
        &[("Sec-Fetch-Site", "none"), ("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")],
        &[("Sec-Fetch-Site", "same-origin")],
    ];
    // A body that no route takes: too large, and nothing of what its type says.
    let body = "canary of a shared text ".repeat(1 << 18);
    for headers in from {
        let request = to_host(office.client.post("/share"), HOST);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(Header::new(*name, *value)));
        let form = Header::new("Content-Type", "multipart/form-data; boundary=----x");
        let request = request.header(form).header(Header::new("Accept", "text/html")).body(&body);
        let response = request.dispatch().await;
        assert_eq!(response.status().code, 200, "{headers:?}");
        assert!(response.headers().get("Set-Cookie").next().is_none());
        let page = response.into_string().await.unwrap();
        assert!(page.contains("Nothing was shared") && !page.contains("canary"), "{page}");
    }
}

#[rocket::async_test]
async fn what_comes_from_here_is_let_in() {
    let office = Office::open().await;
    let ours: [&[(&str, &str)]; 6] = [
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "null")],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "https://chat.example.org")],
        &[("Origin", "https://chat.example.org")],
        &[("Origin", "https://CHAT.example.org:443")],
        &[("Origin", "http://chat.example.org")],
    ];
    for headers in ours {
        assert!(is_let_in(office.client.post("/poll"), headers).await, "{headers:?}");
    }
}

#[rocket::async_test]
async fn reading_is_open_to_all_and_programs_with_a_token_need_no_origin() {
    let office = Office::open().await;
    let alice = office.person("alice");
    assert!(is_let_in(office.client.get("/health"), &[("Origin", "https://evil.example")]).await);
    let program = || office.client.post("/poll").header(bearer(&alice)).body(r#"{"cursor":0,"wait_seconds":0}"#);
    assert!(is_let_in(program(), &[]).await);
    assert!(!is_let_in(program(), &[("Origin", "https://evil.example")]).await);
    for name in ["cliquet", "__Host-cliquet"] {
        assert!(!is_let_in(program().cookie(Cookie::new(name, "x")), &[]).await, "a cookie makes it a browser");
    }
}

#[rocket::async_test]
async fn a_proxy_may_name_the_port_in_the_host_and_must_name_the_host() {
    let office = Office::open().await;
    let post = |origin: &'static str| office.client.post("/poll").header(Header::new("Origin", origin));
    let is_foreign =
        async |request: LocalRequest<'_>| problem(request.dispatch().await).await == ProblemCode::ForeignOrigin;
    // As docs/nginx.conf does: HTTP/3 has no header of that name.
    assert!(!is_foreign(to_host(post("https://chat.example.org"), "chat.example.org:443")).await);
    assert!(!is_foreign(to_host(post("https://chat.example.org:8443"), "chat.example.org:8443")).await);
    assert!(is_foreign(to_host(post("https://chat.example.org:8443"), "chat.example.org:443")).await);
    assert!(is_foreign(post("https://chat.example.org")).await, "no host at all");
}
