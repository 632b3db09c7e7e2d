//! The echo bot, killed at any moment.

use crate::server::{PATIENCE, Server, call, succeed};
use cliquet_client::{Address, Client, run};
use event_listener::Event;
use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// Examples are built beside the program.
fn echo() -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_cliquet-client")).with_file_name("examples").join("echo");
    assert!(path.exists(), "{} is not built: cargo build -p cliquet-client --examples", path.display());
    path
}

fn start(folder: &Path) -> Child {
    Command::new(echo()).arg(folder).spawn().unwrap()
}

fn kill(bot: &mut Child) {
    bot.kill().unwrap();
    bot.wait().unwrap();
}

/// Alice writes, the bot is killed again and again, and each text comes back once, in order.
fn killed_so_often(kills: u64) {
    let server = Server::start();
    let (alice, bot_folder) = (server.person("alice"), server.person("echo"));
    let texts = 2 * kills;
    let came_back = run(async || {
        let client = Client::open(&alice).await.unwrap();
        let bot_address = Address::parse("echo@example.org").unwrap();
        let mut bot = start(&bot_folder);
        // What came before its first start is not its business: it has begun when something comes back.
        let greet = async {
            loop {
                client.send(&bot_address.clone().into(), "hello").await.unwrap();
                sleep(Duration::from_secs(1)).await;
            }
        };
        let begun = Event::new();
        let has_begun = begun.listen();
        let wait = client.answer(async |_| {
            begun.notify(1);
            None
        });
        timeout(PATIENCE, async {
            tokio::select! {
                ended = wait => match ended.unwrap() {},
                () = greet => {}
                () = has_begun => {}
            }
        })
        .await
        .unwrap();
        let kill_again = async {
            for round in 0..kills {
                // From the moment of its start to well after it is at work: any moment comes.
                sleep(Duration::from_millis(round * 137 % 900)).await;
                kill(&mut bot);
                bot = start(&bot_folder);
            }
        };
        let write = async {
            for text in 0..texts {
                client.send(&bot_address.clone().into(), &text.to_string()).await.unwrap();
                sleep(Duration::from_millis(150)).await;
            }
        };
        let came_back = RefCell::new(Vec::new());
        let answer = client.answer(async |received| {
            came_back.borrow_mut().extend(Some(received.text.clone()).filter(|text| text != "hello"));
            None
        });
        let all = async {
            tokio::join!(kill_again, write);
            while came_back.borrow().len() < usize::try_from(texts).unwrap() {
                sleep(Duration::from_millis(100)).await;
            }
            // What must not come twice has its chance.
            sleep(Duration::from_secs(3)).await;
        };
        // Too few are seen below.
        let _ = timeout(PATIENCE + Duration::from_secs(3 * kills), async {
            tokio::select! {
                ended = answer => match ended.unwrap() {},
                () = all => {}
            }
        })
        .await;
        kill(&mut bot);
        came_back.into_inner()
    })
    .unwrap();
    let sent: Vec<String> = (0..texts).map(|text| text.to_string()).collect();
    assert_eq!(came_back, sent);
}

#[test]
fn a_bot_that_is_killed_twenty_times_answers_each_text_once() {
    killed_so_often(20);
}

#[test]
#[ignore = "minutes: cargo xtask soak stories"]
fn a_bot_that_is_killed_a_hundred_times_answers_each_text_once() {
    killed_so_often(100);
}

#[test]
fn what_a_script_says_in_the_folder_of_a_bot_that_runs_goes_out_too() {
    let server = Server::start();
    let (alice, bot_folder) = (server.person("alice"), server.person("echo"));
    succeed(&call(&alice, &["say", "echo@example.org", "hello"]));
    let mut bot = start(&bot_folder);
    // Somebody who is no contact yet: the process that leads adds her.
    succeed(&call(&bot_folder, &["say", "alice@example.org", "from the script"]));
    kill(&mut bot);
}
