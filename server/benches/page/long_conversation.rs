//! A conversation of 20,000 messages: opening it, reading back in it, searching it, and looking through it for files that it
//! does not have.
//!
//! The messages come out of a file as the product saves it, which the page takes in as it takes any.

use super::{Row, Times};
use crate::eventually::eventually;
use crate::person::Person;
use cliquet_web_crypto::{
    client::{
        conversation::{Amendments, DeliveryStatus, Message, MessageBody, MessageId},
        peer::{Peer, Trust},
        saved_file::{Owner, Writer},
    },
    crypto::{history::OlderKeys, keys::Key, password::Login, vault},
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    opaque::Stretching,
    sign_in::{SignInStart, SignInStarted},
    vault::Vault,
};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, SystemTime},
};

const MESSAGES: usize = 20_000;
/// On average; they come a few at a time, as in most conversations.
const MESSAGE_EVERY_MS: u64 = 15 * 60 * 1000;
const ROUNDS: usize = 12;
/// The first ones warm the page up.
const NOT_COUNTED: usize = 2;
const SCROLLS: usize = 5;
/// So many lines are read back.
const READ_BACK: usize = 2_000;
/// In each frame: about as fast as a finger throws a page.
const PIXELS_A_FRAME: u32 = 200;
const OPENED_MS: f64 = 150.0;
const TASK_MS: f64 = 100.0;
const FOUND_MS: f64 = 300.0;
/// Between two measurements the page comes to rest.
const PAUSE: Duration = Duration::from_millis(700);
/// Adding the messages, and keeping them in the history on the server.
const PATIENCE: Duration = Duration::from_secs(900);

const SELDOM: &str = "quince";
/// The first and the last message that has the rare word, and two between; so all must be read to find all.
const WITH_SELDOM: [usize; 4] = [0, 7_777, 13_333, MESSAGES - 30];
const OFTEN: &str = "bread";
/// More hits than these are not shown.
const HITS_MAX: usize = 200;

/// In the page: when the frame that shows the present state is drawn.
const DRAWN: &str = "window.drawn = () => new Promise(done => requestAnimationFrame(() => { \
    const channel = new MessageChannel(); \
    channel.port1.onmessage = () => done(performance.now()); \
    channel.port2.postMessage(0); })), 1";
/// From the press on the contact to the frame that shows the last line.
const WATCH_OPENING: &str = "(() => { \
    window.opened = 0; \
    document.addEventListener('click', event => { \
        const look = () => { \
            const list = document.querySelector('.messages'), line = list?.lastElementChild; \
            if (line?.querySelector('.body')?.textContent !== a[0]) return requestAnimationFrame(look); \
            if (line.getBoundingClientRect().bottom > list.getBoundingClientRect().bottom) return requestAnimationFrame(look); \
            drawn().then(now => window.opened = now - event.timeStamp); \
        }; \
        requestAnimationFrame(look); \
    }, { capture: true, once: true }); \
    return 1; \
})()";
/// Goes up, frame by frame, until so many lines are there: the longest task, and how many lines.
const SCROLL: &str = "(async () => { \
    const list = document.querySelector('.messages'), tasks = [0]; \
    const observer = new PerformanceObserver(all => all.getEntries().forEach(task => tasks.push(task.duration))); \
    observer.observe({ type: 'longtask' }); \
    const end = performance.now() + 25000; \
    while (list.childElementCount < a[0] && performance.now() < end) { \
        list.scrollBy(0, -a[1]); \
        await new Promise(requestAnimationFrame); \
    } \
    await new Promise(done => setTimeout(done, 500)); \
    observer.disconnect(); \
    return [Math.max(...tasks), list.childElementCount]; \
})()";
/// From the last key to the frame that shows all that was found.
const WATCH_SEARCH: &str = "(() => { \
    const pane = document.querySelector('.search'), state = pane.querySelector('[data-search-state]'); \
    let pressed = 0; \
    window.found = 0; \
    pane.addEventListener('keydown', event => pressed = event.timeStamp, true); \
    const observer = new MutationObserver(() => { \
        const hits = pane.querySelectorAll('[data-hit]').length; \
        if (hits < a[0] || !state.textContent.includes(hits)) return; \
        observer.disconnect(); \
        drawn().then(now => window.found = now - pressed); \
    }); \
    observer.observe(pane, { subtree: true, childList: true, characterData: true }); \
    return 1; \
})()";
const CLEAR: &str = "(field => { \
    field.value = ''; \
    return field.dispatchEvent(new Event('input', { bubbles: true })); \
})(document.querySelector('[data-search-words]'))";

/// From the press on the gallery to the word that there is no photo, when every message was read; and the longest task.
const GALLERY: &str = "(async () => { \
    const tasks = [0]; \
    const observer = new PerformanceObserver(list => tasks.push(...list.getEntries().map(entry => entry.duration))); \
    observer.observe({ type: 'longtask' }); \
    const begun = performance.now(); \
    document.querySelector('.conversation [data-gallery-here]').click(); \
    while (!document.querySelector('#gallery-pictures .gallery-empty:not([hidden])')) await new Promise(requestAnimationFrame); \
    const all = performance.now() - begun; \
    await new Promise(done => setTimeout(done, 500)); \
    observer.disconnect(); \
    return [all, Math.max(...tasks)]; \
})()";

pub(super) async fn measure(house: &Path, url: &str) -> Vec<Row> {
    let (alice, bob) = (Person::arrive(house, "anna", url).await, Person::arrive(house, "ben", url).await);
    alice.sign_up().await;
    bob.sign_up().await;
    alice.add(&bob).await;
    alice.open(&bob).await;
    alice.until_nothing_is_behind().await;
    let messages = conversation(&alice, &bob);
    take_in(house, &alice, &saved_file(&alice, &bob, &messages).await).await;
    drop(bob.browser);

    let last = messages.last().unwrap().text();
    let opened = opening(&alice, &bob.email, last).await;
    let [longest, reading] = read_back(&alice, &bob.email, last).await;
    let [looked_through, gallery_task] = look_through(&alice, &bob.email, last).await;
    let [seldom, seldom_busy] = search(&alice, SELDOM, WITH_SELDOM.len()).await;
    let [often, often_busy] = search(&alice, OFTEN, HITS_MAX).await;
    let row = |what: &str, goal, times| {
        let what = format!("20,000 messages: {what}");
        Row { what, goal, times: Times::of(times), unit: "ms" }
    };
    vec![
        row("press on the contact to the frame with the last line", Some(OPENED_MS), opened),
        row("longest task while 2,000 lines are read back; 0: none of 50 ms", Some(TASK_MS), longest),
        row("the page at work for that", None, reading),
        row("press on the gallery until all were looked through for a photo", None, looked_through),
        row("longest task for that; 0: none of 50 ms", Some(TASK_MS), gallery_task),
        row("last key to the frame with the 4 that have a rare word", Some(FOUND_MS), seldom),
        row("the page at work for that", None, seldom_busy),
        row("last key to the frame with the newest 200 that have a frequent word", Some(FOUND_MS), often),
        row("the page at work for that", None, often_busy),
    ]
}

impl Person {
    async fn until_last(&self, text: &str) {
        let there = "document.querySelector('[data-filled] .messages')?.lastElementChild?.textContent.includes(a[0])";
        self.tab.until("the last line", there, vec![text.into()]).await;
    }
}

async fn opening(alice: &Person, with: &str, last: &str) -> Vec<f64> {
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        alice.tab.goto(&alice.url("/home")).await;
        alice.until_home().await;
        tokio::time::sleep(PAUSE).await;
        alice.tab.ask(DRAWN, vec![]).await;
        alice.tab.ask(WATCH_OPENING, vec![last.into()]).await;
        alice.tab.click(&format!("#contacts li[data-contact='{with}'] a")).await;
        let time = alice.clocked("opened").await;
        if round >= NOT_COUNTED {
            times.push(time);
        }
    }
    times
}

/// The longest task, and how long the page was at work, each time that somebody reads back.
async fn read_back(alice: &Person, with: &str, last: &str) -> [Vec<f64>; 2] {
    let (mut longest, mut busy) = (Vec::new(), Vec::new());
    for _ in 0..SCROLLS {
        alice.tab.goto(&alice.url(&format!("/home?with={with}"))).await;
        alice.until_home().await;
        alice.until_last(last).await;
        tokio::time::sleep(PAUSE).await;
        let before = alice.tab.busy().await;
        let seen = alice.tab.ask(SCROLL, vec![json!(READ_BACK), json!(PIXELS_A_FRAME)]).await;
        let [task, lines]: [f64; 2] = serde_json::from_value(seen).unwrap();
        assert!(lines >= READ_BACK as f64, "only {lines} lines came");
        longest.push(task);
        busy.push((alice.tab.busy().await - before).as_secs_f64() * 1000.0);
    }
    [longest, busy]
}

/// How long the gallery took to find that there is nothing, and the longest task of each time.
async fn look_through(alice: &Person, with: &str, last: &str) -> [Vec<f64>; 2] {
    let (mut times, mut longest) = (Vec::new(), Vec::new());
    for _ in 0..SCROLLS {
        alice.tab.goto(&alice.url(&format!("/home?with={with}"))).await;
        alice.until_home().await;
        alice.until_last(last).await;
        tokio::time::sleep(PAUSE).await;
        let [all, task]: [f64; 2] = serde_json::from_value(alice.tab.ask(GALLERY, vec![]).await).unwrap();
        times.push(all);
        longest.push(task);
    }
    [times, longest]
}

/// How long each search took, and how long the page was at work for it.
async fn search(alice: &Person, word: &str, hits: usize) -> [Vec<f64>; 2] {
    alice.tab.goto(&alice.url("/home?show=search")).await;
    alice.until_home().await;
    alice.tab.until_shown("[data-search-words]:enabled").await;
    alice.tab.ask(DRAWN, vec![]).await;
    let (mut times, mut busy) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        alice.tab.ask(CLEAR, vec![]).await;
        tokio::time::sleep(PAUSE).await;
        alice.tab.ask(WATCH_SEARCH, vec![json!(hits)]).await;
        let before = alice.tab.busy().await;
        alice.tab.write("[data-search-words]", word).await;
        let time = alice.clocked("found").await;
        if round >= NOT_COUNTED {
            times.push(time);
            busy.push((alice.tab.busy().await - before).as_secs_f64() * 1000.0);
        }
    }
    [times, busy]
}

impl Person {
    /// What a clock in the page says in the end.
    async fn clocked(&self, name: &str) -> f64 {
        let look = async || match self.tab.ask(&format!("window.{name}"), vec![]).await.as_f64() {
            Some(time) if time > 0.0 => Ok(time),
            other => Err(other),
        };
        eventually(name, Duration::from_secs(60), look).await.unwrap()
    }
}

/// What two people wrote over seven months: from one word to some thirty, now and then with an accent or a link.
fn conversation(alice: &Person, bob: &Person) -> Vec<Message> {
    const WORDS: [&str; 24] = [
        "we", "could", "meet", "at", "the", "station", "tomorrow", "if", "it", "rains", "then", "perhaps", "later",
        "I", "bought", "some", "cheese", "and", "a", "book", "for", "your", "été", "soon",
    ];
    let addresses = [&alice.email, &bob.email].map(|email| Address::parse(email).unwrap());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as u64;
    let begin = now - MESSAGES as u64 * MESSAGE_EVERY_MS;
    // The same conversation each time.
    let mut state = 20_000_u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let messages = (0..MESSAGES).map(|number| {
        // Six at a time, some seconds apart.
        let number_time = (number - number % 6) as u64 * MESSAGE_EVERY_MS + (number % 6) as u64 * 9_000;
        let time = begin + number_time;
        let mut words: Vec<&str> = (0..1 + random(8) * random(5)).map(|_| WORDS[random(24) as usize]).collect();
        if number % 3 == 0 {
            words.push(OFTEN);
        }
        if number % 50 == 0 {
            words.push("https://example.org/a/page");
        }
        if WITH_SELDOM.contains(&number) {
            words.push(SELDOM);
        }
        let by_alice = random(2) == 0;
        let id = [number.to_be_bytes().as_slice(), &[0; 2]].concat().try_into().unwrap();
        Message {
            id: MessageId::from_parts(time, id),
            conversation: (&addresses[1]).into(),
            sender: addresses[usize::from(!by_alice)].clone(),
            sort_time: time,
            client_time: time,
            server_time: time,
            body: MessageBody::Text(format!("{} {number}", words.join(" "))),
            status: if by_alice { DeliveryStatus::Read } else { DeliveryStatus::Received },
            amendments: Amendments::default(),
            quote: None,
            lifetime: None,
            received_by: None,
            passed_on_by: None,
            attachment: None,
        }
    });
    messages.collect()
}

/// As this account's home would save it. The key of the file's proof is in the vault, which the password opens.
async fn saved_file(alice: &Person, bob: &Person, messages: &[Message]) -> String {
    let email = Address::parse(&alice.email).unwrap();
    let account_key = alice.directory(&alice.email).await.account_key;
    let hash = account_key.hash();
    let history = history_key(alice, &email, &account_key).await;
    let older = OlderKeys::default();
    let owner = Owner { email: &email, account_key_hash: &hash, history_key: &history, older: &older };
    let account_key = alice.directory(&bob.email).await.account_key;
    let peer = Peer::new(Address::parse(&bob.email).unwrap(), Trust::Added, account_key);
    let mut file = Writer::begin(owner, "Messages", "en");
    file.conversation(&peer);
    for message in messages {
        file.message(message, "then");
    }
    let all = file.piece();
    all + &file.end()
}

async fn history_key(alice: &Person, email: &Address, account_key: &AccountKey) -> Key {
    let (mut random, password) = (UnwrapErr(SysRng), alice.password.as_bytes());
    let (login, request) = Login::start(password, &mut random).unwrap();
    let start = json!(SignInStart { email: alice.email.clone(), request });
    let started: SignInStarted = alice.fetch("POST", "/sign-in/start", start).await;
    let logged_in = login.finish(password, &started.response, &[Stretching::CURRENT], &mut random).unwrap();
    let Vault { vault: sealed } = alice.fetch("GET", "/vault", Value::Null).await;
    let owner = vault::Owner { email, account_key };
    let root = vault::root_by_password(owner, logged_in.export_key.as_bytes(), &sealed).unwrap();
    vault::VaultKeys::derive(&root).history
}

/// Has the page take the file in, and waits until nothing is left to do with it.
async fn take_in(house: &Path, alice: &Person, file: &str) {
    let path = house.join("long.html");
    std::fs::write(&path, file).unwrap();
    alice.tab.goto(&alice.url("/home?show=safety")).await;
    alice.until_home().await;
    alice.tab.until_shown(".safety [data-import]:enabled").await;
    alice.tab.choose_file(".safety [data-import]", path.to_str().unwrap()).await;
    let said = "document.querySelector('.import').textContent";
    let added = async || {
        let said = alice.tab.ask(said, vec![]).await.to_string();
        if said.contains(&format!("Messages added: {MESSAGES}.")) { Ok(()) } else { Err(said) }
    };
    eventually("the file to be taken in", PATIENCE, added).await.unwrap();
    let kept = async || {
        let behind = alice.tab.ask("document.documentElement.dataset.behind", vec![]).await;
        let left = alice.records_kept(&["to_restore/", "to_keep/"]).await;
        if behind == "no" && left == 0 { Ok(()) } else { Err((behind, left)) }
    };
    eventually("the history to have all of it", PATIENCE, kept).await.unwrap();
}
