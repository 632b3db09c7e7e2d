//! JSON to and from the server.
//!
//! Owns fetching, deadlines, and the reading of answers into wire types or a `Problem`. Knows nothing of what is said.

use super::{error::HttpError, json};
use cliquet_wire::{devices::DEVICE_HEADER, ids::DeviceId};
use js_sys::Uint8Array;
use std::{cell::RefCell, ops::Range, pin::Pin};
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
        let headers = Headers::new().map_err(|_| HttpError::Unreadable)?;
        let body = body.map(JsValue::from_str);
        if body.is_some() {
            let _ = headers.set("Content-Type", "application/json");
        }
        let response = request_until(method, path, (body, &headers), &deadline).await?;
        let text = text(&response).await?;
        read_answer(response.ok(), text)
    })
}

/// Puts bytes: the text of an answer of success.
///
/// # Errors
/// As [`request`].
pub async fn send_bytes(path: &str, bytes: &Uint8Array, deadline_ms: u32) -> Result<String, HttpError> {
    let headers = Headers::new().map_err(|_| HttpError::Unreadable)?;
    let _ = headers.set("Content-Type", "application/octet-stream");
    let deadline = AbortSignal::timeout_with_u32(deadline_ms);
    let response = request_until("PUT", path, (Some(bytes.into()), &headers), &deadline).await?;
    let text = text(&response).await?;
    read_answer(response.ok(), text)
}

/// These bytes of what is under a path.
///
/// # Errors
/// As [`request`]; also when there are not as many.
pub async fn fetch_bytes(path: &str, range: Range<u64>, deadline_ms: u32) -> Result<Uint8Array, HttpError> {
    let headers = Headers::new().map_err(|_| HttpError::Unreadable)?;
    // The last byte is named (RFC 9110 section 14.1.2).
    let _ = headers.set("Range", &format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
    let deadline = AbortSignal::timeout_with_u32(deadline_ms);
    let response = request_until("GET", path, (None, &headers), &deadline).await?;
    if !response.ok() {
        read_answer(false, text(&response).await?)?;
    }
    let promise = response.array_buffer().map_err(|_| HttpError::Unreadable)?;
    let bytes = Uint8Array::new(&JsFuture::from(promise).await.map_err(|error| lost(&error))?);
    if u64::from(bytes.length()) == range.end - range.start { Ok(bytes) } else { Err(HttpError::Unreadable) }
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
    (body, headers): (Option<JsValue>, &Headers),
    signal: &AbortSignal,
) -> Result<Response, HttpError> {
    let init = RequestInit::new();
    init.set_method(method);
    init.set_signal(Some(signal));
    let _ = headers.set("Accept", "application/json");
    if let Some(device) = device() {
        let _ = headers.set(DEVICE_HEADER, &device);
    }
    if let Some(body) = body {
        init.set_body(&body);
    }
    init.set_headers(headers);
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
