//! JSON to and from the server.
//!
//! Owns fetching, deadlines, and the reading of answers into wire types or a `Problem`. Knows nothing of what is said.

pub use super::error::HttpError;
use cliquet_wire::{devices::DEVICE_HEADER, ids::DeviceId};
use serde::{Serialize, de::DeserializeOwned};
use std::{cell::RefCell, pin::Pin};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, DomException, Headers, RequestInit, Response};

/// A server that has not answered by then is as good as gone.
const DEADLINE_MS: u32 = 20_000;

thread_local! {
    static DEVICE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on every request of this page names the device it speaks for.
pub fn speak_for(device: DeviceId) {
    DEVICE.set(Some(device.text()));
}

/// The device this page speaks for.
pub fn device() -> Option<String> {
    DEVICE.with_borrow(Clone::clone)
}

pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, HttpError> {
    parse(&exchange("GET", path, None, None).await?)
}

pub async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, HttpError> {
    parse(&exchange("POST", path, Some(&write(body)?), None).await?)
}

/// Whatever is answered says no more than that it is done.
pub async fn send(method: &str, path: &str, body: &impl Serialize) -> Result<(), HttpError> {
    exchange(method, path, Some(&write(body)?), None).await.map(drop)
}

/// The same with a body that is JSON already, and until `signal` says stop.
pub async fn post_until<T: DeserializeOwned>(path: &str, body: &str, signal: &AbortSignal) -> Result<T, HttpError> {
    parse(&exchange("POST", path, Some(body), Some(signal)).await?)
}

/// The text of an answer of success.
///
/// # Errors
/// What the server says is wrong, or why it said nothing.
pub async fn request(method: &str, path: &str, body: Option<&str>) -> Result<String, HttpError> {
    exchange(method, path, body, None).await
}

/// For answers that say nothing.
pub async fn call(method: &str, path: &str) -> Result<(), HttpError> {
    exchange(method, path, None, None).await.map(drop)
}

/// A request's body as text.
pub fn write(body: &impl Serialize) -> Result<String, HttpError> {
    serde_json::to_string(body).map_err(|_| HttpError::Unreadable)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, HttpError> {
    serde_json::from_str(text).map_err(|_| HttpError::Unreadable)
}

/// Fetches, and gives the text of an answer of success. Boxed: every kind of request would carry a copy of it.
fn exchange<'a>(
    method: &'a str,
    path: &'a str,
    body: Option<&'a str>,
    signal: Option<&'a AbortSignal>,
) -> Pin<Box<dyn Future<Output = Result<String, HttpError>> + 'a>> {
    Box::pin(async move {
        let deadline = AbortSignal::timeout_with_u32(DEADLINE_MS);
        let response = request_until(method, path, body, signal.unwrap_or(&deadline)).await?;
        let text = text(&response).await?;
        read_answer(response.ok(), text)
    })
}

/// An answer of success is its text; any other is a problem.
///
/// # Errors
/// The problem, or that there is none where one was to be.
pub fn read_answer(ok: bool, text: String) -> Result<String, HttpError> {
    if ok { Ok(text) } else { Err(HttpError::Problem(Box::new(parse(&text)?))) }
}

async fn request_until(
    method: &str,
    path: &str,
    body: Option<&str>,
    signal: &AbortSignal,
) -> Result<Response, HttpError> {
    let init = RequestInit::new();
    init.set_method(method);
    init.set_signal(Some(signal));
    let headers = Headers::new().map_err(|_| HttpError::Unreadable)?;
    let _ = headers.set("Accept", "application/json");
    if let Some(device) = device() {
        let _ = headers.set(DEVICE_HEADER, &device);
    }
    if let Some(body) = body {
        let _ = headers.set("Content-Type", "application/json");
        init.set_body(&JsValue::from_str(body));
    }
    init.set_headers(&headers);
    let window = web_sys::window().ok_or(HttpError::Unreadable)?;
    match JsFuture::from(window.fetch_with_str_and_init(path, &init)).await {
        Ok(response) => response.dyn_into().map_err(|_| HttpError::Unreadable),
        Err(error) => Err(lost(&error)),
    }
}

fn lost(error: &JsValue) -> HttpError {
    match error.dyn_ref::<DomException>().map(DomException::name).as_deref() {
        Some("TimeoutError") => HttpError::TimedOut,
        _ => HttpError::Offline,
    }
}

async fn text(response: &Response) -> Result<String, HttpError> {
    let promise = response.text().map_err(|_| HttpError::Unreadable)?;
    let text = JsFuture::from(promise).await.map_err(|error| lost(&error))?;
    text.as_string().ok_or(HttpError::Unreadable)
}
