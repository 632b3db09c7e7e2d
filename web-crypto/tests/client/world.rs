//! A post office in memory and the devices around it, to play conversations from a seed.
//!
//! The post office keeps the rules of the real one: all or none, idempotent ids, exact device sets, contacts only, and
//! deliveries that stay until a later poll acknowledges them.

use crate::disk::Disk;
use cliquet_web_crypto::{
    client::{
        compose::{Composed, compose, send_again},
        conversation::{DeliveryStatus, Message, MessageBody, Notice, conversation_range},
        device::first_records,
        encrypt_next::{Needs, Next},
        messenger::{Effect, Ignored, Messenger, Step},
        peer::Contact,
        records::Store,
    },
    crypto::{
        OwnIdentity, PreKeySecrets,
        identity::sign_device_list,
        rsa::native::{NativeSigner, NativeVerifier},
    },
};
use cliquet_wire::{
    address::Address,
    certificate::DeviceDirectory,
    delivery_token::DeliveryToken,
    devices::DeviceUpload,
    envelope::{Envelope, MessagesSent, SendMessages},
    ids::{DeviceId, EnvelopeId},
    poll::Delivery,
    pre_keys::{PreKeyBundle, PreKeyUpload},
    problem::ProblemCode,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::pin,
    sync::OnceLock,
    task::{Context, Poll, Waker},
};

pub(crate) type Signer = NativeSigner<ChaCha20Rng>;

/// Making an RSA key takes seconds: these serve all tests. The third one is Mallory's, or Carol's.
pub(crate) fn signer(account: usize) -> &'static Signer {
    static SIGNERS: [OnceLock<Signer>; 5] = [const { OnceLock::new() }; 5];
    SIGNERS[account].get_or_init(|| Signer::generate(ChaCha20Rng::seed_from_u64(account as u64)).unwrap())
}

/// Nothing here ever waits.
pub(crate) fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the pure client waited for something"),
    }
}

pub(crate) fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.org")).unwrap()
}

/// When a device's power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    BeforeCommit,
    AfterCommit,
}

pub(crate) struct Device {
    pub(crate) address: Address,
    pub(crate) id: DeviceId,
    pub(crate) disk: Disk,
    pub(crate) messenger: Messenger,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) now: u64,
    /// Commits until the crash.
    pub(crate) crash: Option<(usize, Crash)>,
    pub(crate) online: bool,
    pub(crate) ignored: Vec<Ignored>,
    put_off: Vec<Address>,
}

#[derive(Clone, Default)]
pub(crate) struct Office {
    pub(crate) directories: BTreeMap<Address, DeviceDirectory>,
    pub(crate) pre_keys: BTreeMap<DeviceId, PreKeyUpload>,
    pub(crate) contacts: BTreeSet<(Address, Address)>,
    /// Nobody needs to be a contact.
    pub(crate) takes_strangers: bool,
    /// Who has one of these may write to its account.
    pub(crate) tokens: BTreeMap<Address, DeliveryToken>,
    pub(crate) mailboxes: BTreeMap<DeviceId, Vec<Delivery>>,
    pub(crate) seen: BTreeSet<EnvelopeId>,
    pub(crate) accepted: usize,
    /// How many of them were urgent.
    pub(crate) urgent: usize,
    pub(crate) clock: u64,
    /// Of all mailboxes.
    pub(crate) cursor: u64,
    /// The next posts get this answer.
    pub(crate) refuse: Option<ProblemCode>,
    /// The next post is accepted, and its answer lost.
    pub(crate) lose_answer: bool,
    /// Everything that was ever taken.
    pub(crate) posted: Vec<Envelope>,
    /// How often each account's directory was asked for.
    pub(crate) looked_up: BTreeMap<Address, usize>,
}

pub(crate) struct World {
    pub(crate) office: Office,
    pub(crate) devices: Vec<Device>,
    seed: u64,
}

impl Office {
    fn post(&mut self, sender: (&Address, DeviceId), body: &str) -> Result<MessagesSent, (ProblemCode, Vec<Address>)> {
        let refused = |code| (code, Vec::new());
        if let Some(code) = self.refuse {
            return Err(refused(code));
        }
        let post: SendMessages = serde_json::from_str(body).map_err(|_| refused(ProblemCode::Malformed))?;
        let mut named: BTreeMap<&Address, BTreeSet<DeviceId>> = BTreeMap::new();
        for envelope in &post.envelopes {
            if (&envelope.sender_email, envelope.sender_device) != sender {
                return Err(refused(ProblemCode::WrongSender));
            }
            if !named.entry(&envelope.receiver_email).or_default().insert(envelope.receiver_device) {
                return Err(refused(ProblemCode::Malformed));
            }
        }
        for (address, devices) in named {
            if address != sender.0 && !self.contacts.contains(&(address.clone(), sender.0.clone())) {
                let added_by_sender = self.contacts.contains(&(sender.0.clone(), address.clone()));
                let has_token = post.tokens.get(address).is_some_and(|token| self.tokens.get(address) == Some(token));
                if !added_by_sender && !has_token && !self.takes_strangers {
                    return Err((ProblemCode::NotAContact, vec![address.clone()]));
                }
            }
            let listed = self.directories[address].device_list.devices.iter();
            let active: BTreeSet<DeviceId> = listed.copied().filter(|device| *device != sender.1).collect();
            if active != devices {
                return Err((ProblemCode::DevicesChanged, vec![address.clone()]));
            }
        }
        self.clock += 1;
        self.accepted += 1;
        self.urgent += usize::from(post.urgent);
        for mut envelope in post.envelopes {
            if self.seen.insert(envelope.id) {
                self.posted.push(envelope.clone());
                envelope.timestamp = self.clock;
                self.deliver(envelope);
            }
        }
        Ok(MessagesSent { timestamp: self.clock })
    }

    /// Without asking anyone: also for Mallory.
    pub(crate) fn deliver(&mut self, envelope: Envelope) {
        let mailbox = self.mailboxes.entry(envelope.receiver_device).or_default();
        self.cursor += 100;
        mailbox.push(Delivery::of(self.cursor, envelope));
    }

    fn poll(&mut self, device: DeviceId, cursor: u64) -> Vec<Delivery> {
        let mailbox = self.mailboxes.entry(device).or_default();
        mailbox.retain(|delivery| delivery.cursor > cursor);
        mailbox.clone()
    }

    fn claim(&mut self, address: &Address, devices: &[DeviceId]) -> Vec<PreKeyBundle> {
        let directory = &self.directories[address];
        let mut bundles = Vec::new();
        for certificate in directory.certificates.iter().filter(|certificate| devices.contains(&certificate.device)) {
            let stock = self.pre_keys.get_mut(&certificate.device).unwrap();
            bundles.push(PreKeyBundle {
                certificate: certificate.clone(),
                signed: stock.signed.clone().unwrap(),
                kem: stock.kem.clone().unwrap(),
                one_time: stock.one_time.pop(),
            });
        }
        bundles
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        println!("seed {seed}");
        let office = Office { clock: 1_700_000_000_000, ..Office::default() };
        Self { office, devices: Vec::new(), seed }
    }

    /// Registers a device for the account with this key; answers its place in `devices`.
    pub(crate) fn add_device(&mut self, name: &str, account: usize) -> usize {
        let place = self.devices.len();
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed * 1_000 + place as u64);
        let (email, signer, now) = (address(name), signer(account), self.office.clock);
        let mut directory = self.office.directories.get(&email).cloned();
        let counter = directory.as_ref().map_or(1, |directory| directory.device_list.counter + 1);
        let (own, pre_keys, upload) = now_or_never(async {
            let own = OwnIdentity::create(email.clone(), signer.account_key().clone(), now, counter, signer, &mut rng)
                .await
                .unwrap();
            let pre_keys = PreKeySecrets::generate(now / 1000, &mut rng);
            let upload = pre_keys.upload_all(&own, signer).await.unwrap();
            (own, pre_keys, upload)
        });
        let mut certificates = directory.take().map(|directory| directory.certificates).unwrap_or_default();
        certificates.push(own.certificate().clone());
        let directory = self.sign_directory(&email, account, counter, certificates);
        let upload = DeviceUpload { certificate: own.certificate().clone(), name: "test".into(), pre_keys: upload };
        self.office.pre_keys.insert(own.device(), upload.pre_keys);
        let mut disk = Disk::default();
        disk.commit(&first_records(&own, &pre_keys, &directory));
        self.office.directories.insert(email.clone(), directory);
        self.devices.push(Device::new(disk, rng, now));
        place
    }

    pub(crate) fn sign_directory(
        &self,
        email: &Address,
        account: usize,
        counter: u64,
        certificates: Vec<cliquet_wire::certificate::Certificate>,
    ) -> DeviceDirectory {
        let key = signer(account).account_key();
        let devices = certificates.iter().map(|certificate| certificate.device).collect();
        let list = sign_device_list(email.clone(), key, counter, devices, self.office.clock, signer(account));
        DeviceDirectory {
            email: email.clone(),
            account_key: key.clone(),
            device_list: now_or_never(list).unwrap(),
            certificates,
        }
    }

    /// Alice and Bob, each with one device, who do not know each other. Signing takes long: they are made once.
    pub(crate) fn two_strangers(seed: u64) -> Self {
        static MADE: OnceLock<(Office, Vec<Disk>)> = OnceLock::new();
        let (office, disks) = MADE.get_or_init(|| {
            let mut world = Self::new(0);
            world.add_device("alice", 0);
            world.add_device("bob", 1);
            (world.office, world.devices.into_iter().map(|device| device.disk).collect())
        });
        let mut world = Self::new(seed);
        world.office = office.clone();
        for disk in disks {
            let place = world.devices.len() as u64;
            let rng = ChaCha20Rng::seed_from_u64(seed * 1_000 + place);
            world.devices.push(Device::new(disk.clone(), rng, world.office.clock));
        }
        world
    }

    /// Alice and Bob, each with one device, who have added each other.
    pub(crate) fn alice_and_bob(seed: u64) -> Self {
        let mut world = Self::two_strangers(seed);
        world.add_contact(0, "bob");
        world.settle();
        world.add_contact(1, "alice");
        world.settle();
        world
    }

    pub(crate) fn add_contact(&mut self, device: usize, name: &str) {
        let (owner, peer) = (self.devices[device].address.clone(), address(name));
        self.office.contacts.insert((owner, peer.clone()));
        let directory = self.office.directories[&peer].clone();
        let device = &mut self.devices[device];
        let step = now_or_never(device.messenger.add_contact(directory, device.now, &NativeVerifier)).unwrap();
        device.take(step);
    }

    /// What any tab does.
    pub(crate) fn write(&mut self, device: usize, to: &str, text: &str) -> Message {
        let device = &mut self.devices[device];
        let newest = device.lines(to).last().map_or(0, |line| line.sort_time);
        device.now += 1;
        let timer = device.messenger.contact(&address(to)).map(|contact| contact.conversation.timer);
        let Composed { changes, message } =
            compose(&device.address, &address(to).into(), text, None, device.now, newest, &mut device.rng)
                .unwrap()
                .lasting(timer.and_then(|timer| timer.seconds));
        device.disk.commit(&changes);
        message
    }

    pub(crate) fn write_again(&mut self, device: usize, message: &Message) {
        let composed = send_again(message).unwrap();
        self.devices[device].disk.commit(&composed.changes);
    }

    /// One round of one device: what a leader tab does over and over. Tells whether anything happened.
    pub(crate) fn turn(&mut self, place: usize) -> bool {
        if !self.devices[place].online {
            return false;
        }
        let posted = self.post_one(place);
        let sealed = self.seal_one(place);
        let received = self.poll(place);
        posted || sealed || received
    }

    /// Until everybody has nothing more to do.
    pub(crate) fn settle(&mut self) {
        for _ in 0..500 {
            let mut busy = false;
            for place in 0..self.devices.len() {
                busy |= self.turn(place);
            }
            if !busy {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    pub(crate) fn seal_one(&mut self, place: usize) -> bool {
        let device = &mut self.devices[place];
        device.now += 1;
        let next =
            now_or_never(device.messenger.encrypt_next(&device.disk, &device.put_off, device.now, &mut device.rng));
        match next.unwrap() {
            Next::Idle => false,
            Next::Encrypted(step) => {
                device.take(step);
                true
            }
            Next::Needs(needs) => {
                self.fetch(place, &needs);
                true
            }
        }
    }

    fn fetch(&mut self, place: usize, needs: &Needs) {
        let device = &mut self.devices[place];
        let step = match needs {
            Needs::Directory { address, .. } => {
                *self.office.looked_up.entry(address.clone()).or_default() += 1;
                let directory = self.office.directories[address].clone();
                now_or_never(device.messenger.directory_arrived(directory, device.now, &NativeVerifier))
            }
            Needs::Bundles { address, devices, .. } => {
                let bundles = self.office.claim(address, devices);
                let arrived = device.messenger.bundles_arrived(address, bundles, &NativeVerifier, &mut device.rng);
                now_or_never(arrived)
            }
        };
        let step = step.ok().or_else(|| {
            let refused = device.messenger.need_refused(&device.disk, needs, ProblemCode::BadSignature, device.now);
            now_or_never(refused).unwrap()
        });
        if let Some(step) = step {
            device.take(step);
        }
    }

    pub(crate) fn post_one(&mut self, place: usize) -> bool {
        let device = &mut self.devices[place];
        let Some(entry) = device.messenger.outbox().next() else { return false };
        let id = entry.id;
        let answer = self.office.post((&device.address, device.id), &entry.body);
        if std::mem::take(&mut self.office.lose_answer) {
            return true;
        }
        let step = match answer {
            Ok(sent) => now_or_never(device.messenger.sent(&device.disk, id, &sent, device.now)),
            Err((code, accounts)) => {
                now_or_never(device.messenger.refused(&device.disk, id, code, &accounts, device.now))
            }
        }
        .unwrap();
        let changed = !step.changes.is_empty();
        device.take(step);
        changed
    }

    pub(crate) fn poll(&mut self, place: usize) -> bool {
        let device = &mut self.devices[place];
        let deliveries = self.office.poll(device.id, device.messenger.cursor());
        device.receive_all(&deliveries);
        !deliveries.is_empty()
    }
}

impl Device {
    fn new(disk: Disk, rng: ChaCha20Rng, now: u64) -> Self {
        let messenger = disk.load();
        Self {
            address: messenger.address().clone(),
            id: messenger.device(),
            messenger,
            disk,
            rng,
            now,
            crash: None,
            online: true,
            ignored: Vec::new(),
            put_off: Vec::new(),
        }
    }

    /// Commits and applies, or crashes in between and starts again from what is durable.
    pub(crate) fn take(&mut self, step: Step) {
        let crash = match &mut self.crash {
            Some((0, when)) => Some(*when),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        };
        if crash.is_some() {
            self.crash = None;
        }
        if crash != Some(Crash::BeforeCommit) {
            self.disk.commit(&step.changes);
        }
        if crash.is_some() {
            self.messenger = self.disk.load();
            return;
        }
        for event in &step.effects {
            if let Effect::Ignored(why) = event {
                self.ignored.push(*why);
            }
        }
        self.messenger.apply(step).unwrap();
    }

    /// Deletes what is over, as the leading tab does at its start and when it is due.
    pub(crate) fn end_due(&mut self) {
        while let Some(step) = now_or_never(self.messenger.end_next(&self.disk, self.now)).unwrap() {
            self.take(step);
        }
    }

    pub(crate) fn receive_all(&mut self, deliveries: &[Delivery]) {
        for delivery in deliveries {
            self.now += 1;
            let step = self.messenger.receive(delivery, &self.disk, &NativeVerifier, self.now, &mut self.rng);
            let step = now_or_never(step).unwrap();
            let cursor = self.messenger.cursor();
            self.take(step);
            if self.messenger.cursor() == cursor && delivery.cursor > cursor {
                // Crashed before the commit: the next poll brings it again.
                return;
            }
        }
    }

    /// The conversation as it is loaded: one range of keys, in their order.
    pub(crate) fn lines(&self, with: &str) -> Vec<Message> {
        let (from, to) = conversation_range(&address(with).into());
        let range = self.disk.0.range((Store::Messages, from)..(Store::Messages, to));
        range.map(|(_, value)| Message::load(value).unwrap()).collect()
    }

    /// "> text" for one's own, "< text" for the peer's, "! notice".
    pub(crate) fn conversation(&self, with: &str) -> Vec<String> {
        let side = |line: &Message| if line.sender == self.address { '>' } else { '<' };
        self.lines(with)
            .iter()
            .map(|line| match &line.body {
                MessageBody::Notice(notice) => format!("! {notice:?}"),
                MessageBody::Text(_) => format!("{} {}", side(line), line.text()),
                MessageBody::Deleted => format!("{} (deleted)", side(line)),
                MessageBody::Timer(seconds) => format!("{} timer {seconds:?}", side(line)),
                MessageBody::Expired => format!("{} (expired)", side(line)),
                MessageBody::Group(changes) => format!("{} changes {}", side(line), changes.len()),
            })
            .collect()
    }

    pub(crate) fn marks(&self, with: &str) -> Vec<DeliveryStatus> {
        self.lines(with).iter().filter(|line| line.is_own()).map(|line| line.status).collect()
    }

    pub(crate) fn contact(&self, name: &str) -> Contact {
        self.messenger.contact(&address(name)).unwrap()
    }

    pub(crate) fn notices(&self, with: &str, notice: Notice) -> usize {
        self.lines(with).iter().filter(|line| line.body == MessageBody::Notice(notice)).count()
    }
}
