//! A long sound that is played while it comes: from any place, through reloads, without a network, past a server that is
//! killed; by its own page's player alone; and where no service worker is, from all of its bytes.

use crate::browser::Tab;
use crate::eventually::eventually;
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use crate::word::word;
use cliquet_wire::limits::FILE_CHUNK_BYTES;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Two minutes, two channels of 16 bits, 44,100 times a second: 21 megabytes.
const SECONDS: u32 = 120;
const RATE: u32 = 44_100;
const FRAME_BYTES: u32 = 4;
const CHUNKS: u64 = chunk_at(SECONDS) + 1;
const PATIENCE: Duration = Duration::from_secs(120);

const FILE: &str = ".message.peer .file[data-kind=sound]";
const PLAY: &str = ".message.peer .file[data-kind=sound] .file-actions [data-file-do=show]";
const SAVE: &str = ".message.peer .file[data-kind=sound] .file-actions [data-file-do=save]";
const PLAYER: &str = "document.querySelector('.message.peer .file-player audio')";
/// What a new player of this page makes of an address, under a name of its own. Refusing may take longer than a script may.
const TRY: &str = "(tried => {
    if (!tried[a[2]]) {
        const player = tried[a[2]] = new Audio(a[0]);
        player.onloadedmetadata = () => player.outcome = 'played';
        player.onerror = () => player.outcome = 'refused';
    }
    return tried[a[2]].outcome === a[1];
})(window.tried ??= {})";
/// Records a film of so many bytes, of snow, which no encoder makes small.
const RECORD: &str = "(() => {
    if (!window.recorded) {
        window.recorded = 'begun';
        const canvas = document.createElement('canvas'), parts = [];
        [canvas.width, canvas.height] = [320, 240];
        const draw = canvas.getContext('2d'), image = draw.createImageData(320, 240);
        const pixels = new Uint32Array(image.data.buffer);
        const drawing = setInterval(() => {
            for (let at = 0; at < pixels.length; at++) pixels[at] = Math.random() * 0x1000000 | 0xff000000;
            draw.putImageData(image, 0, 0);
        }, 40);
        const settings = { mimeType: 'video/webm', videoBitsPerSecond: 20e6 };
        const recorder = new MediaRecorder(canvas.captureStream(25), settings);
        recorder.ondataavailable = ({ data }) => {
            parts.push(data);
            const bytes = parts.reduce((sum, part) => sum + part.size, 0);
            if (bytes > a[0] && recorder.state === 'recording') recorder.stop();
        };
        recorder.onstop = () => {
            clearInterval(drawing);
            window.recorded = new File(parts, 'Snow.webm', { type: 'video/webm' });
        };
        recorder.start(200);
    }
    return window.recorded instanceof File;
})()";
const DROP_RECORDED: &str = "(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(window.recorded);
    const event = new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer });
    return !document.querySelector('.conversation .messages').dispatchEvent(event);
})()";
const WITHOUT_WORKER: &str =
    "Object.defineProperty(Navigator.prototype, 'serviceWorker', { configurable: true, get: () => undefined })";

/// A tone that goes up: no second is like another.
fn tone() -> Vec<u8> {
    let bytes = SECONDS * RATE * FRAME_BYTES;
    let mut wav = Vec::with_capacity(bytes as usize + 44);
    wav.extend(b"RIFF");
    wav.extend((bytes + 36).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * FRAME_BYTES).to_le_bytes());
    wav.extend(b"\x04\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    let (mut phase, rate) = (0.0_f64, f64::from(RATE));
    for frame in 0..SECONDS * RATE {
        phase += (200.0 + 10.0 * f64::from(frame) / rate) / rate;
        let height = ((phase * std::f64::consts::TAU).sin() * 8_000.0) as i16;
        wav.extend([height.to_le_bytes(), height.to_le_bytes()].concat());
    }
    wav
}

/// Which chunk has this second.
const fn chunk_at(second: u32) -> u64 {
    (second * RATE * FRAME_BYTES / (1 << 20)) as u64
}

impl Stage {
    /// Alice and Bob, who was sent the tone.
    async fn two_and_a_tone() -> (Self, Person, Person) {
        let (stage, alice, bob) = Self::two_who_talk().await;
        send_tone(&alice, &bob).await;
        (stage, alice, bob)
    }
}

async fn send_tone(alice: &Person, bob: &Person) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Tone.wav");
    std::fs::write(&path, tone()).unwrap();
    alice.sends_file(&path, false).await;
    bob.tab.until_shown(FILE).await;
}

impl Stage {
    /// How often each chunk was fetched, by its number.
    fn fetched(&self) -> BTreeMap<u64, usize> {
        let mut fetched = BTreeMap::new();
        for exchange in self.proxy.exchanges() {
            if exchange.method == "GET" && exchange.target.starts_with("/files/") && exchange.status == 206 {
                let range = crate::proxy::header(&exchange.request_head, "range").unwrap();
                let start: u64 = range.strip_prefix("bytes=").unwrap().split('-').next().unwrap().parse().unwrap();
                *fetched.entry(start / FILE_CHUNK_BYTES as u64).or_default() += 1;
            }
        }
        fetched
    }

    /// The addresses under which players asked the server, which they never should.
    fn asked_server(&self) -> Vec<String> {
        let exchanges = self.proxy.exchanges().into_iter();
        exchanges.map(|exchange| exchange.target).filter(|target| target.starts_with("/playing")).collect()
    }
}

async fn until_served(tab: &Tab) {
    tab.until("a service worker", "navigator.serviceWorker.controller?.state === 'activated'", vec![]).await;
}

/// Waits until the player goes on from this second.
async fn until_plays_from(tab: &Tab, second: f64) {
    let plays = format!("(p => p && !p.seeking && !p.paused && p.currentTime > a[0] + 1)({PLAYER})");
    tab.until(&format!("the tone to go on from second {second}"), &plays, vec![second.into()]).await;
}

async fn seek(tab: &Tab, second: f64) {
    tab.ask(&format!("{PLAYER}.currentTime = a[0]"), vec![second.into()]).await;
}

async fn until_state(tab: &Tab, state: &str) {
    let is = "document.querySelector(a[0]).dataset.fileState === a[1]";
    tab.until(state, is, vec![FILE.into(), state.into()]).await;
}

async fn source(tab: &Tab) -> String {
    tab.ask(&format!("{PLAYER}.src"), vec![]).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_sound_plays_before_it_is_here_from_any_place_and_later_without_a_network() {
    let (stage, alice, bob) = Stage::two_and_a_tone().await;
    until_served(&bob.tab).await;
    bob.tab.until_pages_are_kept().await;
    assert_eq!(stage.fetched().len(), 0, "nothing is fetched before it is wanted");
    bob.tab.click(PLAY).await;
    until_plays_from(&bob.tab, 0.0).await;
    let fetched = stage.fetched();
    assert!(fetched.len() < 12 && fetched.contains_key(&0), "it plays before it is here: {fetched:?}");
    assert!(source(&bob.tab).await.contains("/playing/"));
    show(&bob.tab, "playing-a-sound").await;

    seek(&bob.tab, 110.0).await;
    until_plays_from(&bob.tab, 110.0).await;
    let fetched = stage.fetched();
    assert!(!fetched.contains_key(&chunk_at(80)) && fetched.contains_key(&chunk_at(111)), "{fetched:?}");

    // What was heard is here after a reload.
    bob.tab.reload().await;
    bob.until_home().await;
    bob.open(&alice).await;
    bob.tab.click(PLAY).await;
    until_plays_from(&bob.tab, 0.0).await;
    seek(&bob.tab, 112.0).await;
    until_plays_from(&bob.tab, 112.0).await;
    let fetched = stage.fetched();
    assert!(fetched.values().all(|times| *times == 1), "no chunk is fetched twice: {fetched:?}");

    // Saving brings the rest, while it plays.
    bob.tab.click(SAVE).await;
    let all = async || {
        let fetched = stage.fetched();
        if fetched.len() as u64 >= CHUNKS { Ok(()) } else { Err(fetched.len()) }
    };
    eventually("all of it to be fetched", PATIENCE, all).await.unwrap();
    until_state(&bob.tab, "here").await;
    assert!(stage.fetched().values().all(|times| *times == 1), "{:?}", stage.fetched());

    stage.proxy.go_offline();
    bob.tab.reload().await;
    bob.open(&alice).await;
    bob.tab.click(PLAY).await;
    until_plays_from(&bob.tab, 0.0).await;
    seek(&bob.tab, 60.0).await;
    until_plays_from(&bob.tab, 60.0).await;
    assert!(source(&bob.tab).await.contains("/playing/"));
    assert_eq!(stage.asked_server(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_plays_while_it_comes() {
    /// Longer than what is fetched whole.
    const FILM_BYTES: u64 = 5 << 19;
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.tab.until("a film", RECORD, vec![FILM_BYTES.into()]).await;
    alice.tab.until("the film to be taken", DROP_RECORDED, vec![]).await;
    alice.tab.until_shown("#file-tray[open]").await;
    alice.tab.click("#file-tray [data-tray=send]").await;
    let film = ".message.peer .file[data-kind=film]";
    bob.tab.until_shown(film).await;
    until_served(&bob.tab).await;
    bob.tab.click(&format!("{film} .file-frame")).await;
    let plays = "(film => film && film.videoWidth === 320 && film.currentTime > 0.5 && film.src.includes('/playing/'))\
        (document.querySelector('.message.peer .file-player video'))";
    bob.tab.until("the film to play", plays, vec![]).await;
    assert!(stage.fetched().contains_key(&0));
    assert_eq!(stage.asked_server(), [""; 0]);
    show(&bob.tab, "playing-a-film").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_is_said_at_the_player_which_goes_on_by_itself_when_it_is_back() {
    let (mut stage, _alice, bob) = Stage::two_and_a_tone().await;
    until_served(&bob.tab).await;
    bob.tab.click(PLAY).await;
    until_plays_from(&bob.tab, 0.0).await;
    stage.server.kill();
    seek(&bob.tab, 100.0).await;
    let said = "document.querySelector(a[0] + ' .file-state').textContent === a[1]";
    bob.tab.until("why it stops", said, vec![FILE.into(), word("en", "word-file-no-connection").into()]).await;
    show(&bob.tab, "playing-without-connection").await;
    stage.server.start_again();
    until_plays_from(&bob.tab, 100.0).await;
    until_state(&bob.tab, "here").await;

    // And at once by a press.
    stage.proxy.go_offline();
    seek(&bob.tab, 60.0).await;
    until_state(&bob.tab, "failed").await;
    stage.proxy.go_online();
    bob.tab.click(".message.peer .file [data-file-do=again]").await;
    until_plays_from(&bob.tab, 60.0).await;
    until_state(&bob.tab, "here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_chunk_ends_the_player_and_it_is_said() {
    let (stage, _alice, bob) = Stage::two_and_a_tone().await;
    until_served(&bob.tab).await;
    let exchanges = stage.proxy.exchanges();
    let sent = exchanges.iter().find(|it| it.method == "PUT" && it.target.starts_with("/files/")).unwrap();
    let path = sent.target.rsplit_once('/').unwrap().0.to_owned();
    bob.tab.click(PLAY).await;
    until_plays_from(&bob.tab, 0.0).await;
    stage.proxy.rewrite("GET", path, |_, answer| answer.body[1_000] ^= 1);
    seek(&bob.tab, 100.0).await;
    let said = "document.querySelector(a[0] + ' .file-state').textContent === a[1]";
    bob.tab.until("that it was altered", said, vec![FILE.into(), word("en", "word-file-altered").into()]).await;
    assert_eq!(bob.tab.ask(PLAYER, vec![]).await, Value::Null, "nothing plays any more");
    show(&bob.tab, "playing-altered").await;
    stage.proxy.be_honest();
    bob.tab.click(".message.peer .file [data-file-do=again]").await;
    until_plays_from(&bob.tab, 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_player_s_own_page_gets_its_bytes_and_only_as_long_as_the_player_is_there() {
    let (stage, alice, bob) = Stage::two_and_a_tone().await;
    until_served(&bob.tab).await;
    bob.tab.click(PLAY).await;
    until_plays_from(&bob.tab, 0.0).await;
    let url = source(&bob.tab).await;
    let tries = async |tab: &Tab, url: &str, outcome: &str, what: &str| {
        // Players of one page share what came under one address. Another query is another address, and the same name.
        let url = format!("{url}?{}", what.replace(' ', "-"));
        tab.until(what, TRY, vec![url.into(), outcome.into(), what.into()]).await;
    };
    // What is refused below is there for this page.
    tries(&bob.tab, &url, "played", "a second player of the page").await;
    let fetched = "fetch(a[0], { headers: { Range: 'bytes=0-9' } }).then(answer => answer.status === a[1])";
    bob.tab.until("nothing for what is no player", fetched, vec![url.as_str().into(), 404.into()]).await;
    let guessed = url.rsplit_once('/').unwrap().0.to_owned() + "/AAECAwQFBgcICQoLDA0ODw";
    tries(&bob.tab, &guessed, "refused", "a guessed name").await;
    let caches = "(async () => { for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys()) if (url.includes('/playing/')) return false;
        return true })()";
    bob.tab.until("nothing of it in a cache", caches, vec![]).await;

    // Another page of the same person, which was even told the name.
    let other = bob.browser.new_tab().await;
    other.goto(&bob.url("/home")).await;
    bob.until_ready(&other).await;
    until_served(&other).await;
    tries(&other, &url, "refused", "a page that plays nothing").await;
    bob.open_in(&other, &alice).await;
    other.click(PLAY).await;
    until_plays_from(&other, 0.0).await;
    tries(&other, &url, "refused", "a page that plays the same under another name").await;
    other.goto(&url).await;
    assert_eq!(other.ask("document.querySelectorAll('audio, video').length", vec![]).await, 0);
    other.close().await;

    bob.tab.click(".people .menu > summary").await;
    bob.tab.click(".people .menu [hx-get='/add-me']").await;
    bob.tab.until("the player to be gone", &format!("!{PLAYER}"), vec![]).await;
    tries(&bob.tab, &url, "refused", "a name whose player is gone").await;
    assert_eq!(stage.asked_server(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_service_worker_all_of_a_sound_is_fetched_and_then_played() {
    let stage = Stage::set().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    bob.tab.before_each_page(WITHOUT_WORKER).await;
    alice.sign_up().await;
    bob.sign_up().await;
    crate::person::meet(&alice, &bob).await;
    send_tone(&alice, &bob).await;
    bob.tab.click(PLAY).await;
    until_plays_from(&bob.tab, 0.0).await;
    assert!(source(&bob.tab).await.starts_with("blob:"));
    assert!(stage.fetched().len() as u64 >= CHUNKS);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_worker_that_answers_no_players_the_server_learns_a_random_name_and_the_sound_is_played() {
    let stage = Stage::set().await;
    stage.proxy.rewrite("GET", "/service-worker.js", |_, answer| {
        let script = String::from_utf8(std::mem::take(&mut answer.body)).unwrap();
        assert!(script.contains("const PLAYING = \"/playing/\""));
        answer.body = script.replacen("const PLAYING = \"/playing/\"", "const PLAYING = \"/other/\"", 1).into_bytes();
    });
    let (alice, bob) = stage.two_who_meet().await;
    send_tone(&alice, &bob).await;
    until_served(&bob.tab).await;
    bob.tab.click(PLAY).await;
    let whole = format!("(p => p?.src.startsWith('blob:') && p.readyState > 0)({PLAYER})");
    bob.tab.until("all of it", &whole, vec![]).await;
    let asked = stage.asked_server();
    let name = asked[0].strip_prefix("/playing/").unwrap();
    assert!(
        name.len() == 22 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
        "{asked:?}"
    );
    let exchanges = stage.proxy.exchanges();
    let answers = exchanges.iter().filter(|exchange| exchange.target.starts_with("/playing/"));
    assert!(answers.clone().all(|exchange| exchange.status == 404 && exchange.request_body.is_empty()));
}
