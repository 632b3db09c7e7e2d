//! The choice of language.

use crate::words::{LANGUAGE_COOKIE, Language};
use rocket::{
    FromForm, Route,
    form::Form,
    http::{Cookie, CookieJar, SameSite, uri::Origin},
    post,
    response::Redirect,
    routes,
    time::Duration,
    uri,
};

pub fn routes() -> Vec<Route> {
    routes![choose]
}

#[derive(Debug, FromForm)]
struct Choice<'r> {
    language: &'r str,
    /// The page to come back to.
    next: Option<&'r str>,
}

/// A language that is not spoken changes nothing.
#[post("/language", data = "<choice>")]
fn choose(jar: &CookieJar<'_>, choice: Form<Choice<'_>>) -> Redirect {
    if let Some(language) = Language::from_code(choice.language) {
        let cookie = Cookie::build((LANGUAGE_COOKIE, language.code()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(Duration::days(365));
        jar.add(cookie);
    }
    Redirect::to(choice.next.and_then(own_page).unwrap_or_else(|| uri!("/")))
}

/// Only a page of this server: `//elsewhere` and `/\elsewhere` lead away in a browser.
fn own_page(next: &str) -> Option<Origin<'static>> {
    let led_away = next.starts_with("//") || next.contains(['\\', '\r', '\n', '\t']);
    if led_away { None } else { Origin::parse_owned(next.to_owned()).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_back_to_pages_of_this_server_and_nowhere_else() {
        assert_eq!(own_page("/home?with=bob%40example.org").unwrap().to_string(), "/home?with=bob%40example.org");
        for elsewhere in ["//evil.example", "/\\evil.example", "https://evil.example/", "evil", "", "/\t/evil.example"]
        {
            assert!(own_page(elsewhere).is_none(), "{elsewhere:?}");
        }
    }
}
