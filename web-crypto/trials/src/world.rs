//! Owns the devices and the post office between them, what a device does over and over, and what became of each text.

use crate::{
    device::{Device, Disk, Presence, now_or_never, shows},
    ledger::{Ledger, Sealing, carried},
    office::{Letter, Office, Refused, Sender},
    signatures::{Stamp, StampCheck},
};
use cliquet_web_crypto::{
    client::{
        compose::compose,
        conversation::{MessageBody, MessageId, Notice},
        device::first_records,
        encrypt_next::{Needs, Next},
        messenger::{Effect, Ignored, Step},
        outbox::About,
        peer::Trust,
        records::{self, Store},
    },
    crypto::{OwnIdentity, PreKeySecrets, identity::sign_device_list, observed, vault::VaultBody},
};
use cliquet_wire::{
    address::Address,
    certificate::{Certificate, DeviceDirectory},
    pre_keys::PreKeyStock,
    problem::ProblemCode,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::OnceLock,
};

const NAMES: [&str; 8] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
pub const BEGIN_MS: u64 = 1_700_000_000_000;

/// What became of a text on its way to one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    UnderWay,
    Shown,
    /// It came, did not open, and the client says so.
    Said,
    /// The same, from a device that is asked for it: it must come again.
    Asked,
    /// It came from an account that the device does not know, and did not open: nobody is told.
    FromStranger,
    /// The schedule took it away, or took the device back to before it.
    Destroyed,
    /// It came, and was taken for something that came before.
    Silent,
}

/// A text that a person wrote.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    pub id: MessageId,
    pub author: usize,
    /// The account it is for.
    pub to: usize,
}

#[derive(Debug)]
pub struct World {
    pub office: Office,
    pub devices: Vec<Device>,
    pub texts: Vec<Text>,
    /// By text and receiving device.
    pub fates: BTreeMap<(MessageId, usize), Fate>,
    /// Every text that a device showed at any time.
    pub shown: BTreeSet<(MessageId, usize)>,
    /// Every text that an account has read at any time, on any of its devices.
    pub read: BTreeSet<(MessageId, usize)>,
    pub pairs: HashSet<[u8; 32]>,
    /// Texts that their authors deleted for everyone.
    pub deleted: BTreeSet<MessageId>,
    pub opened: usize,
    /// Those of them that had been asked for.
    pub recovered: usize,
    /// Of what is said in groups.
    pub ledger: Ledger,
    /// Changes of groups that were made again.
    pub made_again: usize,
    /// What each account's vault has.
    pub vaults: BTreeMap<usize, VaultBody>,
}

pub fn address(account: usize) -> Address {
    Address::parse(&format!("{}@example.org", NAMES[account])).unwrap()
}

/// The account of each device: two people; two, one of whom has two devices; three people. And those of groups: from three
/// people to eight.
const LAYOUTS: [&[usize]; 7] = [
    &[0, 1],
    &[0, 0, 1],
    &[0, 1, 2],
    &[0, 0, 1, 2],
    &[0, 1, 1, 2, 3],
    &[0, 1, 2, 3, 4, 5, 6, 7],
    &[0, 0, 1, 1, 2, 2, 3],
];
pub const LAYOUTS_COUNT: usize = 3;
/// Those for groups, with three people at least.
pub const GROUP_LAYOUTS: [usize; 5] = [2, 3, 4, 5, 6];

impl World {
    /// People who do not know each other. Keys are made once, everything that is random later comes from the seed.
    pub fn strangers(layout: usize, seed: u64) -> Self {
        let (office, disks) = &made()[layout];
        observed::take_pairs();
        let devices = disks.iter().zip(LAYOUTS[layout]).enumerate().map(|(place, (disk, account))| {
            let rng = ChaCha20Rng::seed_from_u64(seed.wrapping_mul(16).wrapping_add(place as u64));
            Device::new(disk.clone(), *account, rng, BEGIN_MS)
        });
        Self {
            office: office.clone(),
            devices: devices.collect(),
            texts: Vec::new(),
            fates: BTreeMap::new(),
            shown: BTreeSet::new(),
            read: BTreeSet::new(),
            pairs: HashSet::new(),
            deleted: BTreeSet::new(),
            opened: 0,
            recovered: 0,
            ledger: Ledger::default(),
            made_again: 0,
            vaults: BTreeMap::new(),
        }
    }

    pub fn accounts(&self) -> usize {
        self.devices.iter().map(|device| device.account).max().unwrap() + 1
    }

    pub fn add_contact(&mut self, place: usize, account: usize) {
        let directory = self.office.directories[&address(account)].clone();
        let device = &mut self.devices[place];
        let step = now_or_never(device.messenger.add_contact(directory, device.now, &StampCheck)).unwrap();
        device.take(step);
    }

    /// What any tab does.
    pub fn write(&mut self, place: usize, to: usize) {
        let device = &mut self.devices[place];
        let newest = device.lines(&address(to)).last().map_or(0, |line| line.sort_time);
        device.now += 1;
        let text = format!("text {}", self.texts.len());
        let composed =
            compose(&device.address, &address(to).into(), &text, None, device.now, newest, &mut device.rng).unwrap();
        let timer = device.messenger.contact(&address(to)).map(|contact| contact.conversation.timer);
        let composed = composed.lasting(timer.and_then(|timer| timer.seconds));
        // The leading tab encrypts what can go at once; any other only stores it.
        let at_once = if device.now.is_multiple_of(2) {
            now_or_never(device.messenger.encrypt_at_once(&composed, &device.disk, device.now, &mut device.rng))
                .unwrap()
        } else {
            None
        };
        let stored = match at_once {
            Some(step) => device.take(step),
            None => {
                device.disk.commit(&composed.changes);
                true
            }
        };
        if stored {
            self.texts.push(Text { id: composed.message.id, author: place, to });
        }
        self.note_pairs();
    }

    pub fn encrypt(&mut self, place: usize) -> bool {
        let device = &mut self.devices[place];
        if matches!(device.presence, Presence::Away | Presence::Gone) {
            return false;
        }
        device.now += 1;
        let before = Sealing::of(device);
        let next = now_or_never(device.messenger.encrypt_next(&device.disk, &[], device.now, &mut device.rng)).unwrap();
        let busy = match next {
            Next::Idle => false,
            Next::Encrypted(step) => {
                device.take(step);
                before.reaches_members_alone(device);
                true
            }
            Next::Needs(needs) => {
                self.fetch(place, &needs);
                true
            }
        };
        self.note_pairs();
        busy
    }

    fn fetch(&mut self, place: usize, needs: &Needs) {
        let device = &mut self.devices[place];
        let not_proven = |_| ProblemCode::BadSignature;
        let step = match needs {
            Needs::Directory { address, .. } => {
                let directory = self.office.directories[address].clone();
                now_or_never(device.messenger.directory_arrived(directory, device.now, &StampCheck)).map_err(not_proven)
            }
            Needs::Bundles { address, devices, .. } => self.office.claim(address, devices).and_then(|bundles| {
                let arrived = device.messenger.bundles_arrived(address, bundles, &StampCheck, &mut device.rng);
                now_or_never(arrived).map_err(not_proven)
            }),
        };
        let step = step.map(Some).unwrap_or_else(|code| {
            now_or_never(device.messenger.need_refused(&device.disk, needs, code, device.now)).unwrap()
        });
        if let Some(step) = step {
            device.take(step);
        }
    }

    /// Posts what is in the outbox. The answer may get lost.
    pub fn post(&mut self, place: usize, lose_answer: bool) -> bool {
        let device = &mut self.devices[place];
        if matches!(device.presence, Presence::Away | Presence::Gone) {
            return false;
        }
        // Any of those that are under way may be answered first.
        let entries: Vec<_> = device.messenger.outbox().cloned().collect();
        let Some(entry) = entries.get(device.now as usize % entries.len().max(1)) else { return false };
        let about = match &entry.about {
            About::Message(key) => self.texts.iter().find(|text| key.ends_with(&text.id.0.simple().to_string())),
            _ => None,
        };
        let (in_group, amends) = carried(device, entry);
        let sender = Sender {
            address: &device.address,
            device: device.id,
            about: about.map(|text| text.id).or(in_group),
            amends,
            from_older_state: device.restored,
        };
        let (id, answer) = (entry.id, self.office.post(sender, &entry.body));
        if !lose_answer {
            let step = match &answer {
                Ok(sent) => now_or_never(device.messenger.sent(&device.disk, id, sent, device.now)),
                Err(Refused { code, accounts }) => {
                    now_or_never(device.messenger.refused(&device.disk, id, *code, accounts, device.now))
                }
            };
            device.take(step.unwrap());
        }
        if let (Some(text), Ok(_)) = (about.copied(), answer) {
            for receiver in self.receivers(text) {
                self.fates.entry((text.id, receiver)).or_insert(Fate::UnderWay);
            }
        }
        true
    }

    /// The devices that should show a text, its author's apart.
    pub fn receivers(&self, text: Text) -> Vec<usize> {
        let own = self.devices[text.author].account;
        let concerned = |(place, device): &(usize, &Device)| {
            *place != text.author && (device.account == own || device.account == text.to)
        };
        self.devices.iter().enumerate().filter(concerned).map(|(place, _)| place).collect()
    }

    /// One delivery of a poll; the poll before it acknowledged what is durable.
    pub fn deliver(&mut self, place: usize, choose: impl FnOnce(&[Letter]) -> usize) -> bool {
        let device = &mut self.devices[place];
        if device.presence != Presence::There {
            return false;
        }
        let mailbox = self.office.mailbox(device.id);
        mailbox.acknowledge(device.messenger.cursor());
        if mailbox.waiting.is_empty() {
            return false;
        }
        // What was handed out and is not acknowledged comes again before anything else.
        let again = mailbox.waiting.iter().position(|letter| letter.cursor.is_some());
        let place_in_line = again.unwrap_or_else(|| choose(&mailbox.waiting));
        let (delivery, letter) = mailbox.hand_out(place_in_line);
        device.now += 1;
        let known = device.messenger.peer(&letter.envelope.sender_email);
        let sender = letter.envelope.sender_device;
        let asks = known.is_some_and(|contact| {
            let listed = contact.listed.as_ref().is_some_and(|devices| devices.contains(&sender));
            listed && matches!(contact.trust, Trust::Added | Trust::Own)
        });
        let knows = known.is_some();
        let posted = records::simple(MessageId(letter.envelope.id.0));
        let author = self.devices.iter().find(|author| author.id == sender);
        let forgot = author.is_some_and(|author| {
            let remembers = author.disk.0.contains_key(&(Store::Envelopes, posted));
            letter.about.is_some() && letter.genuine && author.restored && !remembers
        });
        let device = &mut self.devices[place];
        let step = device.messenger.receive(&delivery, &device.disk, &StampCheck, device.now, &mut device.rng);
        let step = now_or_never(step).unwrap();
        let mut fate = outcome(&step, &letter, knows);
        self.ledger.came(place, &letter, fate, &step);
        if fate == Fate::Said && asks {
            // Whose author was taken back to before it was posted, nobody has any more.
            fate = if forgot { Fate::Destroyed } else { Fate::Asked };
        }
        if device.take(step) {
            self.note_fate(place, &letter, fate);
        }
        self.note_pairs();
        true
    }

    fn note_fate(&mut self, place: usize, letter: &Letter, fate: Fate) {
        if !letter.genuine {
            assert_ne!(fate, Fate::Shown, "an altered envelope was shown");
            return;
        }
        let Some(id) = letter.about else { return };
        // What is said in groups is in the ledger.
        let Some(before) = self.fates.get(&(id, place)).copied() else { return };
        self.fates.insert((id, place), fate);
        if fate == Fate::Shown {
            assert_ne!(before, Fate::Shown, "a text was shown twice");
            self.shown.insert((id, place));
            self.opened += 1;
            self.recovered += usize::from(before == Fate::Asked);
        } else if fate == Fate::Silent && before == Fate::Asked && letter.from_older_state {
            // Under a number that was used: as silent as the first time.
        } else if before != Fate::UnderWay {
            // It came again, or what came first counts.
            self.fates.insert((id, place), before);
        }
        if fate == Fate::Silent && before == Fate::UnderWay {
            assert!(letter.from_older_state, "a text that never opened was taken for a duplicate");
        }
    }

    /// Everything that was sealed just now was sealed under a key and nonce of its own.
    pub fn note_pairs(&mut self) {
        for pair in observed::take_pairs() {
            assert!(self.pairs.insert(pair), "a key and nonce were used twice");
        }
    }

    /// What a leader tab does after it asked for its stock of pre-keys.
    pub fn replenish_pre_keys(&mut self, place: usize) {
        let device = &mut self.devices[place];
        let stock = &self.office.pre_keys[&device.id];
        let stock = PreKeyStock {
            one_time_left: stock.one_time.len(),
            one_time_newest: stock.one_time.iter().map(|key| key.id).max().unwrap_or(0),
            signed: stock.signed.as_ref().unwrap().id,
            kem: stock.kem.as_ref().unwrap().id,
        };
        let signer = Stamp::of(device.account as u8);
        let due =
            now_or_never(device.messenger.replenish_pre_keys(&stock, device.now, &signer, &mut device.rng)).unwrap();
        if let Some((step, upload)) = due
            && device.take(step)
        {
            device.rotations += usize::from(upload.signed.is_some());
            self.office.publish(device.id, upload);
        }
    }

    /// Yesterday's records over today's.
    pub fn restore(&mut self, place: usize) {
        let device = &mut self.devices[place];
        let Some(copy) = &device.copy else { return };
        device.disk = copy.clone();
        device.restored = true;
        device.reload();
        let left: BTreeSet<MessageId> = all_lines(device).map(|line| line.id).collect();
        // What it asked for, and what it was asked for, it may have forgotten.
        let authors: BTreeMap<MessageId, usize> = self.texts.iter().map(|text| (text.id, text.author)).collect();
        for ((id, receiver), fate) in &mut self.fates {
            let shown = *receiver == place && *fate == Fate::Shown && !left.contains(id);
            let asked = *fate == Fate::Asked && (*receiver == place || authors.get(id) == Some(&place));
            if shown || asked {
                *fate = Fate::Destroyed;
            }
        }
    }

    /// One round of one device. Tells whether anything happened.
    pub fn turn(&mut self, place: usize) -> bool {
        let changed = self.change_again(place);
        let posted = self.post(place, false);
        let sealed = self.encrypt(place);
        let received = self.deliver(place, |_| 0);
        changed || posted || sealed || received
    }

    /// Until everybody has nothing more to do.
    pub fn settle(&mut self) {
        let work = 200 + 20 * self.office.mailboxes.values().map(|mailbox| mailbox.waiting.len()).sum::<usize>();
        for _ in 0..work {
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
}

/// What a delivery did, by what the client says of it.
fn outcome(step: &Step, letter: &Letter, knows: bool) -> Fate {
    let is_text = |message: &cliquet_web_crypto::client::conversation::Message| {
        !message.is_notice() && letter.about.is_none_or(|id| id == message.id)
    };
    // A receipt marks a text of one's own: that is no text that came.
    if (letter.about.is_some() || !letter.genuine) && shows(step, is_text) {
        return Fate::Shown;
    }
    let said = shows(step, |message| message.body == MessageBody::Notice(Notice::CannotOpen))
        || step.effects.iter().any(|event| matches!(event, Effect::Ignored(Ignored::CannotOpen)));
    match (said, knows) {
        (true, _) => Fate::Said,
        (false, false) => Fate::FromStranger,
        (false, true) => Fate::Silent,
    }
}

/// Every line of every conversation.
pub fn all_lines(device: &Device) -> impl Iterator<Item = cliquet_web_crypto::client::conversation::Message> {
    let messages = device.disk.0.iter().filter(|((store, _), _)| *store == Store::Messages);
    messages.map(|(_, value)| cliquet_web_crypto::client::conversation::Message::load(value).unwrap())
}

/// The directory of an account, before anything happened.
pub fn directory_of(account: usize) -> DeviceDirectory {
    made()[2].0.directories[&address(account)].clone()
}

/// The records of a new device.
pub fn disk_of(place: usize) -> Disk {
    made()[2].1[place].clone()
}

/// Every layout's beginning. Its keys are made once.
fn made() -> &'static [(Office, Vec<Disk>)] {
    static MADE: OnceLock<Vec<(Office, Vec<Disk>)>> = OnceLock::new();
    MADE.get_or_init(|| LAYOUTS.iter().map(|accounts| make(accounts)).collect())
}

fn make(accounts: &[usize]) -> (Office, Vec<Disk>) {
    let mut office = Office::default();
    let mut disks = Vec::new();
    for (place, account) in accounts.iter().enumerate() {
        let mut rng = ChaCha20Rng::seed_from_u64(place as u64);
        disks.push(enter(&mut office, *account, BEGIN_MS, &mut rng));
    }
    (office, disks)
}

/// One more device of an account: what the office has of it, and what is on its own disk.
pub(crate) fn enter(office: &mut Office, account: usize, now: u64, rng: &mut ChaCha20Rng) -> Disk {
    let (email, signer) = (address(account), Stamp::of(account as u8));
    let known = office.directories.get(&email);
    let mut certificates = known.map_or(Vec::new(), |directory| directory.certificates.clone());
    let counter = known.map_or(1, |directory| directory.device_list.counter + 1);
    let own = now_or_never(OwnIdentity::create(email.clone(), signer.0.clone(), now, counter, &signer, rng)).unwrap();
    let pre_keys = PreKeySecrets::generate(now / 1_000, rng);
    certificates.push(own.certificate().clone());
    let directory = directory(account, counter, certificates, now);
    office.pre_keys.insert(own.device(), now_or_never(pre_keys.upload_all(&own, &signer)).unwrap());
    let mut disk = Disk::default();
    disk.commit(&first_records(&own, &pre_keys, &directory));
    office.directories.insert(email, directory);
    disk
}

/// An account with these devices.
pub(crate) fn directory(account: usize, counter: u64, certificates: Vec<Certificate>, now: u64) -> DeviceDirectory {
    let (email, signer) = (address(account), Stamp::of(account as u8));
    let devices = certificates.iter().map(|certificate| certificate.device).collect();
    let list = sign_device_list(email.clone(), &signer.0, counter, devices, now, &signer);
    DeviceDirectory { email, account_key: signer.0.clone(), device_list: now_or_never(list).unwrap(), certificates }
}
