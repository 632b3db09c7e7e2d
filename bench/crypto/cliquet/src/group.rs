//! Owns a group of 50 members with two devices each, as one device of a member has it, all of whose sessions are answered.
//! Knows nothing of clocks.

use crate::{Believing, account_key, ready};
use cliquet_web_crypto::{
    client::{
        compose::compose,
        content::{Body, Content, OwnList},
        conversation::ConversationId,
        device::first_records,
        encrypt_next::Next,
        group::{Change, Role},
        messenger::{Messenger, Step},
        records::{Changes, Record, Records, RecordsError, Store},
    },
    crypto::{
        CheckedPreKeyMessage, OwnIdentity, PreKeySecrets, Sessions, identity::sign_device_list, keys::Key, record,
    },
};
use cliquet_wire::{
    address::Address,
    certificate::DeviceDirectory,
    envelope::{Envelope, MessagesSent, SendMessages},
    ids::EnvelopeId,
    limits::GROUP_MEMBERS_MAX,
    poll::Delivery,
    pre_keys::PreKeyBundle,
};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const NOW_MS: u64 = 1_800_000_000_000;
const DEVICES: usize = 2;

/// What the records of a browser are without a browser.
#[derive(Default)]
struct Disk(BTreeMap<(Store, String), Zeroizing<Vec<u8>>>);

impl Disk {
    fn commit(&mut self, changes: &Changes) {
        for (store, key) in &changes.deletes {
            self.0.remove(&(*store, key.clone()));
        }
        for put in &changes.puts {
            self.0.insert((put.store, put.key.clone()), put.value.clone());
        }
    }
}

impl Records for Disk {
    async fn get(&self, store: Store, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, RecordsError> {
        Ok(self.0.get(&(store, key.to_owned())).cloned())
    }

    async fn next(&self, store: Store, key: &str) -> Result<Option<Record>, RecordsError> {
        let mut after = self.0.range((store, key.to_owned())..).filter(|((_, found), _)| found != key);
        Ok(after.next().filter(|((found, _), _)| *found == store).map(to_record))
    }

    async fn all_under(&self, store: Store, owner: &str) -> Result<Vec<Record>, RecordsError> {
        let begin = format!("{owner}/");
        let from = self.0.range((store, begin.clone())..);
        Ok(from.take_while(|((found, key), _)| *found == store && key.starts_with(&begin)).map(to_record).collect())
    }
}

fn to_record(((store, key), value): (&(Store, String), &Zeroizing<Vec<u8>>)) -> Record {
    Record { store: *store, key: key.clone(), value: value.clone() }
}

/// A device of another member, or the other one of one's own account.
struct Device {
    own: OwnIdentity,
    pre_keys: PreKeySecrets,
}

impl Device {
    fn new(email: &Address, counter: u64) -> Option<Self> {
        let rng = &mut random();
        let own = ready(OwnIdentity::create(email.clone(), account_key(7)?, NOW_MS, counter, &Believing, rng))?.ok()?;
        Some(Self { own, pre_keys: PreKeySecrets::generate(NOW_MS / 1000, rng) })
    }

    fn bundle(&self) -> Option<PreKeyBundle> {
        let upload = ready(self.pre_keys.upload_all(&self.own, &Believing))?.ok()?;
        let certificate = self.own.certificate().clone();
        let one_time = upload.one_time.into_iter().next();
        Some(PreKeyBundle { certificate, signed: upload.signed?, kem: upload.kem?, one_time })
    }

    /// What it says once it has this.
    fn answer(&self, envelope: &Envelope, list: OwnList, number: u64) -> Option<Envelope> {
        let rng = &mut random();
        let checked = ready(CheckedPreKeyMessage::check(envelope, None, &Believing))?.ok()?;
        let opened = Sessions::default().decrypt(&self.own, &self.pre_keys, Some(&checked), envelope, rng).ok()?;
        let (sender, device) = (self.own.email().clone(), self.own.device());
        let content = Content { sender, device, time: NOW_MS, list, group: None, body: Body::ContactRequest };
        let id = EnvelopeId::from_parts(NOW_MS + number, [9; 10]);
        opened.sessions.encrypt(id, &content.encode().ok()?, rng).ok().map(|(_, envelope)| envelope)
    }
}

fn random() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

fn directory(devices: &[Device]) -> Option<DeviceDirectory> {
    let (email, key) = (devices.first()?.own.email().clone(), account_key(7)?);
    let (ids, counter) = (devices.iter().map(|device| device.own.device()).collect(), devices.len() as u64);
    let device_list = ready(sign_device_list(email.clone(), &key, counter, ids, NOW_MS, &Believing))?.ok()?;
    let certificates = devices.iter().map(|device| device.own.certificate().clone()).collect();
    Some(DeviceDirectory { email, account_key: key, device_list, certificates })
}

/// The device that writes.
pub struct Group {
    messenger: Messenger,
    disk: Disk,
    conversation: ConversationId,
    store_key: Key,
    written: usize,
    step: Option<Step>,
}

impl Group {
    pub fn begin() -> Option<Self> {
        let mut accounts = Vec::new();
        for number in 0..GROUP_MEMBERS_MAX {
            let email: Address = format!("member{number}@example.org").parse().ok()?;
            let devices =
                (1..).take(DEVICES).map(|counter| Device::new(&email, counter)).collect::<Option<Vec<_>>>()?;
            accounts.push((directory(&devices)?, devices));
        }
        let (own, others) = accounts.split_first()?;
        let writer = own.1.first()?;
        let mut disk = Disk::default();
        disk.commit(&first_records(&writer.own, &writer.pre_keys, &own.0));
        let messenger = Messenger::load(disk.0.iter().map(to_record)).ok()?;
        let conversation = ConversationId::from(writer.own.email());
        let mut group =
            Self { messenger, disk, conversation, store_key: Key::generate(&mut random()), written: 0, step: None };
        group.take(ready(group.messenger.directory_arrived(own.0.clone(), NOW_MS, &Believing))?.ok()?)?;
        for (directory, _) in others {
            group.take(ready(group.messenger.add_contact(directory.clone(), NOW_MS, &Believing))?.ok()?)?;
        }
        for (directory, devices) in &accounts {
            let is_other = |device: &&Device| device.own.device() != writer.own.device();
            let bundles = devices.iter().filter(is_other).map(Device::bundle).collect::<Option<Vec<_>>>()?;
            let rng = &mut random();
            let arrived = group.messenger.bundles_arrived(&directory.email, bundles, &Believing, rng);
            let step = ready(arrived)?.ok()?;
            group.take(step)?;
        }
        let adds = others.iter().map(|(directory, _)| Change::Add {
            address: directory.email.clone(),
            key_hash: directory.account_key.hash(),
            role: Role::Member,
            hands_over: None,
        });
        let rng = &mut random();
        let made = group.messenger.create_group(adds.collect(), &Believing, NOW_MS, rng);
        let (id, step) = ready(made)?.ok()?;
        group.take(step)?;
        group.conversation = ConversationId::Group(id);
        group.is_answered(&accounts)?;
        Some(group)
    }

    /// Sends what waits, and has every device answer the first that it gets.
    fn is_answered(&mut self, accounts: &[(DeviceDirectory, Vec<Device>)]) -> Option<()> {
        let mut first = BTreeMap::new();
        while let Some(posted) = self.sends()? {
            for envelope in posted {
                first.entry((envelope.receiver_email.clone(), envelope.receiver_device)).or_insert(envelope);
            }
        }
        let mut cursor = 0;
        for (directory, devices) in accounts {
            for device in devices {
                let Some(envelope) = first.remove(&(directory.email.clone(), device.own.device())) else { continue };
                cursor += 1;
                let answer = device.answer(&envelope, OwnList::of(&directory.device_list), cursor)?;
                let (delivery, rng) = (Delivery::of(cursor, answer), &mut random());
                let received = self.messenger.receive(&delivery, &self.disk, &Believing, NOW_MS, rng);
                let step = ready(received)?.ok()?;
                self.take(step)?;
            }
        }
        while self.sends()?.is_some() {}
        (cursor as usize == GROUP_MEMBERS_MAX * DEVICES - 1).then_some(())
    }

    fn take(&mut self, step: Step) -> Option<()> {
        self.disk.commit(&step.changes);
        self.messenger.apply(step).ok()
    }

    /// Seals what is next, and has it taken by the server. `None` within: there is nothing.
    fn sends(&mut self) -> Option<Option<Vec<Envelope>>> {
        match ready(self.messenger.encrypt_next(&self.disk, &[], NOW_MS, &mut random()))?.ok()? {
            Next::Idle => return Some(None),
            Next::Encrypted(step) => self.take(step)?,
            Next::Needs(_) => return None,
        }
        self.is_taken().map(Some)
    }

    /// The server took the posts.
    fn is_taken(&mut self) -> Option<Vec<Envelope>> {
        let mut posted = Vec::new();
        loop {
            let Some(entry) = self.messenger.outbox().next().cloned() else { return Some(posted) };
            posted.extend(serde_json::from_str::<SendMessages>(&entry.body).ok()?.envelopes);
            let sent = MessagesSent { timestamp: NOW_MS };
            let step = ready(self.messenger.sent(&self.disk, entry.id, &sent, NOW_MS))?.ok()?;
            self.take(step)?;
        }
    }

    /// Keeps a text, after the one before was sent.
    pub fn write(&mut self) -> Option<()> {
        if let Some(step) = self.step.take() {
            self.take(step)?;
            let posted = self.is_taken()?;
            // Nothing that a new session needs is in it any more.
            let is_short = posted.iter().all(|envelope| envelope.pre_key_message.is_none());
            if posted.len() != GROUP_MEMBERS_MAX * DEVICES - 1 || !is_short {
                return None;
            }
        }
        self.written += 1;
        let (own, rng) = (self.messenger.address().clone(), &mut random());
        let text = format!("Shall we meet at the bridge at nine? ({})", self.written);
        let composed = compose(&own, &self.conversation, &text, None, NOW_MS, 0, rng).ok()?;
        self.disk.commit(&composed.changes);
        Some(())
    }

    /// Seals that text for all other devices.
    pub fn say(&mut self) -> Option<()> {
        let next = ready(self.messenger.encrypt_next(&self.disk, &[], NOW_MS, &mut random()))?.ok()?;
        let Next::Encrypted(step) = next else { return None };
        self.step = Some(step);
        Some(())
    }

    /// Seals the records of that step.
    pub fn keep(&mut self) -> Option<()> {
        let rng = &mut random();
        for put in &self.step.as_ref()?.changes.puts {
            record::seal(&self.store_key, put.store.name(), put.key.as_bytes(), &put.value, rng).ok()?;
        }
        Some(())
    }
}
