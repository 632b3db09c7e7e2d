//! The boundary between the program of the sign-in page and the app.
//!
//! Signing in takes most of the app's code, and home needs that anyway. So the sign-in page's program is small: it serves
//! the form, loads the app while a person types, and hands it what was typed. Both ends are here: one request and one
//! answer, each encoded once as JSON. Both programs run in the same page; a request is wiped in the memory of each.

use super::{
    AccountError, Progress,
    sign_in::{SignIn, sign_in},
    sign_up::{SignUp, sign_up},
};
use crate::browser::platform::{json, service::AccountPlatform};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// What the app is asked to do.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    SignIn(SignIn),
    SignUp(SignUp),
}

/// The bytes of a request, on their way to the app.
pub fn encode_request(request: &Request) -> Zeroizing<Vec<u8>> {
    // Types of ours: there is nothing in them that JSON cannot say.
    Zeroizing::new(json::write(request).unwrap_or_default().into_bytes())
}

/// Does what the bytes ask for, and returns the bytes of the answer. `progress` is given the name of each step.
pub async fn answer(platform: &impl AccountPlatform, request: &[u8], progress: &dyn Fn(&str)) -> Vec<u8> {
    let progress = |step| progress(&json::write(&step).unwrap_or_default());
    let answer = match decode(request) {
        Some(Request::SignIn(typed)) => sign_in(platform, typed, &progress).await,
        Some(Request::SignUp(typed)) => sign_up(platform, typed, &progress).await,
        None => Err(AccountError::OtherRelease),
    };
    json::write(&answer).unwrap_or_default().into_bytes()
}

/// Reads the app's answer. No bytes: a part of the app did not load.
///
/// # Errors
/// What the app said, or [`AccountError::OtherRelease`] when it does not read.
pub fn decode_answer(answer: &[u8]) -> Result<(), AccountError> {
    if answer.is_empty() {
        return Err(AccountError::ProgramNotLoaded);
    }
    decode(answer).unwrap_or(Err(AccountError::OtherRelease))
}

/// Reads the name of a step. `None`: it is of another release.
pub fn decode_progress(step: &str) -> Option<Progress> {
    json::read(step).ok()
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    str::from_utf8(bytes).ok().and_then(|text| json::read(text).ok())
}
