//! What kind of answer a request asks for.

use rocket::{
    Request,
    http::{Accept, MediaType},
};

/// Whether HTML is asked for before anything else. A browser that opens an address asks for it in any case: WebKit says
/// `*/*` when a service worker passes that on.
pub fn prefers_html(request: &Request<'_>) -> bool {
    is_navigation(request) || prefers(request, |media_type| *media_type == MediaType::HTML)
}

/// Whether JSON is asked for before anything else. A request that says nothing, or `*/*`, does not.
pub fn prefers_json(request: &Request<'_>) -> bool {
    let is_json = |media_type: &MediaType| {
        let sub = media_type.sub().as_str();
        media_type.top() == "application" && (sub == "json" || sub.ends_with("+json"))
    };
    !is_navigation(request) && prefers(request, is_json)
}

/// Whether htmx asks for a part of a page. It names the type when it wants the whole.
pub fn is_htmx(request: &Request<'_>) -> bool {
    let headers = request.headers();
    headers.get_one("HX-Request") == Some("true") && headers.get_one("HX-Request-Type") != Some("full")
}

fn is_navigation(request: &Request<'_>) -> bool {
    request.headers().get_one("Sec-Fetch-Mode") == Some("navigate")
}

fn prefers(request: &Request<'_>, wanted: impl Fn(&MediaType) -> bool) -> bool {
    request.accept().map(Accept::preferred).is_some_and(|preferred| wanted(preferred.media_type()))
}
