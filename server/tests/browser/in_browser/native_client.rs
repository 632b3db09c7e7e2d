//! Somebody in a browser and a bot that has none.

use crate::stage::Stage;
use crate::support::process::Process;
use std::path::{Path, PathBuf};
use std::process::Command;

const BOT: &str = "echo@example.org";

/// A program of the package `cliquet-client`, which the whole workspace's tests build beside the server.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_cliquet")).with_file_name(name);
    assert!(path.exists(), "{} is not built: cargo build -p cliquet-client --bins --examples", path.display());
    path
}

fn call(folder: &Path, arguments: &[&str]) {
    let mut client = Command::new(program("cliquet-client"));
    client.env("CLIQUET_CLIENT_PASSWORD", "correct horse battery").arg("--folder").arg(folder).args(arguments);
    let output = client.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_without_a_browser_answers_somebody_in_one_and_a_script_writes_to_them() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    let folder = stage.house.path().join("echo");
    let log = stage.house.path().join("echo.log");
    call(&folder, &["sign-up", BOT, "--server", &format!("http://localhost:{}", stage.server.port)]);
    let _bot = Process::start(Command::new(program("examples/echo")).arg(&folder), &log);

    alice.add_address(BOT).await;
    alice.open_address_in(&alice.tab, BOT).await;
    alice.send("Who is there?").await;
    alice.until_reads(&["Who is there?", "Who is there?"]).await;
    alice.send("Ça va ? 😀").await;
    alice.until_reads(&["Who is there?", "Who is there?", "Ça va ? 😀", "Ça va ? 😀"]).await;

    call(&folder, &["say", &alice.email, "The backup is done."]);
    let all = ["Who is there?", "Who is there?", "Ça va ? 😀", "Ça va ? 😀", "The backup is done."];
    alice.until_reads(&all).await;
    // Her browser has nothing to say about the bot's device.
    assert_eq!(alice.tab.ask("document.getElementById('notice').textContent.trim()", vec![]).await, "");
}
