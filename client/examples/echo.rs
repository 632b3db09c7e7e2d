//! A bot that sends back whatever anyone writes to it. Its account's folder is the argument:
//!
//! ```sh
//! cliquet-client --folder echo sign-in echo@example.org --server https://chat.example.org
//! cargo run --example echo -- echo
//! ```

use cliquet_client::{Client, run};
use std::{env, error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("which folder has the bot's account?")?;
    run(async || {
        let client = Client::open(Path::new(&folder)).await?;
        client.accept_requests();
        match client.answer(async |received| Some(received.text.clone())).await? {}
    })?
}
