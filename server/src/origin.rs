//! Refuses unsafe requests that come from another site (CSRF).
//!
//! Owns the decision, before any guard or handler runs, for every route there is or will be. Knows nothing of them.
//!
//! A browser says where a request comes from: in `Sec-Fetch-Site`, which no page can forge, or in `Origin`. What says
//! neither, or says another site, is refused. A program that shows a bearer token says nothing and needs nothing: no
//! page of another site can make a browser send one, because it must ask first (CORS) and is never allowed.

use crate::{cookies, problem_response::ProblemResponse, routes::offline::SHARE};
use cliquet_wire::problem::ProblemCode;
use rocket::{
    Data, Request,
    fairing::{Fairing, Info, Kind},
    http::{Method, uri::Absolute},
    uri,
};

#[derive(Clone, Copy, Debug)]
pub struct OriginCheck;

#[rocket::async_trait]
impl Fairing for OriginCheck {
    fn info(&self) -> Info {
        Info { name: "Same origin", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        if is_safe(request.method()) || is_share(request) || is_ours(request) || is_program(request) {
            return;
        }
        // A fairing cannot answer: the request is led where no route is, and the catcher finds the answer in it.
        request.local_cache(|| Some(ProblemResponse::new(ProblemCode::ForeignOrigin)));
        request.set_uri(uri!("/.foreign-origin"));
    }
}

/// RFC 9110 section 9.2.1.
fn is_safe(method: Method) -> bool {
    matches!(method, Method::Get | Method::Head | Method::Options | Method::Trace)
}

/// What a system shares with the app comes from no page. The route reads nothing and changes nothing, as safe methods do.
fn is_share(request: &Request<'_>) -> bool {
    request.uri().path() == SHARE
}

fn is_ours(request: &Request<'_>) -> bool {
    let headers = request.headers();
    // Several values are nobody's honest request.
    let mut sites = headers.get("Sec-Fetch-Site");
    let mut origins = headers.get("Origin");
    match (sites.next(), sites.next(), origins.next(), origins.next()) {
        (_, Some(_), _, _) | (_, _, _, Some(_)) => false,
        // A form's `Origin` is `null` because our pages send no referrer (Fetch, "append a request Origin header"); a
        // sandboxed frame's is `null` too, but it is never of the same origin.
        (Some("same-origin"), None, None | Some("null"), None) => true,
        (Some("same-origin") | None, None, Some(origin), None) => is_host(request, origin),
        _ => false,
    }
}

/// Whether the origin's host and port are those that the request was sent to. The scheme is not known behind a proxy;
/// the cookie is `SameSite=Strict`, for which another scheme is another site.
fn is_host(request: &Request<'_>, origin: &str) -> bool {
    let (Some(host), Ok(origin)) = (request.host(), Absolute::parse(origin)) else { return false };
    let default_port = match origin.scheme() {
        "https" => 443,
        "http" => 80,
        _ => return false,
    };
    origin.authority().is_some_and(|authority| {
        authority.user_info().is_none()
            && authority.host().eq_ignore_ascii_case(host.domain().as_str())
            && authority.port().unwrap_or(default_port) == host.port().unwrap_or(default_port)
    })
}

/// Shows a bearer token, no cookie, and comes from no page.
fn is_program(request: &Request<'_>) -> bool {
    let headers = request.headers();
    let jar = request.cookies();
    headers.get_one("Authorization").is_some_and(|value| value.starts_with("Bearer "))
        && headers.get_one("Origin").is_none()
        && matches!(headers.get_one("Sec-Fetch-Site"), None | Some("none"))
        && jar.get(cookies::COOKIE).is_none()
        && jar.get(cookies::COOKIE_WITHOUT_TLS).is_none()
}
