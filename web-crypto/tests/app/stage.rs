//! Alice's device in one or more tabs, and Bob, whom the server knows.

use crate::fake::{Disk, Tab};
use cliquet_web_crypto::{
    browser::app::{
        engine::{Engine, Notice, Signal},
        leader::Leader,
        rare,
        status::Status,
    },
    client::{
        device::first_records,
        messenger::Messenger,
        records::{Record, Store},
    },
    crypto::{
        OwnIdentity, PreKeySecrets,
        identity::sign_device_list,
        keys::Key,
        rsa::{Signer as _, native::NativeSigner},
    },
};
use cliquet_wire::{
    address::Address,
    certificate::DeviceDirectory,
    pre_keys::PreKeyBundle,
    problem::{Problem, ProblemCode},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use std::{cell::RefCell, rc::Rc, sync::OnceLock, time::Duration};
use tokio::{
    task::LocalSet,
    time::{Instant, sleep},
};

pub(crate) type Signer = NativeSigner<ChaCha20Rng>;

/// Making an RSA key takes seconds: two serve all tests.
pub(crate) fn signer(account: usize) -> &'static Signer {
    static SIGNERS: [OnceLock<Signer>; 2] = [const { OnceLock::new() }; 2];
    SIGNERS[account].get_or_init(|| Signer::generate(ChaCha20Rng::seed_from_u64(account as u64)).unwrap())
}

/// Alice's account key, as her browser gives it to anyone who signs.
pub(crate) fn alices_signer() -> Signer {
    let (key, rng) = (Key::from_bytes([1; 32]), || ChaCha20Rng::seed_from_u64(3));
    let wrapped = signer(0).wrap(&key, &mut rng()).unwrap();
    Signer::unwrap(&wrapped, signer(0).account_key(), &key, rng()).unwrap()
}

pub(crate) fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.org")).unwrap()
}

/// An account with one device.
pub(crate) struct Person {
    pub(crate) directory: DeviceDirectory,
    own: OwnIdentity,
    pre_keys: PreKeySecrets,
    pub(crate) bundle: PreKeyBundle,
}

pub(crate) async fn person(name: &str, account: usize) -> Person {
    let (email, signer, now) = (address(name), signer(account), 1_799_999_999_000);
    let mut rng = ChaCha20Rng::seed_from_u64(account as u64 + 10);
    let key = signer.account_key().clone();
    let own = OwnIdentity::create(email.clone(), key.clone(), now, 1, signer, &mut rng).await.unwrap();
    let pre_keys = PreKeySecrets::generate(now / 1000, &mut rng);
    let upload = pre_keys.upload_all(&own, signer).await.unwrap();
    let device_list = sign_device_list(email.clone(), &key, 1, vec![own.device()], now, signer).await.unwrap();
    let directory =
        DeviceDirectory { email, account_key: key, device_list, certificates: vec![own.certificate().clone()] };
    let bundle = PreKeyBundle {
        certificate: own.certificate().clone(),
        signed: upload.signed.clone().unwrap(),
        kem: upload.kem.clone().unwrap(),
        one_time: None,
    };
    Person { directory, own, pre_keys, bundle }
}

impl Person {
    /// The same person with a list that was signed at this time.
    pub(crate) async fn with_list_signed_at(mut self, account: usize, signed_ms: u64) -> Self {
        let list = &mut self.directory.device_list;
        list.signed = signed_ms;
        list.signature = signer(account).sign(&list.signed_bytes()).await.unwrap();
        self
    }
}

/// One more device of an account, by the list that has it. `place`: which one it is, from 1.
pub(crate) async fn device_after(before: &Person, account: usize, place: u64) -> Person {
    let (signer, now) = (signer(account), 1_799_999_999_000 + place * 500);
    let mut rng = ChaCha20Rng::seed_from_u64(account as u64 + 10 + place * 10);
    let (email, key) = (before.directory.email.clone(), signer.account_key().clone());
    let counter = before.directory.device_list.counter + 1;
    let own = OwnIdentity::create(email.clone(), key.clone(), now, counter, signer, &mut rng).await.unwrap();
    let pre_keys = PreKeySecrets::generate(now / 1000, &mut rng);
    let upload = pre_keys.upload_all(&own, signer).await.unwrap();
    let devices = before.directory.device_list.devices.iter().copied().chain([own.device()]).collect();
    let device_list = sign_device_list(email.clone(), &key, counter, devices, now, signer).await.unwrap();
    let mut certificates = before.directory.certificates.clone();
    certificates.push(own.certificate().clone());
    let directory = DeviceDirectory { email, account_key: key, device_list, certificates };
    let bundle = PreKeyBundle {
        certificate: own.certificate().clone(),
        signed: upload.signed.clone().unwrap(),
        kem: upload.kem.clone().unwrap(),
        one_time: None,
    };
    Person { directory, own, pre_keys, bundle }
}

/// The second device of an account.
pub(crate) async fn another_device(first: &Person, account: usize) -> Person {
    device_after(first, account, 1).await
}

impl Person {
    /// As it knows its account after other devices came.
    pub(crate) fn with_directory(self, directory: &DeviceDirectory) -> Self {
        Self { directory: directory.clone(), ..self }
    }
}

/// One tab with its engine and leader, and what the engine told.
pub(crate) struct Page {
    pub(crate) tab: Tab,
    pub(crate) engine: Rc<Engine<Tab>>,
    pub(crate) leader: Rc<Leader<Tab>>,
    told: Rc<RefCell<Vec<Signal>>>,
}

impl Page {
    pub(crate) async fn open(tab: Tab) -> Self {
        let engine = Engine::open(tab.clone(), address("alice")).await.unwrap();
        let leader = Leader::new(engine.clone(), rare::run);
        let told = Rc::<RefCell<Vec<Signal>>>::default();
        let telling = told.clone();
        engine.subscribe(move |signal| telling.borrow_mut().push(signal.clone()));
        Self { tab, engine, leader, told }
    }

    pub(crate) fn lead(&self) {
        tokio::task::spawn_local(self.leader.clone().run());
    }

    /// What was told since the last call.
    pub(crate) fn told(&self) -> Vec<Signal> {
        self.told.take()
    }

    /// The statuses that were told since the last call.
    pub(crate) fn statuses(&self) -> Vec<Status> {
        let status = |signal| match signal {
            Signal::Said(Notice::Status(status)) => Some(status),
            _ => None,
        };
        self.told().into_iter().filter_map(status).collect()
    }
}

/// A disk with Alice's device.
pub(crate) async fn disk() -> Disk {
    disk_of(&person("alice", 0).await)
}

/// A disk with a person's device.
pub(crate) fn disk_of(person: &Person) -> Disk {
    let disk = Disk::default();
    disk.put(&first_records(&person.own, &person.pre_keys, &person.directory));
    disk
}

/// A person's client, with these records beside their own.
pub(crate) fn messenger_of(person: &Person, more: impl IntoIterator<Item = Record>) -> Messenger {
    let own = first_records(&person.own, &person.pre_keys, &person.directory).puts;
    let records = own.into_iter().chain(more).filter(|record| Store::IN_MEMORY.contains(&record.store));
    Messenger::load(records).unwrap()
}

/// Alice's only tab. It does not lead yet.
pub(crate) async fn page() -> Page {
    Page::open(Tab::new(&disk().await, Instant::now())).await
}

/// A problem as the server says it.
pub(crate) fn problem(code: ProblemCode) -> Problem {
    Problem {
        kind: format!("/problems#{}", code.as_str()),
        code,
        status: code.status(),
        title: "title".to_owned(),
        detail: "detail".to_owned(),
        retry_after: None,
        accounts: Vec::new(),
    }
}

/// Runs a test in paused time.
pub(crate) fn play(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

pub(crate) async fn after_ms(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}
