//! JSON and bytes to and from the server.
//!
//! Owns the connection, the sign-in's token, and deadlines. Knows nothing of what is said.

use cliquet_web_crypto::browser::platform::{error::HttpError, json};
use cliquet_wire::{
    devices::DEVICE_HEADER,
    ids::DeviceId,
    sign_in::{SIGN_IN_COOKIE, SIGN_IN_COOKIE_WITHOUT_TLS},
};
use cookie::Cookie;
use reqwest::{
    Method, RequestBuilder, Response,
    header::{ACCEPT, CONTENT_TYPE, RANGE, SET_COOKIE},
    redirect,
};
use std::{cell::RefCell, ops::Range, time::Duration};
use url::Url;

/// A server that has not answered by then is as good as gone.
const DEADLINE: Duration = Duration::from_secs(20);
/// A chunk of a file has this long.
const CHUNK_DEADLINE: Duration = Duration::from_secs(120);
/// The server takes requests without a cookie from programs alone, and knows them by a bearer token. It asks for no sign-in
/// where an account is made or entered, so any does there.
const NOBODY: &str = "none";

/// One server, and who asks it.
#[derive(Debug)]
pub(crate) struct Server {
    http: reqwest::Client,
    address: Url,
    token: RefCell<Option<String>>,
    device: RefCell<Option<String>>,
}

impl Server {
    /// `token`: that of the sign-in.
    pub(crate) fn at(address: &Url, token: Option<String>) -> Result<Self, HttpError> {
        // Only the first call counts; a program that has chosen already goes on with its choice.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .user_agent(concat!("cliquet-client/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| HttpError::Unreadable)?;
        Ok(Self { http, address: address.clone(), token: RefCell::new(token), device: RefCell::default() })
    }

    /// The token of the sign-in. `None`: nobody is signed in.
    pub(crate) fn token(&self) -> Option<String> {
        self.token.borrow().clone()
    }

    /// From now on requests are this sign-in's.
    pub(crate) fn set_token(&self, token: String) {
        self.token.replace(Some(token));
    }

    /// From now on every request names this device.
    pub(crate) fn speak_for(&self, device: DeviceId) {
        self.device.replace(Some(device.text()));
    }

    /// The text of an answer of success to JSON.
    pub(crate) async fn exchange(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
        deadline: Option<Duration>,
    ) -> Result<String, HttpError> {
        let mut request = self.request(method, path)?.timeout(deadline.unwrap_or(DEADLINE));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        text(self.answer(request).await?).await
    }

    /// Puts bytes: the text of an answer of success.
    pub(crate) async fn put(&self, path: &str, bytes: Vec<u8>) -> Result<String, HttpError> {
        let request = self.request("PUT", path)?.timeout(CHUNK_DEADLINE);
        text(self.answer(request.header(CONTENT_TYPE, "application/octet-stream").body(bytes)).await?).await
    }

    /// These bytes of what is under a path.
    pub(crate) async fn get(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>, HttpError> {
        // The last byte is named (RFC 9110 section 14.1.2).
        let named = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
        let request = self.request("GET", path)?.timeout(CHUNK_DEADLINE).header(RANGE, named);
        let bytes = self.answer(request).await?.bytes().await.map_err(|error| lost(&error))?;
        if bytes.len() as u64 == range.end.saturating_sub(range.start) {
            Ok(bytes.to_vec())
        } else {
            Err(HttpError::Unreadable)
        }
    }

    fn request(&self, method: &str, path: &str) -> Result<RequestBuilder, HttpError> {
        let method: Method = method.parse().map_err(|_| HttpError::Unreadable)?;
        let address = self.address.join(path).map_err(|_| HttpError::Unreadable)?;
        let token = self.token.borrow();
        let request = self.http.request(method, address).header(ACCEPT, "application/json");
        let request = request.bearer_auth(token.as_deref().unwrap_or(NOBODY));
        Ok(match self.device.borrow().as_deref() {
            Some(device) => request.header(DEVICE_HEADER, device),
            None => request,
        })
    }

    /// An answer of success. Any other is a problem.
    async fn answer(&self, request: RequestBuilder) -> Result<Response, HttpError> {
        let response = request.send().await.map_err(|error| lost(&error))?;
        for header in response.headers().get_all(SET_COOKIE) {
            let set = header.to_str().ok().and_then(|header| Cookie::parse(header).ok());
            if let Some(set) = set.filter(|set| [SIGN_IN_COOKIE, SIGN_IN_COOKIE_WITHOUT_TLS].contains(&set.name())) {
                self.token.replace(Some(set.value().to_owned()).filter(|value| !value.is_empty()));
            }
        }
        if response.status().is_success() {
            return Ok(response);
        }
        Err(HttpError::Problem(Box::new(json::read(&text(response).await?)?)))
    }
}

async fn text(response: Response) -> Result<String, HttpError> {
    response.text().await.map_err(|error| lost(&error))
}

fn lost(error: &reqwest::Error) -> HttpError {
    if error.is_timeout() { HttpError::TimedOut } else { HttpError::Offline }
}
