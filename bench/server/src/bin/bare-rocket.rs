//! A long poll on Rocket and nothing else: texts by channel in memory, a `Notify` for those who wait. No accounts, no JSON, no
//! disk. What is above it in the tables is Cliquet's own; what it costs is Rocket's and hyper's.
//!
//! Speaks as nchan does, so that the generator drives both alike.

use rocket::{
    Request, Responder, State, get,
    http::{Header, Status},
    post,
    request::{FromRequest, Outcome},
    routes,
};
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Notify;

#[derive(Default)]
struct Channel {
    texts: Mutex<Vec<Arc<str>>>,
    woken: Notify,
}

#[derive(Default)]
struct Channels(Mutex<HashMap<String, Arc<Channel>>>);

impl Channels {
    fn named(&self, name: &str) -> Arc<Channel> {
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(channels.entry(name.to_owned()).or_default())
    }
}

/// How many texts the one who asks has had.
struct Had(usize);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Had {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let number = request.headers().get_one("If-None-Match").and_then(|text| text.parse().ok());
        Outcome::Success(Self(number.unwrap_or_default()))
    }
}

#[derive(Responder)]
struct Found {
    text: String,
    tag: Header<'static>,
    time: Header<'static>,
}

#[post("/pub/<channel>", data = "<text>")]
fn publish(channel: &str, text: String, channels: &State<Channels>) -> Status {
    let channel = channels.named(channel);
    channel.texts.lock().unwrap_or_else(PoisonError::into_inner).push(text.into());
    channel.woken.notify_one();
    Status::Accepted
}

#[get("/sub/<channel>")]
async fn subscribe(channel: &str, had: Had, channels: &State<Channels>) -> Found {
    let channel = channels.named(channel);
    loop {
        let next = channel.texts.lock().unwrap_or_else(PoisonError::into_inner).get(had.0).cloned();
        if let Some(text) = next {
            let tag = Header::new("ETag", (had.0 + 1).to_string());
            return Found { text: text.to_string(), tag, time: Header::new("Last-Modified", "now") };
        }
        channel.woken.notified().await;
    }
}

#[rocket::launch]
fn launch() -> _ {
    rocket::build().manage(Channels::default()).mount("/", routes![publish, subscribe])
}
