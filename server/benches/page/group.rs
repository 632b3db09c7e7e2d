//! A text to a group of 50 members with two devices each: from the key press to the last device that has it.
//!
//! The sender is a page, and so is one device of another member. The other 98 devices are the real client without a page:
//! the messenger, its records in memory, and a poll of its own at the real server. All of it shares this machine.

use super::{Row, Times};
use crate::eventually::eventually;
use crate::person::{Person, meet};
use crate::support::{member::Member, program::Program};
use cliquet_web_crypto::client::conversation::ConversationId;
use cliquet_wire::{account_key::AccountKey, address::Address, limits::GROUP_MEMBERS_MAX};
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The other members are played by the client alone.
const PLAYED: usize = GROUP_MEMBERS_MAX - 2;
const DEVICES: usize = 2;
const TEXTS: usize = 50;
/// The first ones warm everything up.
const NOT_COUNTED: usize = 10;
/// Longer than a text takes, so that each is on its own.
const PAUSE: Duration = Duration::from_millis(700);
const PATIENCE: Duration = Duration::from_secs(60);
/// A poll of a device without a page.
const POLL_SECONDS: u32 = 5;
const NAME: &str = "Fifty";
const FIRST: &str = "the first text";
/// What was sealed is on the disk at once.
const TRANSACTIONS: f64 = 1.0;

/// In the sender's page, of each text: the press of Enter, each transaction that wrote something, and the post.
const WATCH_SENDING: &str = "(() => { \
    const now = () => performance.timeOrigin + performance.now(); \
    const sending = { pressed: 0, writes: [], posted: 0, bytes: 0, answered: 0 }; \
    window.sendings = []; \
    addEventListener('keydown', event => { \
        if (event.key !== 'Enter') return; \
        sendings.push({ ...sending, writes: [], pressed: performance.timeOrigin + event.timeStamp }); \
    }, true); \
    const transaction = IDBDatabase.prototype.transaction; \
    IDBDatabase.prototype.transaction = function (stores, mode, ...rest) { \
        const made = transaction.call(this, stores, mode, ...rest), sending = sendings.at(-1); \
        if (mode === 'readwrite' && sending && !sending.posted) { \
            const write = { opened: now(), done: 0 }; \
            sending.writes.push(write); \
            made.addEventListener('complete', () => write.done = now()); \
        } \
        return made; \
    }; \
    const { fetch } = window; \
    window.fetch = (url, options) => { \
        const answer = fetch(url, options), sending = sendings.at(-1); \
        if (String(url).endsWith('/messages') && sending) { \
            sending.posted ||= now(); \
            sending.bytes += new Blob([options.body]).size; \
            answer.then(() => sending.answered = now()); \
        } \
        return answer; \
    }; \
    return 1; \
})()";
/// In the reader's: when a text is in the document.
const WATCH_TEXTS: &str = "window.came = {}, new MutationObserver(() => { \
    const now = performance.timeOrigin + performance.now(); \
    for (const body of document.querySelectorAll('.message.peer .body')) came[body.textContent] ??= now; \
}).observe(document.querySelector('.messages'), { subtree: true, childList: true, characterData: true }), 1";
const OPEN_GROUP: &str = "(line => { line?.querySelector('a').click(); return Boolean(line); })(\
    [...document.querySelectorAll('#contacts li')].find(line => line.querySelector('[data-name]').textContent === a[0]))";
const OPENED: &str = "section[data-conversation]:not([data-conversation*='@'])[data-filled] \
    form[data-composer] > fieldset:enabled";

/// What the sender's page saw of one text. Milliseconds since 1970.
#[derive(Debug, Deserialize)]
struct Sending {
    pressed: f64,
    writes: Vec<Write>,
    posted: f64,
    bytes: f64,
    answered: f64,
}

#[derive(Debug, Deserialize)]
struct Write {
    opened: f64,
    done: f64,
}

impl Sending {
    /// What was sealed is written in one transaction, the last one before the post leaves; the one before keeps the text.
    fn sealed(&self) -> (&Write, &Write) {
        let [.., kept, sealed] = self.writes.as_slice() else { panic!("too few transactions: {self:?}") };
        (kept, sealed)
    }
}

pub(super) async fn measure(house: &Path, url: &str, server: &Program) -> Vec<Row> {
    let (gina, hugo) = (Person::arrive(house, "gina", url).await, Person::arrive(house, "hugo", url).await);
    gina.sign_up().await;
    hugo.sign_up().await;
    meet(&gina, &hugo).await;
    hugo.send("hello").await;
    gina.until_hears("hello").await;
    gina.until_nothing_is_behind().await;
    hugo.until_nothing_is_behind().await;

    let members = {
        let [gina, hugo] = [&gina, &hugo].map(|person| (person.email.clone(), person.password.clone()));
        let address = server.address();
        tokio::task::spawn_blocking(move || played(address, [gina, hugo])).await.unwrap()
    };
    for person in [&gina, &hugo] {
        person.tab.until("the group in the list", OPEN_GROUP, vec![NAME.into()]).await;
        person.tab.until_shown(OPENED).await;
    }
    // The first text begins a session with each device. Each answers in it, or every further post would begin it again.
    let (arrivals, devices) = (Arc::new(Arrivals::default()), members.len());
    let pollers = Pollers::start(members, &arrivals);
    gina.tab.ask(WATCH_SENDING, vec![]).await;
    gina.send(FIRST).await;
    arrivals.until_all_have(FIRST, devices).await;
    hugo.until_hears(FIRST).await;
    // A device that begins to listen again tells of older texts too, when something about them changes.
    let first_came = arrivals.last(FIRST);
    let members = pollers.end();
    let members = tokio::task::spawn_blocking(move || answers(members)).await.unwrap();

    hugo.tab.ask(WATCH_TEXTS, vec![]).await;
    let pollers = Pollers::start(members, &arrivals);
    let texts: Vec<String> = (0..TEXTS).map(|number| format!("text number {number}")).collect();
    for text in &texts {
        gina.tab.write("[data-draft]", text).await;
        tokio::time::sleep(PAUSE).await;
        gina.tab.write("[data-draft]", "\n").await;
        arrivals.until_all_have(text, devices).await;
        hugo.until_hears(text).await;
        tokio::time::sleep(PAUSE).await;
    }
    pollers.end();
    let sendings: Vec<Sending> = serde_json::from_value(gina.tab.ask("sendings", vec![]).await).unwrap();
    let [first, sendings @ ..] = sendings.as_slice() else { panic!("no press was seen") };
    assert_eq!(sendings.len(), TEXTS, "a press was not seen");
    let first = first_came - first.pressed;
    let came = hugo.tab.ask("a[0].map(text => came[text])", vec![json!(texts)]).await;
    let came: Vec<f64> = serde_json::from_value(came).unwrap();
    rows(&sendings[NOT_COUNTED..], &came[NOT_COUNTED..], &texts[NOT_COUNTED..], (&arrivals, devices), first)
}

fn rows(
    sendings: &[Sending],
    came: &[f64],
    texts: &[String],
    (arrivals, devices): (&Arrivals, usize),
    first: f64,
) -> Vec<Row> {
    let each = |of: &dyn Fn(&Sending) -> f64| Times::of(sendings.iter().map(of).collect());
    let from_press =
        |times: Vec<f64>| Times::of(times.iter().zip(sendings).map(|(time, sending)| time - sending.pressed).collect());
    let last: Vec<f64> = texts.iter().zip(came).map(|(text, page)| arrivals.last(text).max(*page)).collect();
    let half: Vec<f64> = texts.iter().map(|text| arrivals.median(text)).collect();
    let row =
        |what: String, goal, times| Row { what: format!("group of 50, 100 devices: {what}"), goal, times, unit: "ms" };
    let with = |unit, row: Row| Row { unit, ..row };
    vec![
        row(format!("key press to the last of {} devices that shows it", devices + 1), None, from_press(last)),
        row("key press to half of them".into(), None, from_press(half)),
        row("key press to the text in the other page".into(), None, from_press(came.to_vec())),
        row(
            "in the sender's page, from the text on the disk to the transaction with its 99 envelopes".into(),
            None,
            each(&|sending| {
                let (kept, sealed) = sending.sealed();
                sealed.opened - kept.done
            }),
        ),
        with(
            "",
            row(
                "transactions from there to the post".into(),
                Some(TRANSACTIONS),
                each(&|sending| {
                    let (kept, _) = sending.sealed();
                    sending.writes.iter().filter(|write| write.opened >= kept.done).count() as f64
                }),
            ),
        ),
        row("that transaction".into(), None, each(&|sending| sending.sealed().1.done - sending.sealed().1.opened)),
        row("key press to the post".into(), None, each(&|sending| sending.posted - sending.pressed)),
        row("the post to its answer".into(), None, each(&|sending| sending.answered - sending.posted)),
        with("KB", row("bytes posted".into(), None, each(&|sending| sending.bytes / 1e3))),
        row("the first text, with a new session for each device, to the last".into(), None, Times::of(vec![first])),
    ]
}

/// When each device had each text.
#[derive(Default)]
struct Arrivals(Mutex<BTreeMap<String, Vec<f64>>>);

impl Arrivals {
    fn note(&self, texts: impl IntoIterator<Item = String>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() * 1e3;
        let mut arrivals = self.0.lock().unwrap();
        texts.into_iter().for_each(|text| arrivals.entry(text).or_default().push(now));
    }

    async fn until_all_have(&self, text: &str, devices: usize) {
        let all = async || match self.0.lock().unwrap().get(text).map_or(0, Vec::len) {
            count if count == devices => Ok(()),
            count => Err(count),
        };
        eventually(&format!("all devices to have {text}"), PATIENCE, all).await.unwrap();
    }

    fn last(&self, text: &str) -> f64 {
        self.0.lock().unwrap()[text].iter().copied().fold(0.0, f64::max)
    }

    fn median(&self, text: &str) -> f64 {
        let mut times = self.0.lock().unwrap()[text].clone();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }
}

/// The devices without a page, the second ones of both pages first. Gina's makes the group.
fn played(server: SocketAddr, [gina, hugo]: [(String, String); 2]) -> Vec<Member> {
    let mut devices: Vec<Member> =
        [gina, hugo].iter().map(|(email, password)| Member::beside_a_browser(server, email, password)).collect();
    for number in 0..PLAYED {
        let email = format!("member{number}@example.org");
        devices.push(Member::sign_up(server, &email));
        devices.push(Member::another_device(server, &email));
    }
    let hugo = (devices[1].address().clone(), devices[1].messenger.account_key().clone());
    let others: Vec<(Address, AccountKey)> = devices[2..]
        .iter()
        .step_by(DEVICES)
        .map(|member| (member.address().clone(), member.messenger.account_key().clone()))
        .chain([hugo])
        .collect();
    settle(&mut devices);
    let gina = devices[0].address().clone();
    for (address, _) in &others[..PLAYED] {
        devices[0].adds(address);
    }
    settle(&mut devices);
    for member in devices[2..].iter_mut().step_by(DEVICES) {
        member.adds(&gina);
    }
    settle(&mut devices);
    let others: Vec<(&Address, &AccountKey)> = others.iter().map(|(address, key)| (address, key)).collect();
    devices[0].makes_group(NAME, &others);
    settle(&mut devices);
    devices
}

/// Until none of them has anything more to do.
fn settle(devices: &mut [Member]) {
    for _ in 0..10_000 {
        let mut is_busy = false;
        for device in devices.iter_mut() {
            is_busy |= device.turn();
        }
        if !is_busy {
            return;
        }
    }
    panic!("they do not come to rest");
}

/// Each device answers the sender alone.
fn answers(mut devices: Vec<Member>) -> Vec<Member> {
    let gina = ConversationId::from(devices[0].address());
    devices[1..].iter_mut().for_each(|device| device.writes(&gina, "I have it"));
    settle(&mut devices);
    devices
}

/// Every device polls on a thread of its own, and keeps what comes.
struct Pollers {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Member>>,
}

impl Pollers {
    fn start(devices: Vec<Member>, arrivals: &Arc<Arrivals>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let poll = |mut device: Member| {
            let (is_over, arrivals) = (Arc::clone(&is_over), Arc::clone(arrivals));
            thread::spawn(move || {
                let mut had = BTreeSet::new();
                device.heard.clear();
                while !is_over.load(Ordering::SeqCst) {
                    let deliveries = device.fetches(POLL_SECONDS);
                    device.receives(&deliveries);
                    // What changes later is told again.
                    arrivals.note(device.heard.drain(..).filter(|text| had.insert(text.clone())));
                }
                device
            })
        };
        let threads = devices.into_iter().map(poll).collect();
        Self { is_over, threads }
    }

    fn end(self) -> Vec<Member> {
        self.is_over.store(true, Ordering::SeqCst);
        self.threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }
}
