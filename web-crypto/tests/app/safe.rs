//! A server that keeps Alice's vault and history, and may lie about both.

use crate::{
    account::Passwords,
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
        records::{Changes, Record},
        safekeeping::{Safekeeping, first_record},
    },
    crypto::{
        history::{self, Place},
        keys::Key,
        vault::{self, Owner, VaultBody, VaultKeys},
    },
};
use cliquet_wire::{
    bytes::{Blob, Digest},
    certificate::DeviceDirectory,
    contacts::{Bundles, ClaimBundles, Contact, ContactState, Contacts},
    delivery_token::{DeliveryTokenHash, ReplaceDeliveryToken},
    devices::RevokeDevice,
    history::{AddSegment, History, Segment, SegmentAdded},
    ids::DeviceId,
    pre_keys::PreKeyBundle,
    problem::ProblemCode,
    vault::{ReplaceVault, Vault, head},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use std::{cell::RefCell, rc::Rc};
use tokio::time::Instant;

pub(crate) struct Safe(RefCell<State>);

struct State {
    alice: DeviceDirectory,
    bob: DeviceDirectory,
    bundles: Vec<PreKeyBundle>,
    passwords: Option<Passwords>,
    vault: Blob,
    segments: Vec<Segment>,
    delivery_token: Option<Digest>,
    shown: fn(&Segment, usize) -> bool,
    refuses_lists: bool,
    /// How often it was asked for segments.
    asked: usize,
}

impl Safe {
    /// With the vault of an account that was just made.
    pub(crate) async fn of(alice: &Person) -> Rc<Self> {
        Self::with(alice, &[], None).await
    }

    /// One that knows the password, and these devices: the last one's list has all of them.
    pub(crate) async fn with_password(devices: &[&Person]) -> Rc<Self> {
        Self::with(devices.last().unwrap(), devices, Some(Passwords::register())).await
    }

    async fn with(alice: &Person, devices: &[&Person], passwords: Option<Passwords>) -> Rc<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let wrapped = signer(0).wrap(&keys().wrapping, &mut rng).unwrap();
        let export_key = passwords.as_ref().map_or(vec![1; 64], |passwords| passwords.export_key.clone());
        let vault = vault::make(owner(alice), &root(), &export_key, &wrapped, 1, &mut rng).unwrap();
        let (alice, bob) = (alice.directory.clone(), person("bob", 1).await.directory);
        let bundles = devices.iter().map(|device| device.bundle.clone()).collect();
        let (segments, shown): (_, fn(&Segment, usize) -> bool) = (Vec::new(), |_, _| true);
        Rc::new(Self(RefCell::new(State {
            alice,
            bob,
            bundles,
            passwords,
            vault,
            segments,
            delivery_token: None,
            shown,
            refuses_lists: false,
            asked: 0,
        })))
    }

    /// What the server has as the vault.
    pub(crate) fn vault(&self) -> Blob {
        self.0.borrow().vault.clone()
    }

    /// The server changes it.
    pub(crate) fn set_vault(&self, vault: Blob) {
        self.0.borrow_mut().vault = vault;
    }

    /// From now on it refuses device lists, or no longer.
    pub(crate) fn refuse_lists(&self, refuses: bool) {
        self.0.borrow_mut().refuses_lists = refuses;
    }

    /// What the password gives.
    pub(crate) fn export_key(&self) -> Vec<u8> {
        self.0.borrow().passwords.as_ref().unwrap().export_key.clone()
    }

    /// Whether each segment, the oldest first, opens with the keys that a device has.
    pub(crate) fn opened_with(&self, owner: &Owner<'_>, keys: &Safekeeping) -> Vec<bool> {
        let hash = owner.account_key.hash();
        let opens = |segment: &Segment| {
            let place = Place { email: owner.email, account_key_hash: &hash, id: segment.id };
            keys.history_keys().any(|key| history::open(key, place, &segment.segment).is_ok())
        };
        self.0.borrow().segments.iter().map(opens).collect()
    }

    /// Alice's devices, as the server lists them.
    pub(crate) fn devices(&self) -> Vec<DeviceId> {
        self.0.borrow().alice.device_list.devices.clone()
    }

    /// Shows only these segments, by their place from the oldest.
    pub(crate) fn show(&self, shown: fn(&Segment, usize) -> bool) {
        self.0.borrow_mut().shown = shown;
    }

    /// The hash of the delivery token that counts.
    pub(crate) fn delivery_token(&self) -> Option<Digest> {
        self.0.borrow().delivery_token
    }

    /// Another device sets it, or none.
    pub(crate) fn set_delivery_token(&self, hash: Option<Digest>) {
        self.0.borrow_mut().delivery_token = hash;
    }

    /// How often it was asked for segments.
    pub(crate) fn asked(&self) -> usize {
        self.0.borrow().asked
    }

    pub(crate) fn segments(&self) -> usize {
        self.0.borrow().segments.len()
    }

    /// Opens a tab of this person's device in an empty browser, with Bob as a contact.
    pub(crate) async fn enter(self: &Rc<Self>, alice: &Person, is_new: bool) -> Page {
        self.enter_with(alice, &keys(), is_new).await
    }

    /// The same, with the keys that the password gave.
    pub(crate) async fn enter_with(self: &Rc<Self>, alice: &Person, keys: &VaultKeys, is_new: bool) -> Page {
        let (disk, body) = (disk_of(alice), VaultBody { generation: 1, ..VaultBody::default() });
        disk.put(&Changes { puts: vec![first_record(keys, &body)], deletes: Vec::new() });
        if is_new {
            disk.restore_history();
        }
        self.open(disk).await
    }

    pub(crate) async fn open(self: &Rc<Self>, disk: Disk) -> Page {
        let page = Page::open(Tab::new(&disk, Instant::now())).await;
        self.serve(&page.tab);
        page.lead();
        after_ms(10).await;
        page.engine.ask(Command::AddContact(address("bob")));
        after_ms(1_000).await;
        page
    }

    /// From now on it answers this tab.
    pub(crate) fn serve(self: &Rc<Self>, tab: &Tab) {
        let safe = self.clone();
        tab.serve(move |method, path, body| safe.0.borrow_mut().serve(method, path, body));
    }
}

impl State {
    fn serve(&mut self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let place = path.strip_prefix("/history");
        match (method, path) {
            ("GET", "/contacts/bob@example.org") => Ok(write(&self.bob)),
            ("GET", "/contacts/alice@example.org") if self.passwords.is_some() => Ok(write(&self.alice)),
            ("POST", "/contacts/alice@example.org/bundles") => {
                let ClaimBundles { devices, .. } = read(body);
                let mut bundles = self.bundles.clone();
                bundles.retain(|bundle| devices.contains(&bundle.certificate.device));
                Ok(write(&Bundles { bundles }))
            }
            // Bob can wait.
            ("POST", "/contacts/bob@example.org/bundles") => {
                Err(HttpError::Problem(Box::new(problem(ProblemCode::TooManyRequests))))
            }
            ("POST", "/sign-in/start") => {
                let passwords = self.passwords.as_mut().ok_or(HttpError::Offline)?;
                Ok(write(&passwords.start(&read(body))))
            }
            ("POST", path) if path.ends_with("/revoke") && !self.refuses_lists => {
                let RevokeDevice { device_list } = read(body);
                self.alice.certificates.retain(|certificate| device_list.devices.contains(&certificate.device));
                self.alice.device_list = device_list;
                Ok(write(&self.alice))
            }
            ("GET", "/contacts") => {
                let (email, account_key) = (self.bob.email.clone(), self.bob.account_key.clone());
                let bob = Contact { email, state: ContactState::Added, account_key };
                Ok(write(&Contacts { contacts: vec![bob], deleted: Vec::new() }))
            }
            ("GET", "/vault") => Ok(write(&Vault { vault: self.vault.clone() })),
            ("PUT", "/vault") => {
                let ReplaceVault { vault, replaces, proof } = read(body);
                match (proof, &mut self.passwords) {
                    (Some(proof), Some(passwords)) => passwords.check(proof)?,
                    // Devices change the body alone.
                    _ if head(&vault) == head(&self.vault) => {}
                    _ => return Err(HttpError::Problem(Box::new(problem(ProblemCode::ProofNeeded)))),
                }
                if replaces != self.vault.digest() {
                    return Err(HttpError::Problem(Box::new(problem(ProblemCode::VaultOutdated))));
                }
                self.vault = vault;
                Ok(String::new())
            }
            ("PUT", "/contacts/bob@example.org/block") => Ok(String::new()),
            ("GET", "/delivery-token") => Ok(write(&DeliveryTokenHash { hash: self.delivery_token })),
            ("PUT", "/delivery-token") => {
                let ReplaceDeliveryToken { hash, replaces } = read(body);
                if self.delivery_token != hash && self.delivery_token != replaces {
                    return Err(HttpError::Problem(Box::new(problem(ProblemCode::DeliveryTokenOutdated))));
                }
                self.delivery_token = hash;
                Ok(String::new())
            }
            ("POST", "/history") => {
                let AddSegment { id, segment } = read(body);
                let sequence = self.segments.len() as u64 + 1;
                self.segments.push(Segment { sequence, id, created: 0, segment });
                Ok(write(&SegmentAdded { sequence, bytes: 0, quota: 1 }))
            }
            ("GET", _) if place.is_some() => {
                let of = |name: &str| place?.strip_prefix(name)?.parse::<u64>().ok();
                let (before, after) = (of("?before=").unwrap_or(u64::MAX), of("?after="));
                self.asked += 1;
                let shown = self.segments.iter().enumerate().filter(|(place, it)| (self.shown)(it, *place));
                let mut shown: Vec<Segment> = shown.map(|(_, it)| it.clone()).collect();
                shown.retain(|segment| segment.sequence < before && segment.sequence > after.unwrap_or_default());
                if after.is_none() {
                    shown.reverse();
                }
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

/// What a device that knows the vault's keys keeps of them at first.
pub(crate) fn first_safekeeping() -> Record {
    first_record(&keys(), &VaultBody { generation: 1, ..VaultBody::default() })
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
        lifetime: None,
        received_by: None,
        passed_on_by: None,
        attachment: None,
    };
    let store = page.engine.store();
    let said = page.engine.run(async |messenger| Ok(Some(messenger.brought_back(store, vec![message]).await?)));
    said.await.unwrap();
}

/// What the leading tab does every now and then.
pub(crate) async fn keep(page: &Page) -> Result<(), AppError> {
    rare::run(page.engine.clone(), Rare::Keep(Rc::default(), Rc::default())).await
}

/// The alarms since the last call.
pub(crate) fn alarms(page: &Page) -> Vec<Alarm> {
    let alarm = |signal| match signal {
        Signal::Said(Notice::Failed(AppError::Alarm(alarm))) => Some(alarm),
        _ => None,
    };
    page.told().into_iter().filter_map(alarm).collect()
}
