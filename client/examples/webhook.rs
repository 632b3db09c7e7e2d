//! A bridge for programs that can call a web address and nothing else: what is posted to it is said to somebody.
//!
//! ```sh
//! cargo run --example webhook -- FOLDER alice@example.org a-long-secret
//! curl --data 'The backup is done.' http://127.0.0.1:8080/a-long-secret
//! ```
//!
//! It listens on this computer alone. The secret keeps out the others who use it, and pages in its browsers.

use cliquet_client::{Client, ConversationId, run};
use rocket::{State, http::Status, post, routes};
use std::{env, error::Error, path::Path, process, thread};
use tokio::sync::{mpsc, oneshot};

/// It is part of the address.
struct Secret(String);

/// A text, and where to say whether it was sent.
type Text = (String, oneshot::Sender<Status>);

#[post("/<secret>", data = "<text>")]
async fn say(secret: &str, text: String, is: &State<Secret>, said: &State<mpsc::Sender<Text>>) -> Status {
    if secret != is.0 {
        return Status::NotFound;
    }
    let (tell, told) = oneshot::channel();
    let _ = said.send((text, tell)).await;
    told.await.unwrap_or(Status::ServiceUnavailable)
}

fn main() -> Result<(), Box<dyn Error>> {
    let [_, folder, to, secret] = env::args().collect::<Vec<_>>().try_into().map_err(|_| "FOLDER ADDRESS SECRET")?;
    let to: ConversationId = to.parse()?;
    let (tell, mut told) = mpsc::channel::<Text>(16);
    let bridge = rocket::build().manage(tell).manage(Secret(secret)).mount("/", routes![say]);
    thread::spawn(|| {
        // Without its address the bridge is of no use.
        if let Err(error) = rocket::execute(bridge.configure(settings()).launch()) {
            eprintln!("{}", error.pretty_print());
        }
        process::exit(1);
    });
    run(async || {
        let client = Client::open(Path::new(&folder)).await?;
        while let Some((text, answer)) = told.recv().await {
            let sent = client.send(&to, &text).await;
            let _ = answer.send(if sent.is_ok() { Status::NoContent } else { Status::BadGateway });
        }
        Ok::<_, Box<dyn Error>>(())
    })?
}

fn settings() -> rocket::Config {
    rocket::Config { port: 8080, ..rocket::Config::release_default() }
}
