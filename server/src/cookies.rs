//! The two cookies of a browser: its sign-in, and the token by which it is known after it has signed out.
//!
//! Owns their names and how they are set. Knows nothing of what they open.

use crate::{
    config::Config,
    error::Error,
    known_browsers::{self, Renewal},
    sign_ins,
    token::Token,
};
use rocket::{
    Request,
    http::{Cookie, CookieJar, SameSite, uri::Host},
    request::{FromRequest, Outcome},
    time::Duration,
};

/// `__Host-`: the browser takes it only with Secure, Path=/ and no Domain, so that no neighbour sets it (RFC 6265bis
/// section 4.1.3.2). Where there is no TLS a browser would refuse it.
pub use cliquet_wire::sign_in::{SIGN_IN_COOKIE as COOKIE, SIGN_IN_COOKIE_WITHOUT_TLS as COOKIE_WITHOUT_TLS};
/// The same for the browser's token.
pub const BROWSER_COOKIE: &str = "__Host-cliquet-browser";
pub const BROWSER_COOKIE_WITHOUT_TLS: &str = "cliquet-browser";

/// Whether browsers reach this server through TLS. They must, but on the machine itself, or where the host said so.
#[derive(Clone, Copy, Debug)]
struct Tls(bool);

impl Tls {
    fn of(request: &Request<'_>) -> Self {
        let insecure_cookie = request.rocket().state::<Config>().is_some_and(|config| config.insecure_cookie);
        Self(!insecure_cookie && !request.host().is_some_and(is_local))
    }

    fn sign_in_name(self) -> &'static str {
        if self.0 { COOKIE } else { COOKIE_WITHOUT_TLS }
    }

    fn browser_name(self) -> &'static str {
        if self.0 { BROWSER_COOKIE } else { BROWSER_COOKIE_WITHOUT_TLS }
    }

    fn cookie(self, name: &'static str, value: String, max_age: Duration) -> Cookie<'static> {
        Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(self.0)
            .same_site(SameSite::Strict)
            .max_age(max_age)
            .build()
    }
}

fn is_local(host: &Host<'_>) -> bool {
    matches!(host.domain().as_str(), "localhost" | "127.0.0.1" | "[::1]")
}

/// The token of the sign-in cookie that this connection would be given.
pub(crate) fn sign_in_token(request: &Request<'_>) -> Option<Token> {
    Token::read(request.cookies().get(Tls::of(request).sign_in_name())?.value())
}

/// Hash of the token of the browser that asks.
pub(crate) fn browser_token_hash(request: &Request<'_>) -> Option<[u8; 32]> {
    Some(Token::read(request.cookies().get(Tls::of(request).browser_name())?.value())?.hash())
}

/// The cookies of the browser that asks, to be set or removed.
#[derive(Clone, Copy, Debug)]
pub struct Cookies<'r> {
    jar: &'r CookieJar<'r>,
    tls: Tls,
    sign_in_days: u32,
    known_browser_days: u32,
    browser: Option<[u8; 32]>,
}

impl Cookies<'_> {
    /// When a sign-in that begins now ends by itself, in milliseconds since 1970.
    pub fn expires_ms(self, now_ms: u64) -> u64 {
        sign_ins::expiry(now_ms, self.sign_in_days)
    }

    /// A new token for this browser, always: one that was planted before is worth nothing after (S3).
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn renew_browser(self, now_ms: u64) -> Result<Renewal, Error> {
        let token = Token::generate().map_err(Error::internal)?;
        let expires_ms = known_browsers::expiry(now_ms, self.known_browser_days);
        Ok(Renewal { before: self.browser, token, expires_ms })
    }

    /// Hands the browser the token of its sign-in.
    pub fn set_sign_in(self, token: &Token) {
        self.jar.add(self.tls.cookie(self.tls.sign_in_name(), token.write(), Duration::days(self.sign_in_days.into())));
    }

    /// Takes the token of the sign-in back. The browser stays known.
    pub fn clear_sign_in(self) {
        self.jar.add(self.tls.cookie(self.tls.sign_in_name(), String::new(), Duration::ZERO));
    }

    /// Hands the browser the token by which it is known from now on.
    pub fn set_browser(self, token: &Token) {
        self.jar.add(self.tls.cookie(
            self.tls.browser_name(),
            token.write(),
            Duration::days(self.known_browser_days.into()),
        ));
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Cookies<'r> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let Some(config) = request.rocket().state::<Config>() else {
            return Outcome::Error(Error::internal("the settings are not attached").at_guard(request));
        };
        Outcome::Success(Self {
            jar: request.cookies(),
            tls: Tls::of(request),
            sign_in_days: config.sign_in_days,
            known_browser_days: config.known_browser_days,
            browser: browser_token_hash(request),
        })
    }
}
