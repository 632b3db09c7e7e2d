//! A large file while the server is killed, the network is gone and nobody is there to take it; and what of it can be seen
//! on the way.

use crate::canaries::shows;
use crate::eventually::eventually;
use crate::person::Person;
use crate::stage::Stage;
use crate::support::folder::files_under;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// As many as people send.
const LARGE: usize = 90 * MEBIBYTE + 12_345;
/// As many as it takes for everything that goes wrong, where the way of the bytes has been tried with a large one.
pub(super) const ENOUGH: usize = 48 * MEBIBYTE + 12_345;
const MEBIBYTE: usize = 1_048_576;
const NAME: &str = "canary-of-a-film 5b1e77.mkv";
const CAPTION: &str = "canary of a caption 9a30d2";
/// Parts that are sent before the next thing goes wrong.
const PARTS: usize = 10;
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// SHA-256 of what is saved, as soon as something is.
const WATCH: &str = "(() => {
    const make = URL.createObjectURL;
    URL.createObjectURL = blob => { window.made = blob; return make.call(URL, blob) };
})()";
const DIGEST: &str = "window.made?.arrayBuffer().then(bytes => crypto.subtle.digest('SHA-256', bytes))\
    .then(digest => [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('') === a[0])";

fn film(bytes: usize) -> Vec<u8> {
    // Unlike its neighbours wherever it is cut.
    (0..bytes as u64).map(|place| (place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

impl Stage {
    /// How many parts of files the server was sent.
    pub(super) fn parts(&self) -> usize {
        let exchanges = self.proxy.exchanges();
        exchanges.iter().filter(|it| it.method == "PUT" && it.target.starts_with("/files/")).count()
    }

    /// Waits until the server was sent so many more parts of files.
    pub(super) async fn until_more_parts(&self) {
        let before = self.parts();
        let more = async || match self.parts() {
            count if count >= before + PARTS => Ok(()),
            count => Err(count),
        };
        eventually("more parts to be sent", PATIENCE, more).await.unwrap();
    }
}

/// Where the server keeps what it is given.
pub(super) trait Backend {
    /// What the server cannot reach for a while goes away and comes back.
    async fn fail(&mut self, stage: &mut Stage);
    /// The names and the bytes of all that is kept for the server, but in its data folder.
    fn kept(&self) -> Vec<(String, Vec<u8>)>;
}

/// In the data folder: files in a folder, mailboxes in SQLite.
struct DataFolder;

impl Backend for DataFolder {
    async fn fail(&mut self, stage: &mut Stage) {
        stage.server.kill();
        stage.server.start_again();
    }

    fn kept(&self) -> Vec<(String, Vec<u8>)> {
        Vec::new()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_arrives_whole_through_kills_and_cuts_and_nothing_of_it_is_seen_on_the_way() {
    arrives_whole(Stage::two_who_talk().await, DataFolder, LARGE).await;
}

/// A file of so many bytes.
pub(super) async fn arrives_whole(
    (mut stage, alice, bob): (Stage, Person, Person),
    mut backend: impl Backend,
    bytes: usize,
) {
    bob.tab.goto("about:blank").await;
    let (folder, film) = (tempfile::tempdir().unwrap(), film(bytes));
    let path = folder.path().join(NAME);
    std::fs::write(&path, &film).unwrap();
    alice.tab.write("[data-draft]", CAPTION).await;
    alice.sends_file(&path, false).await;
    stage.until_more_parts().await;
    backend.fail(&mut stage).await;
    stage.until_more_parts().await;
    stage.proxy.go_offline();
    // The page is closed meanwhile.
    alice.tab.goto("about:blank").await;
    stage.proxy.go_online();
    alice.tab.goto(&alice.url("/home")).await;
    stage.until_more_parts().await;
    stage.server.kill();
    stage.server.start_again();
    alice.open(&bob).await;
    alice.until_marked(&["sent"]).await;

    bob.tab.goto(&bob.url("/home")).await;
    bob.until_home().await;
    bob.open(&alice).await;
    bob.tab.ask(WATCH, vec![]).await;
    // What is looked for below was said.
    let named = "document.querySelector('.message.peer .file-name')?.textContent === a[0]";
    bob.tab.until("its name", named, vec![NAME.into()]).await;
    bob.until_hears(CAPTION).await;
    let save = ".message.peer .file [data-file-do=save]";
    bob.tab.until_shown(save).await;
    bob.tab.click(save).await;
    let digest: String = Sha256::digest(&film).iter().map(|byte| format!("{byte:02x}")).collect();
    bob.tab.until("the same bytes to be saved", DIGEST, vec![digest.into()]).await;

    // From the middle of the file, where nothing is padding.
    let content = &film[bytes / 2..bytes / 2 + 64];
    let length = bytes.to_string();
    let secrets = [NAME.as_bytes(), CAPTION.as_bytes(), b"matroska", length.as_bytes(), content];
    for exchange in stage.proxy.exchanges() {
        for secret in secrets {
            let what = || format!("{} {}", exchange.method, exchange.target);
            assert!(!shows(exchange.request_head.as_bytes(), secret), "in the head of {}", what());
            assert!(!shows(&exchange.request_body, secret), "in the body of {}", what());
        }
    }
    let in_folder = files_under(&stage.server.data_dir());
    let in_folder = in_folder.into_iter().map(|(path, bytes)| (path.to_string_lossy().into_owned(), bytes));
    let kept: Vec<(String, Vec<u8>)> = in_folder.chain(backend.kept()).collect();
    assert!(kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > bytes, "it has the file");
    for (name, bytes) in kept {
        for secret in secrets {
            assert!(!shows(&bytes, secret), "in {name}");
            assert!(!shows(name.as_bytes(), secret), "the name of {name}");
        }
    }
    for secret in secrets {
        assert!(!shows(stage.server.log().as_bytes(), secret), "in the log");
    }
}
