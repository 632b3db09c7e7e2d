//! A browser's services in memory: a disk, a server that answers as told, and tokio's paused clock.

use crate::fake_files::FakeFiles;
use cliquet_web_crypto::{
    browser::{
        app::to_restore::{BEFORE, CONTACTS, TO_RESTORE},
        platform::{
            error::{HttpError, StoreError},
            service::{
                Clock, Crypto, Http, NoLocks, Platform, Posts, Presence, Ranges, Record, Storage, Tabs, Tasks, Write,
            },
        },
    },
    client::records::{self, Records, RecordsError},
    crypto::rsa::native::{NativeSigner, NativeVerifier},
};
use cliquet_wire::{account_key::AccountKey, ids::DeviceId, poll::Poll};
use event_listener::Event;
use futures_lite::future::{or, pending};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng as _};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    time::Duration,
};
use tokio::{
    task::yield_now,
    time::{Instant, sleep, timeout},
};
use zeroize::Zeroizing;

pub(crate) const START_MS: u64 = 1_800_000_000_000;

pub(crate) type Answer = Result<String, HttpError>;

/// Gives the account key to anyone who signs.
type MakeSigner = fn() -> NativeSigner<ChaCha20Rng>;

/// By store and key.
type Rows = BTreeMap<(String, String), Zeroizing<Vec<u8>>>;

/// What all tabs of one browser share.
#[derive(Clone, Default)]
pub(crate) struct Disk(Rc<Inner>);

#[derive(Default)]
struct Inner {
    records: RefCell<Rows>,
    commits: Cell<usize>,
    refuses: Cell<bool>,
    led: Cell<bool>,
    files: FakeFiles,
    lead_free: Event,
}

impl Disk {
    /// From now on nothing can be written, or it can again.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.0.refuses.set(refuses);
    }

    pub(crate) fn commits(&self) -> usize {
        self.0.commits.get()
    }

    pub(crate) fn put(&self, changes: &records::Changes) {
        for put in &changes.puts {
            let key = (put.store.name().to_owned(), put.key.clone());
            self.0.records.borrow_mut().insert(key, put.value.clone());
        }
    }

    pub(crate) fn forget(&self, changes: &records::Changes) {
        for (store, key) in &changes.deletes {
            self.0.records.borrow_mut().remove(&(store.name().to_owned(), key.clone()));
        }
    }

    pub(crate) fn has(&self, store: records::Store) -> bool {
        self.0.records.borrow().keys().any(|(name, _)| name == store.name())
    }

    pub(crate) fn count_of(&self, store: records::Store) -> usize {
        self.of(store.name()).len()
    }

    /// As on a device that was just added: everything is missing.
    pub(crate) fn restore_history(&self) {
        let key = (TO_RESTORE.to_owned(), BEFORE.to_owned());
        self.0.records.borrow_mut().insert(key, Zeroizing::default());
    }

    /// The same, of the contacts that the vault knows.
    pub(crate) fn restore_contacts(&self) {
        let key = (TO_RESTORE.to_owned(), CONTACTS.to_owned());
        self.0.records.borrow_mut().insert(key, Zeroizing::default());
    }

    fn of(&self, store: &str) -> Vec<Record> {
        let records = self.0.records.borrow();
        let of_store = records.iter().filter(|((name, _), _)| name == store);
        of_store.map(|((_, key), value)| Record { key: key.clone(), value: value.clone() }).collect()
    }
}

impl Records for Disk {
    async fn get(&self, store: records::Store, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, RecordsError> {
        Ok(self.value(store.name(), key).await?)
    }

    async fn next(&self, store: records::Store, key: &str) -> Result<Option<records::Record>, RecordsError> {
        let next = self.after(store.name(), key).await?;
        Ok(next.map(|Record { key, value }| records::Record { store, key, value }))
    }

    async fn all_under(&self, store: records::Store, owner: &str) -> Result<Vec<records::Record>, RecordsError> {
        let found = self.of(store.name()).into_iter().filter(|record| record.key.starts_with(&format!("{owner}/")));
        Ok(found.map(|Record { key, value }| records::Record { store, key, value }).collect())
    }
}

impl Storage for Disk {
    async fn value(&self, store: &str, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        Ok(self.0.records.borrow().get(&(store.to_owned(), key.to_owned())).cloned())
    }

    async fn all(&self, store: &str) -> Result<Vec<Record>, StoreError> {
        Ok(self.of(store))
    }

    async fn commit(&self, writes: &[Write<'_>]) -> Result<(), StoreError> {
        // A transaction takes its time.
        sleep(Duration::from_millis(1)).await;
        if self.0.refuses.get() {
            return Err(StoreError::Full);
        }
        let mut records = self.0.records.borrow_mut();
        for write in writes {
            let key = (write.store.to_owned(), write.key.to_owned());
            match write.value {
                Some(value) => records.insert(key, Zeroizing::new(value.to_vec())),
                None => records.remove(&key),
            };
        }
        self.0.commits.set(self.0.commits.get() + 1);
        Ok(())
    }
}

impl Ranges for Disk {
    async fn after(&self, store: &str, key: &str) -> Result<Option<Record>, StoreError> {
        Ok(self.of(store).into_iter().find(|record| record.key.as_str() > key))
    }

    async fn last(&self, store: &str, first: &str, below: Option<&str>, count: u32) -> Result<Vec<Record>, StoreError> {
        // As in a browser, others have their turn before it answers.
        let mut records = self.of(store);
        yield_now().await;
        let rest = |key: &str| Some(key.strip_prefix(first)?.strip_prefix('/')?.to_owned());
        records.retain(|record| rest(&record.key).is_some_and(|rest| below.is_none_or(|below| *rest < *below)));
        Ok(records.split_off(records.len().saturating_sub(count as usize)))
    }
}

/// How the server answers a poll or a post.
pub(crate) enum Reply {
    /// After so many milliseconds.
    After(u64, Answer),
    /// Never.
    Dead,
}

/// A poll as it was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) at_ms: u64,
    pub(crate) wait_seconds: u32,
    pub(crate) deadline_ms: u32,
}

/// A post as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) at_ms: u64,
    pub(crate) id: String,
    pub(crate) body: String,
}

/// One tab.
#[derive(Clone)]
pub(crate) struct Tab(Rc<TabInner>);

struct TabInner {
    disk: Disk,
    started: Instant,
    online: Cell<bool>,
    polls: RefCell<VecDeque<Reply>>,
    asked: RefCell<Vec<Asked>>,
    cancelled: Event,
    posts: RefCell<VecDeque<Reply>>,
    posted: RefCell<Vec<Posted>>,
    forgotten: RefCell<Vec<String>>,
    #[expect(clippy::type_complexity, reason = "what the server says to a method, a path and a body")]
    server: RefCell<Option<Box<dyn Fn(&str, &str, Option<&str>) -> Answer>>>,
    announced: RefCell<Vec<Vec<u8>>>,
    closed: Event,
    rng: Cell<u64>,
    signer: Cell<Option<MakeSigner>>,
    files: FakeFiles,
}

impl Tab {
    pub(crate) fn new(disk: &Disk, started: Instant) -> Self {
        Self(Rc::new(TabInner {
            disk: disk.clone(),
            started,
            online: Cell::new(true),
            polls: RefCell::default(),
            asked: RefCell::default(),
            cancelled: Event::new(),
            posts: RefCell::default(),
            posted: RefCell::default(),
            forgotten: RefCell::default(),
            server: RefCell::default(),
            announced: RefCell::default(),
            closed: Event::new(),
            rng: Cell::new(0),
            signer: Cell::new(None),
            files: disk.0.files.clone(),
        }))
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.0.disk
    }

    /// What is kept of files, and the server of them.
    pub(crate) fn files(&self) -> &FakeFiles {
        &self.0.files
    }

    /// Polls are answered so, one after the other; then they are held until their deadline.
    pub(crate) fn answer_polls(&self, replies: impl IntoIterator<Item = Reply>) {
        self.0.polls.borrow_mut().extend(replies);
    }

    pub(crate) fn answer_posts(&self, replies: impl IntoIterator<Item = Reply>) {
        self.0.posts.borrow_mut().extend(replies);
    }

    pub(crate) fn answer_requests(&self, server: impl Fn(&str, &str) -> Answer + 'static) {
        self.serve(move |method, path, _| server(method, path));
    }

    /// The same, by what the bodies say.
    pub(crate) fn serve(&self, server: impl Fn(&str, &str, Option<&str>) -> Answer + 'static) {
        self.0.server.replace(Some(Box::new(server)));
    }

    /// This browser keeps the account key. Without it, it keeps none.
    pub(crate) fn sign_with(&self, signer: MakeSigner) {
        self.0.signer.set(Some(signer));
    }

    pub(crate) fn set_online(&self, online: bool) {
        self.0.online.set(online);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.0.asked.borrow().clone()
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.0.posted.borrow().clone()
    }

    pub(crate) fn forgotten(&self) -> Vec<String> {
        self.0.forgotten.borrow().clone()
    }

    /// What was announced since the last call.
    pub(crate) fn announced(&self) -> Vec<Vec<u8>> {
        self.0.announced.take()
    }

    /// Another release takes the store.
    pub(crate) fn close(&self) {
        self.0.closed.notify(usize::MAX);
        self.0.disk.0.led.set(false);
        self.0.disk.0.lead_free.notify(usize::MAX);
    }

    fn ms(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap()
    }
}

async fn reply(reply: Option<Reply>, deadline_ms: u32) -> Answer {
    let answer = async {
        match reply {
            Some(Reply::After(ms, answer)) => {
                sleep(Duration::from_millis(ms)).await;
                answer
            }
            Some(Reply::Dead) | None => pending().await,
        }
    };
    timeout(Duration::from_millis(deadline_ms.into()), answer).await.unwrap_or(Err(HttpError::TimedOut))
}

impl Clock for Tab {
    fn now_ms(&self) -> u64 {
        START_MS + self.ms()
    }
}

impl Tasks for Tab {
    async fn pause(&self, ms: u32) {
        sleep(Duration::from_millis(ms.into())).await;
    }

    fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        tokio::task::spawn_local(work);
    }
}

impl Http for Tab {
    async fn request(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        let server = self.0.server.borrow();
        server.as_ref().map_or(Err(HttpError::Offline), |server| server(method, path, body.as_deref()))
    }
}

impl Posts for Tab {
    async fn post(&self, id: &str, body: &str, deadline_ms: u32) -> Answer {
        let posted = Posted { at_ms: self.ms(), id: id.to_owned(), body: body.to_owned() };
        self.0.posted.borrow_mut().push(posted);
        let next = self.0.posts.borrow_mut().pop_front();
        reply(next, deadline_ms).await
    }

    fn forget(&self, id: &str) {
        self.0.forgotten.borrow_mut().push(id.to_owned());
    }

    async fn poll(&self, body: String, deadline_ms: u32) -> Answer {
        let poll: Poll = serde_json::from_str(&body).unwrap();
        let asked = Asked { at_ms: self.ms(), wait_seconds: poll.wait_seconds.unwrap(), deadline_ms };
        self.0.asked.borrow_mut().push(asked);
        let next = self.0.polls.borrow_mut().pop_front();
        let cancelled = self.0.cancelled.listen();
        let ended = async {
            cancelled.await;
            Err(HttpError::Offline)
        };
        or(ended, reply(next, deadline_ms)).await
    }

    fn cancel_poll(&self) {
        self.0.cancelled.notify(usize::MAX);
    }
}

impl Tabs for Tab {
    fn announce(&self, frame: &[u8]) {
        self.0.announced.borrow_mut().push(frame.to_vec());
    }

    async fn lead(&self) -> Result<(), NoLocks> {
        let shared = &self.0.disk.0;
        while shared.led.get() {
            shared.lead_free.listen().await;
        }
        shared.led.set(true);
        Ok(())
    }

    async fn lead_lost(&self) {
        self.0.closed.listen().await;
    }
}

impl Presence for Tab {
    fn is_online(&self) -> bool {
        self.0.online.get()
    }

    fn is_visible(&self) -> bool {
        true
    }
}

impl Platform for Tab {
    type Store = Disk;
    type Signer = NativeSigner<ChaCha20Rng>;

    fn store(&self) -> &Disk {
        &self.0.disk
    }

    fn speak_for(&self, _: DeviceId) {}

    async fn signer(&self, _: AccountKey) -> Result<Option<Self::Signer>, StoreError> {
        Ok(self.0.signer.get().map(|signer| signer()))
    }
}

impl Crypto for Tab {
    type Verifier = NativeVerifier;

    fn verifier(&self) -> &NativeVerifier {
        &NativeVerifier
    }

    fn rng(&self) -> impl CryptoRng {
        self.0.rng.set(self.0.rng.get() + 1);
        ChaCha20Rng::seed_from_u64(self.0.rng.get())
    }
}
