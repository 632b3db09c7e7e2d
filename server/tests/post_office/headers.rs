//! The security headers, on every answer.

use crate::support::office::{Office, bearer, to_host};
use cliquet_wire::problem::{Problem, ProblemCode};
use rocket::{
    http::{Accept, ContentType, Header, Status},
    local::asynchronous::LocalResponse,
};

fn value(response: &LocalResponse<'_>, what: &str, name: &str) -> String {
    let values: Vec<_> = response.headers().get(name).collect();
    assert_eq!(values.len(), 1, "{what}: {name} {values:?}");
    values[0].to_owned()
}

/// On every answer, whatever it is.
fn assert_headers(response: &LocalResponse<'_>, what: &str) {
    let policy = value(response, what, "Content-Security-Policy");
    assert!(policy.starts_with("default-src 'none'; "), "{what}: {policy}");
    for directive in ["frame-ancestors 'none'", "require-trusted-types-for 'script'"] {
        assert!(policy.split("; ").any(|part| part == directive), "{what}: {directive} in {policy}");
    }
    let based = policy.split("; ").any(|part| part == "base-uri 'none'" || part == "sandbox");
    assert!(based, "{what}: neither base-uri nor sandbox in {policy}");
    assert!(!policy.contains("'unsafe-") && !policy.contains('*') && !policy.contains("data:"), "{what}: {policy}");
    assert_eq!(value(response, what, "X-Content-Type-Options"), "nosniff", "{what}");
    assert_eq!(value(response, what, "Referrer-Policy"), "no-referrer", "{what}");
    assert_eq!(value(response, what, "Cross-Origin-Resource-Policy"), "same-origin", "{what}");
    value(response, what, "Cache-Control");
}

/// On what a browser shows.
fn assert_page_headers(response: &LocalResponse<'_>, what: &str) {
    let policy = value(response, what, "Content-Security-Policy");
    let trusted = "trusted-types cliquet cliquet-worker";
    for directive in ["script-src 'self' 'wasm-unsafe-eval'", "form-action 'self'", "worker-src 'self'", trusted] {
        assert!(policy.split("; ").any(|part| part == directive), "{what}: {directive} in {policy}");
    }
    // What the page itself makes is shown as a picture, a film or a sound, and as nothing else.
    let made = policy.split("; ").filter(|part| part.contains("blob:"));
    assert_eq!(made.collect::<Vec<_>>(), ["img-src 'self' blob:", "media-src 'self' blob:"], "{what}");
    assert_eq!(value(response, what, "X-Frame-Options"), "DENY", "{what}");
    assert_eq!(value(response, what, "Cross-Origin-Embedder-Policy"), "require-corp", "{what}");
    assert_eq!(value(response, what, "Cross-Origin-Opener-Policy"), "same-origin", "{what}");
    assert!(value(response, what, "Permissions-Policy").contains("geolocation=()"), "{what}");
}

#[rocket::async_test]
async fn every_answer_carries_them_errors_too() {
    let office = Office::open().await;
    let alice = office.person("alice");
    let answers = [
        ("a page", office.client.get("/sign-in").header(Accept::HTML).dispatch().await, Status::Ok),
        ("a page not there", office.client.get("/nothing").header(Accept::HTML).dispatch().await, Status::NotFound),
        ("health", office.client.get("/health").dispatch().await, Status::Ok),
        ("the worker", office.client.get("/service-worker.js").dispatch().await, Status::Ok),
        ("nothing there", office.client.get("/nothing/there").dispatch().await, Status::NotFound),
        ("signed out", office.client.get("/contacts").dispatch().await, Status::Unauthorized),
        ("another site", office.client.post("/poll").dispatch().await, Status::Forbidden),
        (
            "malformed",
            office.client.post("/poll").header(bearer(&alice)).body("{").dispatch().await,
            Status::UnprocessableEntity,
        ),
        (
            "too large",
            office.client.post("/poll").header(bearer(&alice)).body(" ".repeat(50_000)).dispatch().await,
            Status::PayloadTooLarge,
        ),
    ];
    for (what, response, status) in answers {
        assert_eq!(response.status(), status, "{what}");
        assert_headers(&response, what);
        if what.starts_with("a page") {
            assert_page_headers(&response, what);
        }
    }
}

#[rocket::async_test]
async fn what_is_no_page_may_do_nothing() {
    let office = Office::open().await;
    let response = office.client.get("/health").dispatch().await;
    let policy = value(&response, "health", "Content-Security-Policy");
    assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'; sandbox; require-trusted-types-for 'script'");
}

#[rocket::async_test]
async fn the_service_worker_may_ask_this_server_and_nothing_else() {
    let office = Office::open().await;
    let response = office.client.get("/service-worker.js").dispatch().await;
    let policy = value(&response, "the worker", "Content-Security-Policy");
    assert!(policy.starts_with("default-src 'none'; connect-src 'self'; "), "{policy}");
    assert!(policy.ends_with("require-trusted-types-for 'script'; trusted-types 'none'"), "{policy}");
}

#[rocket::async_test]
async fn a_page_is_compressed_for_who_takes_that_and_a_list_of_people_never() {
    let office = Office::open().await;
    let alice = office.person("alice");
    let get = |path: &'static str, encodings: &'static str| {
        let request = office.client.get(path).header(Accept::HTML).header(bearer(&alice));
        request.header(Header::new("Accept-Encoding", encodings)).dispatch()
    };
    let plain = get("/home", "identity").await;
    assert_eq!(plain.headers().get_one("Content-Encoding"), None);
    let plain = plain.into_bytes().await.unwrap();
    let small = get("/home", "gzip, deflate, br").await;
    assert_eq!(small.headers().get_one("Content-Encoding"), Some("br"));
    let small = small.into_bytes().await.unwrap();
    assert!(small.len() * 2 < plain.len(), "{} of {}", small.len(), plain.len());
    let mut unpacked = Vec::new();
    brotli::BrotliDecompress(&mut &*small, &mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
    for path in ["/contacts", "/devices"] {
        let list = get(path, "gzip, deflate, br").await;
        assert_eq!((list.status(), list.headers().get_one("Content-Encoding")), (Status::Ok, None), "{path}");
    }
}

#[rocket::async_test]
async fn what_is_private_is_not_kept() {
    let office = Office::open().await;
    for path in ["/sign-in", "/contacts", "/health", "/nothing"] {
        let response = office.client.get(path).dispatch().await;
        assert_eq!(response.headers().get_one("Cache-Control"), Some("no-store"), "{path}");
    }
}

#[rocket::async_test]
async fn tls_is_asked_for_everywhere_but_on_this_machine() {
    let office = Office::open().await;
    let asks = async |host: &'static str| {
        let response = to_host(office.client.get("/health"), host).dispatch().await;
        response.headers().contains("Strict-Transport-Security")
    };
    assert!(asks("chat.example.org").await);
    assert!(asks("chat.example.org:8443").await);
    for host in ["localhost:8000", "127.0.0.1:8000", "localhost"] {
        assert!(!asks(host).await, "{host}");
    }
}

#[rocket::async_test]
async fn a_program_gets_a_problem_and_a_person_a_page_in_their_language() {
    let office = Office::open().await;
    let get = |accept: Accept| office.client.get("/nothing").header(accept);
    let problem: Problem = get(Accept::JSON).dispatch().await.into_json().await.unwrap();
    assert_eq!(problem.code, ProblemCode::NotFound);
    assert_eq!(problem.kind, "/problems#not-found");
    let english = get(Accept::HTML).dispatch().await;
    assert_eq!(english.content_type(), Some(ContentType::HTML));
    let english = english.into_string().await.unwrap();
    assert!(english.starts_with("<!doctype html>") || english.starts_with("<!DOCTYPE html>"), "{english}");
    assert!(english.contains(&problem.title));
    let french = get(Accept::HTML).header(Header::new("Accept-Language", "fr")).dispatch().await;
    assert!(!french.into_string().await.unwrap().contains(&problem.title));
    let fragment = get(Accept::HTML).header(Header::new("HX-Request", "true")).dispatch().await;
    let fragment = fragment.into_string().await.unwrap();
    assert!(fragment.contains("data-problem=\"not-found\"") && !fragment.contains("<html"), "{fragment}");
}

#[rocket::async_test]
async fn the_server_says_that_it_is_well() {
    let office = Office::open().await;
    let response = office.client.get("/health").dispatch().await;
    assert_eq!(response.into_string().await.unwrap(), r#"{"status":"ok"}"#);
}
