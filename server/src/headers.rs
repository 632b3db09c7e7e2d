//! Security headers on every answer, errors and catchers included.
//!
//! Owns what browsers are told not to do. Knows nothing of what is answered.

use crate::{accept, config::Config, detour, routes::offline::SERVICE_WORKER};
use rocket::{
    Request, Response,
    fairing::{Fairing, Info, Kind},
    http::{Header, uri::Host},
};
use std::borrow::Cow;

/// The names of the Trusted Types policies: our module makes the first and hands it to htmx; the second takes one address,
/// the service worker's.
const TRUSTED_TYPES: &str = "cliquet cliquet-worker";

/// What a page may load and do. Pictures, films and sounds are opened on the page itself, and shown as `blob:`: nothing else
/// may be one. Long films and sounds have an address of this site that only the service worker answers. All else is
/// forbidden: inline scripts and styles, frames, other sites, and strings that turn into markup but through the named policy.
pub fn page_policy() -> String {
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; \
         media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types {TRUSTED_TYPES}"
    )
}

/// The same for whatever is no page: if a browser is led to show it, it may do nothing at all. `sandbox` takes scripts,
/// forms and its origin away.
const OTHER_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox; require-trusted-types-for 'script'";

/// What the service worker may do: ask this server.
const WORKER_POLICY: &str = "default-src 'none'; connect-src 'self'; form-action 'none'; base-uri 'none'; \
                             frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// On every answer.
const ALWAYS: [(&str, &str); 3] = [
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
];

/// On what a browser shows as a page; elsewhere they say nothing and weigh. `X-Frame-Options` is for browsers that do
/// not know `frame-ancestors`.
const ON_PAGES: [(&str, &str); 5] = [
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    (
        "Permissions-Policy",
        "camera=(self), display-capture=(), geolocation=(), hid=(), microphone=(self), payment=(), publickey-credentials-get=(), \
         serial=(), usb=()",
    ),
    ("X-Robots-Tag", "noindex, nofollow"),
];

/// Two years. Not for subdomains: they may be others'.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=63072000";

#[derive(Debug)]
pub struct Headers {
    page_policy: String,
}

impl Headers {
    pub fn fairing() -> Self {
        Self { page_policy: page_policy() }
    }
}

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "Security headers", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        for (name, value) in ALWAYS {
            response.set_header(Header::new(name, value));
        }
        // No link or form can make a browser show what was answered to htmx: they cannot send its header.
        let is_html = response.content_type().is_some_and(|content_type| content_type.is_html());
        if is_html && !accept::is_htmx(request) {
            for (name, value) in ON_PAGES {
                response.set_header(Header::new(name, value));
            }
            let is_detour = request.uri().path() == "/.detour";
            let policy = if is_detour { detour::POLICY.into() } else { Cow::from(self.page_policy.clone()) };
            response.set_header(Header::new("Content-Security-Policy", policy));
        } else if request.uri().path() == SERVICE_WORKER {
            response.set_header(Header::new("Content-Security-Policy", WORKER_POLICY));
        } else {
            response.set_header(Header::new("Content-Security-Policy", OTHER_POLICY));
        }
        if is_behind_tls(request) {
            response.set_header(Header::new("Strict-Transport-Security", STRICT_TRANSPORT_SECURITY));
        }
        // A handler whose answer is public says so itself. Every other answer is for one person.
        if !response.headers().contains("Cache-Control") {
            response.set_header(Header::new("Cache-Control", "no-store"));
        }
    }
}

/// Browsers ignore the header over plain HTTP. On this machine it would lock other programs' ports into TLS.
fn is_behind_tls(request: &Request<'_>) -> bool {
    let insecure = request.rocket().state::<Config>().is_some_and(|config| config.insecure_cookie);
    !insecure && !request.host().is_some_and(is_local)
}

fn is_local(host: &Host<'_>) -> bool {
    matches!(host.domain().as_str(), "localhost" | "127.0.0.1" | "[::1]")
}
