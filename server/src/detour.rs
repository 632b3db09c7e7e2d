//! The detour of a page that was opened by a link on another site.
//!
//! The sign-in cookie is `SameSite=Strict`: a browser does not send it when another site leads here, so that a person
//! who is signed in would look signed out. Such a request is answered by a page that opens the same address again. That
//! time it is this site that leads there, and the cookie comes along.
//!
//! Owns which requests take the detour. Nothing is changed by it: what changes something is refused by `origin` when it comes
//! from another site.

use crate::cookies;
use rocket::{
    Data, Request,
    fairing::{Fairing, Info, Kind},
    http::{Method, ext::IntoOwned, uri::Origin},
    request::{FromRequest, Outcome},
    uri,
};
use std::convert::Infallible;

/// The pages that show something else to who is signed in, and turn everyone else away.
const PAGES: [&str; 4] = ["/", "/home", "/devices", "/safety"];

/// What the page of the detour may do: nothing but show itself.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                          frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

#[derive(Clone, Copy, Debug)]
pub struct Detour;

#[rocket::async_trait]
impl Fairing for Detour {
    fn info(&self) -> Info {
        Info { name: "Detour of links on other sites", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        if !PAGES.contains(&request.uri().path().as_str()) || !comes_from_elsewhere(request) {
            return;
        }
        let asked = request.uri().clone().into_owned();
        request.local_cache(|| Some(asked));
        request.set_uri(uri!("/.detour"));
    }
}

/// A page that another site opens, without our cookie. The second time the browser says `same-origin`: there is no loop.
fn comes_from_elsewhere(request: &Request<'_>) -> bool {
    let header = |name| request.headers().get_one(name);
    let jar = request.cookies();
    request.method() == Method::Get
        && matches!(header("Sec-Fetch-Site"), Some("cross-site" | "same-site"))
        && header("Sec-Fetch-Mode") == Some("navigate")
        && header("Authorization").is_none_or(|value| !value.starts_with("Bearer "))
        && jar.get(cookies::COOKIE).is_none()
        && jar.get(cookies::COOKIE_WITHOUT_TLS).is_none()
}

/// The address that was asked for. Nobody else reaches the route that takes this guard.
#[derive(Debug)]
pub struct AskedFor(pub Origin<'static>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for AskedFor {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        match request.local_cache(|| None::<Origin<'static>>) {
            Some(asked) => Outcome::Success(Self(asked.clone())),
            None => Outcome::Forward(rocket::http::Status::NotFound),
        }
    }
}
