//! One device: durable storage, the client over it, and a power cut when the schedule says so.

use cliquet_web_crypto::client::{
    conversation::{Message, conversation_range},
    messenger::{Effect, Messenger, Step},
    records::{Changes, Record, Records, RecordsError, Store},
};
use cliquet_wire::{address::Address, ids::DeviceId};
use rand_chacha::ChaCha20Rng;
use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};
use zeroize::Zeroizing;

/// Nothing here ever waits.
pub fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the pure client waited for something"),
    }
}

/// What is durable.
#[derive(Clone, Default)]
pub struct Disk(pub BTreeMap<(Store, String), Zeroizing<Vec<u8>>>);

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("records", &self.0.len()).finish()
    }
}

impl Disk {
    pub fn commit(&mut self, changes: &Changes) {
        for (store, key) in &changes.deletes {
            self.0.remove(&(*store, key.clone()));
        }
        for put in &changes.puts {
            self.0.insert((put.store, put.key.clone()), put.value.clone());
        }
    }

    pub fn load(&self) -> Messenger {
        let kept = self.0.iter().filter(|((store, _), _)| Store::IN_MEMORY.contains(store));
        let records =
            kept.map(|((store, key), value)| Record { store: *store, key: key.clone(), value: value.clone() });
        Messenger::load(records).unwrap()
    }
}

impl Records for Disk {
    async fn get(&self, store: Store, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, RecordsError> {
        Ok(self.0.get(&(store, key.to_owned())).cloned())
    }

    async fn next(&self, store: Store, key: &str) -> Result<Option<Record>, RecordsError> {
        let mut after = self.0.range((store, key.to_owned())..).filter(|((_, found), _)| found != key);
        let found = after.next().filter(|((found, _), _)| *found == store);
        Ok(found.map(|((store, key), value)| Record { store: *store, key: key.clone(), value: value.clone() }))
    }

    async fn all_under(&self, store: Store, owner: &str) -> Result<Vec<Record>, RecordsError> {
        let found = self.0.iter().filter(|((s, key), _)| *s == store && key.starts_with(&format!("{owner}/")));
        Ok(found.map(|((_, key), value)| Record { store, key: key.clone(), value: value.clone() }).collect())
    }
}

/// When a device's power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    BeforeCommit,
    AfterCommit,
}

/// Whether a device does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    There,
    /// Without a network.
    Away,
    /// It goes on, and takes nothing in: its person wants to hear of nothing.
    Deaf,
    /// Its storage was cleared.
    Gone,
}

#[derive(Debug)]
pub struct Device {
    pub address: Address,
    pub id: DeviceId,
    pub account: usize,
    pub presence: Presence,
    /// It came after the others, with what the vault knew: so many texts had been said in groups then.
    pub since: Option<usize>,
    pub disk: Disk,
    pub messenger: Messenger,
    pub rng: ChaCha20Rng,
    pub now: u64,
    /// Commits until the power goes.
    pub crash: Option<(usize, Crash)>,
    pub copy: Option<Disk>,
    /// It went back to an older state, once or more.
    pub restored: bool,
    pub rotations: usize,
}

impl Device {
    pub fn new(disk: Disk, account: usize, rng: ChaCha20Rng, now: u64) -> Self {
        let messenger = disk.load();
        Self {
            address: messenger.address().clone(),
            id: messenger.device(),
            account,
            presence: Presence::There,
            since: None,
            disk,
            messenger,
            rng,
            now,
            crash: None,
            copy: None,
            restored: false,
            rotations: 0,
        }
    }

    /// Commits and applies, or loses power and starts again from what is durable. Tells whether the step is durable.
    pub fn take(&mut self, step: Step) -> bool {
        let crash = match self.crash.take() {
            Some((0, when)) => Some(when),
            Some((left, when)) => {
                self.crash = Some((left - 1, when));
                None
            }
            None => None,
        };
        if crash != Some(Crash::BeforeCommit) {
            self.disk.commit(&step.changes);
        }
        match crash {
            Some(when) => {
                self.reload();
                when == Crash::AfterCommit
            }
            None => {
                self.messenger.apply(step).unwrap();
                true
            }
        }
    }

    pub fn reload(&mut self) {
        self.messenger = self.disk.load();
    }

    /// The conversation as it is loaded: one range of keys, in their order.
    pub fn lines(&self, with: &Address) -> Vec<Message> {
        let (from, to) = conversation_range(&with.into());
        let range = self.disk.0.range((Store::Messages, from)..(Store::Messages, to));
        range.map(|(_, value)| Message::load(value).unwrap()).collect()
    }
}

/// Whether the step shows one of these.
pub fn shows(step: &Step, wanted: impl Fn(&Message) -> bool) -> bool {
    step.effects.iter().any(|event| matches!(event, Effect::Message(message) if wanted(message)))
}
