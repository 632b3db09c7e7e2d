//! A file on its way to the server: how far it is, paused, sent after all, cancelled, and without room for it.

use super::file_trouble::PATIENCE;
use crate::eventually::eventually;
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use serde_json::{Value, json};
use std::path::Path;

/// Mebibytes of files that an account may have here.
const ROOM: &str = "64";
const PAUSE: &str = ".message.own .file [data-file-do=pause]:not([hidden])";
const GO_ON: &str = ".message.own .file [data-file-do=go-on]:not([hidden])";
/// Some of it is there, as the line says.
const HAS_BEGUN: &str = "document.querySelector('.message.own .file progress').value > 0";
const CANCEL: &str = ".message.own .file [data-file-do=cancel]:not([hidden])";

impl Person {
    /// Sends a file of so many megabytes.
    async fn sends_megabytes(&self, folder: &Path, count: usize) {
        let path = folder.join(format!("{count} megabytes.bin"));
        std::fs::write(&path, vec![7; count * 1_000_000]).unwrap();
        self.sends_file(&path, false).await;
    }

    async fn until_files_shown(&self, count: usize) {
        let shown = "document.querySelectorAll('.message.own .file').length === a[0]";
        self.tab.until("so many files", shown, vec![count.into()]).await;
    }

    /// What the account's files take on the server.
    async fn bytes_of_files(&self) -> u64 {
        self.fetch::<Value>("GET", "/files", Value::Null).await["bytes"].as_u64().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_paused_and_goes_on_or_is_cancelled_and_no_room_for_it_is_said() {
    let (stage, alice, bob) = Stage::two_who_talk_with(&[("ROCKET_ACCOUNT_FILES_MEGABYTES", ROOM)], None).await;
    let folder = tempfile::tempdir().unwrap();
    alice.sends_megabytes(folder.path(), 40).await;
    stage.until_more_parts().await;
    alice.tab.until("some of it to be sent", HAS_BEGUN, vec![]).await;
    stage.proxy.go_offline();
    alice.tab.click(PAUSE).await;
    alice.tab.until_shown(GO_ON).await;
    show(&alice.tab, "file-upload-paused").await;
    stage.proxy.go_online();
    // It stays so after a reload, and stops nothing else.
    alice.read_pages_in("fr").await;
    alice.open(&bob).await;
    alice.tab.until_shown(GO_ON).await;
    alice.tab.until("how far it was", HAS_BEGUN, vec![]).await;
    show(&alice.tab, "file-upload-paused-french").await;
    let parts = stage.parts();
    alice.send("see you later").await;
    bob.until_hears("see you later").await;
    assert_eq!(stage.parts(), parts, "a part was sent while the file was paused");
    alice.tab.click(GO_ON).await;
    let came = "document.querySelectorAll('.message.peer .file').length === 1";
    bob.tab.until("the file", came, vec![]).await;
    alice.read_pages_in("en").await;
    alice.open(&bob).await;

    // What does not fit any more is said before anything of it is sent.
    let parts = stage.parts();
    alice.tab.choose_file("[data-file-input]", &folder.path().join("40 megabytes.bin").display().to_string()).await;
    alice.tab.until_shown("#file-tray[open]").await;
    alice.tab.click("#file-tray [data-tray=send]").await;
    let says = "document.querySelector('#file-tray .tray-state').textContent.startsWith(a[0])";
    alice
        .tab
        .until("a word about the room", says, vec!["Your files fill what this server keeps for you: ".into()])
        .await;
    show(&alice.tab, "file-no-room").await;
    assert_eq!(stage.parts(), parts);
    alice.tab.click("#file-tray [data-tray=remove]").await;
    alice.tab.until("the tray to close", "!document.getElementById('file-tray').open", vec![]).await;

    // One that is cancelled leaves nothing, here or there.
    let before = alice.bytes_of_files().await;
    alice.sends_megabytes(folder.path(), 20).await;
    stage.until_more_parts().await;
    stage.proxy.go_offline();
    alice.until_files_shown(2).await;
    alice.tab.click(CANCEL).await;
    alice.until_files_shown(1).await;
    stage.proxy.go_online();
    let freed = async || match alice.bytes_of_files().await {
        bytes if bytes == before => Ok(()),
        bytes => Err(json!([before, bytes])),
    };
    eventually("the server to keep nothing of it", PATIENCE, freed).await.unwrap();
    alice.tab.reload().await;
    alice.until_home().await;
    alice.open(&bob).await;
    alice.until_files_shown(1).await;
}
