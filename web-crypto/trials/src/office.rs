//! The post office: keeps the rules of the real one, and breaks them when the schedule says so.

use crate::world::BEGIN_MS;
use cliquet_web_crypto::client::conversation::MessageId;
use cliquet_wire::{
    address::Address,
    bytes::Digest,
    certificate::DeviceDirectory,
    envelope::{Envelope, MessagesSent, SendMessages},
    ids::{DeviceId, EnvelopeId},
    poll::Delivery,
    pre_keys::{PreKeyBundle, PreKeyUpload},
    problem::ProblemCode,
};
use std::collections::{BTreeMap, BTreeSet};

/// What was handed out lately can be handed out again.
const GIVEN_MAX: usize = 3;

/// An envelope in a mailbox, and what the schedule knows of it.
#[derive(Clone, Debug)]
pub struct Letter {
    pub envelope: Envelope,
    /// Once it was handed out.
    pub cursor: Option<u64>,
    /// The text in it, when it is as its sender posted it.
    pub about: Option<MessageId>,
    /// The text that the event in it changes.
    pub amends: Option<MessageId>,
    /// Its sender went back to an older state before it was posted.
    pub from_older_state: bool,
    /// As its sender posted it.
    pub genuine: bool,
    /// How often another one was handed out before it.
    pub overtaken: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Mailbox {
    pub waiting: Vec<Letter>,
    pub given: Vec<Letter>,
    cursor: u64,
}

/// Who posts.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    pub address: &'a Address,
    pub device: DeviceId,
    pub about: Option<MessageId>,
    pub amends: Option<MessageId>,
    pub from_older_state: bool,
}

/// Why a post was not taken, and because of which accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: ProblemCode,
    pub accounts: Vec<Address>,
}

#[derive(Clone, Debug, Default)]
pub struct Office {
    pub directories: BTreeMap<Address, DeviceDirectory>,
    pub pre_keys: BTreeMap<DeviceId, PreKeyUpload>,
    pub mailboxes: BTreeMap<DeviceId, Mailbox>,
    /// The hash of the token that counts, by the account.
    pub delivery_tokens: BTreeMap<Address, Option<Digest>>,
    /// Who takes nothing from whom.
    pub blocked: BTreeSet<(Address, Address)>,
    /// The texts of which an envelope was taken for a device.
    pub taken: BTreeSet<(MessageId, DeviceId)>,
    /// Every envelope that was ever posted, its bytes and when it was taken: an id is taken once.
    posted: BTreeMap<EnvelopeId, (Envelope, u64)>,
    /// By sender, receiver, ratchet key and number.
    numbers: BTreeMap<(DeviceId, DeviceId, [u8; 32], u32), EnvelopeId>,
    clock: u64,
    /// The next bundle that is handed out has a wrong signature.
    pub forge_bundle: bool,
}

impl Office {
    /// All of it or nothing: every account takes it, and every device of each is named.
    pub fn post(&mut self, sender: Sender<'_>, body: &str) -> Result<MessagesSent, Refused> {
        let post: SendMessages = serde_json::from_str(body).expect("a post is what the server reads");
        let mut named: BTreeMap<&Address, BTreeSet<DeviceId>> = BTreeMap::new();
        for envelope in &post.envelopes {
            named.entry(&envelope.receiver_email).or_default().insert(envelope.receiver_device);
        }
        let accounts = |code, is_refused: &dyn Fn(&Address, &BTreeSet<DeviceId>) -> bool| {
            let refused = named.iter().filter(|(account, devices)| is_refused(account, devices));
            let accounts: Vec<Address> = refused.map(|(account, _)| (*account).clone()).collect();
            if accounts.is_empty() { Ok(()) } else { Err(Refused { code, accounts }) }
        };
        accounts(ProblemCode::NotAContact, &|account, _| {
            self.blocked.contains(&(account.clone(), sender.address.clone()))
        })?;
        accounts(ProblemCode::DevicesChanged, &|account, devices| {
            let listed = self.directories[account].device_list.devices.iter();
            listed.copied().filter(|device| *device != sender.device).collect::<BTreeSet<_>>() != *devices
        })?;
        self.clock += 1;
        let now = BEGIN_MS + self.clock;
        // Of a post that was taken before, its sender is told that time.
        let mut taken = now;
        for mut envelope in post.envelopes {
            assert_eq!((&envelope.sender_email, envelope.sender_device), (sender.address, sender.device));
            if let Some((earlier, at)) = self.posted.get(&envelope.id) {
                assert_eq!(*earlier, envelope, "an id was used again for other bytes");
                taken = taken.min(*at);
                continue;
            }
            self.posted.insert(envelope.id, (envelope.clone(), now));
            let (ratchet_key, number) = (envelope.new_ratchet_public_key.0, envelope.message_number);
            let place = (envelope.sender_device, envelope.receiver_device, ratchet_key, number);
            let earlier = self.numbers.insert(place, envelope.id);
            assert!(earlier.is_none() || sender.from_older_state, "a message key was used again");
            envelope.timestamp = now;
            self.taken.extend(sender.about.map(|text| (text, envelope.receiver_device)));
            self.deliver(Letter {
                envelope,
                cursor: None,
                about: sender.about,
                amends: sender.amends,
                from_older_state: sender.from_older_state,
                genuine: true,
                overtaken: 0,
            });
        }
        Ok(MessagesSent { timestamp: taken })
    }

    pub fn deliver(&mut self, letter: Letter) {
        self.mailbox(letter.envelope.receiver_device).waiting.push(letter);
    }

    pub fn mailbox(&mut self, device: DeviceId) -> &mut Mailbox {
        self.mailboxes.entry(device).or_default()
    }

    /// One bundle of each device.
    pub fn claim(&mut self, address: &Address, devices: &[DeviceId]) -> Result<Vec<PreKeyBundle>, ProblemCode> {
        let directory = &self.directories[address];
        if devices.iter().any(|device| !directory.device_list.devices.contains(device)) {
            return Err(ProblemCode::DevicesChanged);
        }
        let mut bundles = Vec::new();
        for certificate in directory.certificates.iter().filter(|certificate| devices.contains(&certificate.device)) {
            let stock = self.pre_keys.get_mut(&certificate.device).unwrap();
            let mut bundle = PreKeyBundle {
                certificate: certificate.clone(),
                signed: stock.signed.clone().unwrap(),
                kem: stock.kem.clone().unwrap(),
                one_time: stock.one_time.pop(),
            };
            if std::mem::take(&mut self.forge_bundle) {
                bundle.signed.signature.0[0] ^= 1;
            }
            bundles.push(bundle);
        }
        Ok(bundles)
    }

    pub fn publish(&mut self, device: DeviceId, upload: PreKeyUpload) {
        let kept = self.pre_keys.get_mut(&device).unwrap();
        kept.signed = upload.signed.or(kept.signed.take());
        kept.kem = upload.kem.or(kept.kem.take());
        if let Some(id) = upload.withdraws_below {
            kept.one_time.retain(|key| key.id >= id);
        }
        kept.one_time.extend(upload.one_time);
    }
}

impl Mailbox {
    /// What a poll brings, if it begins with this one. It stays until it is acknowledged.
    pub fn hand_out(&mut self, place: usize) -> (Delivery, Letter) {
        for letter in self.waiting.iter_mut().take(place) {
            letter.overtaken += 1;
        }
        let letter = &mut self.waiting[place];
        let cursor = *letter.cursor.get_or_insert_with(|| {
            self.cursor += 1;
            self.cursor
        });
        (Delivery::of(cursor, letter.envelope.clone()), letter.clone())
    }

    /// Everything up to here is durable at its receiver.
    pub fn acknowledge(&mut self, cursor: u64) {
        let done = |letter: &Letter| letter.cursor.is_some_and(|given| given <= cursor);
        self.given.extend(self.waiting.iter().filter(|letter| done(letter)).cloned());
        self.waiting.retain(|letter| !done(letter));
        let surplus = self.given.len().saturating_sub(GIVEN_MAX);
        self.given.drain(..surplus);
    }

    /// The place of the letter that must come next, because others overtook it so often.
    pub fn overdue(&self, overtaken_max: usize) -> Option<usize> {
        self.waiting.iter().position(|letter| letter.overtaken >= overtaken_max)
    }

    /// One that was handed out before is handed out again, as if it had just come.
    pub fn repeat(&mut self, place: usize) {
        let mut letter = self.given[place].clone();
        (letter.cursor, letter.overtaken) = (None, 0);
        self.waiting.insert(0, letter);
    }
}
