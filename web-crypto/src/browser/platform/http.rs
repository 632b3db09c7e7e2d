//! JSON to and from the server.
//!
//! Owns fetching, deadlines, and the reading of answers into wire types or a `Problem`. Knows nothing of what is said.

use super::{error::HttpError, json};
use cliquet_wire::{devices::DEVICE_HEADER, ids::DeviceId};
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

/// The text of an answer of success.
///
/// # Errors
/// What the server says is wrong, or why it said nothing.
pub async fn request(method: &str, path: &str, body: Option<&str>) -> Result<String, HttpError> {
    exchange(method, path, body).await
}

/// Fetches, and gives the text of an answer of success. Boxed: every kind of request would carry a copy of it.
fn exchange<'a>(
    method: &'a str,
    path: &'a str,
    body: Option<&'a str>,
) -> Pin<Box<dyn Future<Output = Result<String, HttpError>> + 'a>> {
    Box::pin(async move {
        let deadline = AbortSignal::timeout_with_u32(DEADLINE_MS);
        let response = request_until(method, path, body, &deadline).await?;
        let text = text(&response).await?;
        read_answer(response.ok(), text)
    })
}

/// An answer of success is its text; any other is a problem.
///
/// # Errors
/// The problem, or that there is none where one was to be.
pub fn read_answer(ok: bool, text: String) -> Result<String, HttpError> {
    if ok { Ok(text) } else { Err(HttpError::Problem(Box::new(json::read(&text)?))) }
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
