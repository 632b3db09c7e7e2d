//! A server that keeps Alice's vault and history, and may lie about both.

use crate::{
    fake::{Answer, Disk, Tab},
    stage::{Page, Person, address, after_ms, disk_of, person, problem, signer},
};
use cliquet_web_crypto::{
    browser::{
        app::{
            alarm::Alarm,
            command::Command,
            engine::{Notice, Signal},
            error::AppError,
            rare::{self, Rare},
        },
        platform::error::HttpError,
    },
    client::{
        conversation::{Amendments, DeliveryStatus, Message, MessageBody, MessageId},
        records::Changes,
        safekeeping::first_record,
    },
    crypto::{
        keys::Key,
        vault::{self, Owner, VaultKeys},
    },
};
use cliquet_wire::{
    bytes::Blob,
    certificate::DeviceDirectory,
    history::{AddSegment, History, Segment, SegmentAdded},
    problem::ProblemCode,
    vault::{ReplaceVault, Vault},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use std::{cell::RefCell, rc::Rc};
use tokio::time::Instant;

pub(crate) const EXPORT_KEY: [u8; 64] = [1; 64];

pub(crate) struct Safe(RefCell<State>);

struct State {
    bob: DeviceDirectory,
    vault: Blob,
    segments: Vec<Segment>,
    shown: fn(&Segment, usize) -> bool,
}

impl Safe {
    /// With the vault of an account that was just made.
    pub(crate) async fn of(alice: &Person) -> Rc<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let wrapped = signer(0).wrap(&keys().wrapping, &mut rng).unwrap();
        let vault = vault::make(owner(alice), &root(), &EXPORT_KEY, &wrapped, 1, &mut rng).unwrap();
        let bob = person("bob", 1).await.directory;
        Rc::new(Self(RefCell::new(State { bob, vault, segments: Vec::new(), shown: |_, _| true })))
    }

    /// Shows only these segments, by their place from the oldest.
    pub(crate) fn show(&self, shown: fn(&Segment, usize) -> bool) {
        self.0.borrow_mut().shown = shown;
    }

    pub(crate) fn segments(&self) -> usize {
        self.0.borrow().segments.len()
    }

    /// Opens a tab of this person's device in an empty browser, with Bob as a contact.
    pub(crate) async fn enter(self: &Rc<Self>, alice: &Person, is_new: bool) -> Page {
        let disk = disk_of(alice);
        disk.put(&Changes { puts: vec![first_record(&keys(), 1)], deletes: Vec::new() });
        if is_new {
            disk.restore_history();
        }
        self.open(disk).await
    }

    pub(crate) async fn open(self: &Rc<Self>, disk: Disk) -> Page {
        let page = Page::open(Tab::new(&disk, Instant::now())).await;
        let safe = self.clone();
        page.tab.serve(move |method, path, body| safe.0.borrow_mut().serve(method, path, body));
        page.lead();
        after_ms(10).await;
        page.engine.ask(Command::AddContact(address("bob")));
        after_ms(1_000).await;
        page
    }
}

impl State {
    fn serve(&mut self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let place = path.strip_prefix("/history").map(|query| query.strip_prefix("?before="));
        match (method, path) {
            ("GET", "/contacts/bob@example.org") => Ok(write(&self.bob)),
            ("GET", "/vault") => Ok(write(&Vault { vault: self.vault.clone() })),
            ("PUT", "/vault") => {
                let ReplaceVault { vault, replaces, .. } = read(body);
                if replaces != self.vault.digest() {
                    return Err(HttpError::Problem(Box::new(problem(ProblemCode::VaultOutdated))));
                }
                self.vault = vault;
                Ok(String::new())
            }
            ("POST", "/history") => {
                let AddSegment { id, segment } = read(body);
                let sequence = self.segments.len() as u64 + 1;
                self.segments.push(Segment { sequence, id, created: 0, segment });
                Ok(write(&SegmentAdded { sequence, bytes: 0, quota: 1 }))
            }
            ("GET", _) if place.is_some() => {
                let before = place.flatten().map_or(u64::MAX, |before| before.parse().unwrap());
                let shown = self.segments.iter().enumerate().filter(|(place, it)| (self.shown)(it, *place));
                let mut shown: Vec<Segment> = shown.map(|(_, it)| it.clone()).collect();
                shown.retain(|segment| segment.sequence < before);
                shown.reverse();
                // Two in an answer: one goes on in the next.
                let more = shown.len() > 2;
                shown.truncate(2);
                Ok(write(&History { segments: shown, more, bytes: 0, quota: 1 }))
            }
            _ => Err(HttpError::Offline),
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(body: Option<&str>) -> T {
    serde_json::from_str(body.unwrap()).unwrap()
}

fn write(answer: &impl serde::Serialize) -> String {
    serde_json::to_string(answer).unwrap()
}

pub(crate) fn root() -> Key {
    Key::from_bytes([2; 32])
}

pub(crate) fn keys() -> VaultKeys {
    VaultKeys::derive(&root())
}

pub(crate) fn owner(alice: &Person) -> Owner<'_> {
    Owner { email: &alice.directory.email, account_key: &alice.directory.account_key }
}

/// Alice wrote this to Bob, and it waits to be kept.
pub(crate) async fn say(page: &Page, number: u8) {
    let message = Message {
        id: MessageId::from_parts(u64::from(number), [number; 10]),
        conversation: address("bob").into(),
        sender: address("alice"),
        sort_time: 1_700_000_000_000 + u64::from(number),
        client_time: 1_700_000_000_000,
        server_time: 1_700_000_000_500,
        body: MessageBody::Text(format!("number {number}")),
        status: DeliveryStatus::Sent,
        amendments: Amendments::default(),
        quote: None,
    };
    let store = page.engine.store();
    let said = page.engine.run(async |messenger| Ok(Some(messenger.brought_back(store, vec![message]).await?)));
    said.await.unwrap();
}

/// What the leading tab does every now and then.
pub(crate) async fn keep(page: &Page) -> Result<(), AppError> {
    rare::run(page.engine.clone(), Rare::Keep(Rc::default())).await
}

/// The alarms since the last call.
pub(crate) fn alarms(page: &Page) -> Vec<Alarm> {
    let alarm = |signal| match signal {
        Signal::Said(Notice::Failed(AppError::Alarm(alarm))) => Some(alarm),
        _ => None,
    };
    page.told().into_iter().filter_map(alarm).collect()
}
