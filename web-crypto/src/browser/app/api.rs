//! The server's JSON API, in `wire`'s types.

use crate::browser::platform::{
    error::HttpError,
    json::{read, write},
    service::Http,
};
use serde::{Serialize, de::DeserializeOwned};

pub(super) async fn get<T: DeserializeOwned>(http: &impl Http, path: &str) -> Result<T, HttpError> {
    read(&http.request("GET", path, None).await?)
}

pub(super) async fn post<T: DeserializeOwned>(
    http: &impl Http,
    path: &str,
    body: &impl Serialize,
) -> Result<T, HttpError> {
    read(&http.request("POST", path, Some(write(body)?)).await?)
}

/// For answers that say no more than that it is done.
pub(super) async fn send(http: &impl Http, method: &str, path: &str, body: &impl Serialize) -> Result<(), HttpError> {
    http.request(method, path, Some(write(body)?)).await.map(drop)
}

/// The same without a body.
pub(super) async fn call(http: &impl Http, method: &str, path: &str) -> Result<(), HttpError> {
    http.request(method, path, None).await.map(drop)
}
