//! A browser in memory: a disk with one store for each account, and a journal of what was done in which order.

use crate::server::Server;
use cliquet_web_crypto::{
    browser::{
        app::account::{
            AccountError, Password, Progress,
            kept_store::Unlocking,
            sign_in::{SignIn, sign_in},
            sign_up::{SignUp, sign_up},
        },
        platform::{
            error::{HttpError, StoreError},
            service::{
                AccountPlatform, AccountSigner, Clock, Crypto, DeviceStorage, Http, Kept as Found, LockedStorage,
                Record, Storage, Write,
            },
        },
    },
    crypto::{
        keys::Key,
        rsa::{
            SignError, Signer, WrappedAccountKey,
            native::{NativeSigner, NativeVerifier},
        },
    },
};
use cliquet_wire::{account_key::AccountKey, address::Address, bytes::Signature, opaque::Stretching};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rand_core::CryptoRng;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};
use zeroize::Zeroizing;

pub(crate) const ALICE: &[u8] = include_bytes!("../keys/alice.der");
pub(crate) const OTHER: &[u8] = include_bytes!("../keys/mallory.der");
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Nothing native ever waits.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a native future waits"),
    }
}

pub(crate) fn alice() -> Address {
    Address::parse("alice@example.org").unwrap()
}

pub(crate) fn password(typed: &str) -> Password {
    Password::given(typed).unwrap()
}

pub(crate) fn silent(_: Progress) {}

/// What a disk keeps for one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) records: BTreeMap<(String, String), Vec<u8>>,
    pub(crate) has_account_key: bool,
    /// What seals the records, as long as no passphrase locks it. Made with the store.
    pub(crate) store_key: Option<[u8; 32]>,
    /// What a passphrase locked.
    pub(crate) locked: Option<Vec<u8>>,
}

pub(crate) struct Browser<'a> {
    pub(crate) server: &'a Server,
    disk: Rc<RefCell<BTreeMap<String, Kept>>>,
    journal: Rc<RefCell<Vec<String>>>,
    /// The account key that is made next.
    pub(crate) next_key: Cell<&'static [u8]>,
    /// What its release registers passwords with: the older one, which is quick, unless a test is about it.
    pub(crate) stretching: Cell<Stretching>,
    /// The next commit fails so.
    pub(crate) disk_fails: Rc<Cell<Option<StoreError>>>,
    seed: Cell<u64>,
}

impl<'a> Browser<'a> {
    /// `seed` tells one browser's randomness from another's.
    pub(crate) fn new(server: &'a Server, seed: u64) -> Self {
        let (disk, journal, disk_fails) = Default::default();
        let (next_key, seed, stretching) = (Cell::new(ALICE), Cell::new(seed << 32), Cell::new(Stretching::V1));
        Self { server, disk, journal, next_key, stretching, disk_fails, seed }
    }

    pub(crate) fn sign_up(&self, may_replace: bool) -> Result<(), AccountError> {
        self.sign_up_with(PASSWORD, may_replace)
    }

    pub(crate) fn sign_up_with(&self, typed: &str, may_replace: bool) -> Result<(), AccountError> {
        let (email, password) = (alice(), password(typed));
        let typed = SignUp { email, password, invite: None, may_replace, device_name: "Browser".to_owned() };
        ready(sign_up(self, typed, &silent))
    }

    pub(crate) fn sign_in(&self, typed: &str, may_replace: bool) -> Result<(), AccountError> {
        self.sign_in_with(typed, may_replace, Unlocking::NotAsked)
    }

    pub(crate) fn sign_in_with(
        &self,
        typed: &str,
        may_replace: bool,
        unlocking: Unlocking,
    ) -> Result<(), AccountError> {
        self.sign_in_as(typed, may_replace, false, unlocking)
    }

    /// The second press of somebody who was told that an earlier vault opens.
    pub(crate) fn sign_in_and_restore(&self, typed: &str) -> Result<(), AccountError> {
        self.sign_in_as(typed, false, true, Unlocking::NotAsked)
    }

    fn sign_in_as(
        &self,
        typed: &str,
        may_replace: bool,
        may_restore: bool,
        unlocking: Unlocking,
    ) -> Result<(), AccountError> {
        let (email, password, device_name) = (alice(), password(typed), "Browser".to_owned());
        let typed = SignIn { email, password, may_replace, may_restore, unlocking, device_name };
        ready(sign_in(self, typed, &silent))
    }

    /// It loses this record.
    pub(crate) fn lose(&self, store: &str, key: &str) {
        let mut disk = self.disk.borrow_mut();
        let kept = disk.get_mut(alice().as_str()).unwrap();
        kept.records.remove(&(store.to_owned(), key.to_owned())).unwrap();
    }

    /// What this browser keeps for Alice.
    pub(crate) fn kept(&self) -> Option<Kept> {
        self.disk.borrow().get(alice().as_str()).cloned()
    }

    pub(crate) fn put(&self, store: &str, key: &str) {
        let mut disk = self.disk.borrow_mut();
        let kept = disk.get_mut(alice().as_str()).unwrap();
        kept.records.insert((store.to_owned(), key.to_owned()), vec![1]);
    }

    pub(crate) fn has(&self, store: &str) -> bool {
        self.kept().is_some_and(|kept| kept.records.keys().any(|(of, _)| of == store))
    }

    /// Whether the server's answer about this browser's device is still awaited.
    pub(crate) fn is_pending(&self) -> bool {
        self.has("sign_in")
    }

    /// What was done since the last call, in order.
    pub(crate) fn journal(&self) -> Vec<String> {
        self.journal.take()
    }

    fn next_rng(&self) -> ChaCha20Rng {
        self.seed.set(self.seed.get() + 1);
        ChaCha20Rng::seed_from_u64(self.seed.get())
    }
}

impl Http for Browser<'_> {
    async fn request(&self, method: &str, path: &str, body: Option<String>) -> Result<String, HttpError> {
        self.journal.borrow_mut().push(format!("{method} {path}"));
        self.server.exchange(method, path, body.as_deref())
    }
}

pub(crate) struct Store {
    disk: Disk,
    store_key: Key,
    has_key: Cell<bool>,
    is_locked: Cell<bool>,
}

/// One account's part of the disk.
#[derive(Clone)]
struct Disk {
    email: String,
    all: Rc<RefCell<BTreeMap<String, Kept>>>,
    journal: Rc<RefCell<Vec<String>>>,
    fails: Rc<Cell<Option<StoreError>>>,
}

impl Disk {
    /// One transaction.
    fn change(&self, step: &str, change: impl FnOnce(&mut Kept)) -> Result<(), StoreError> {
        if let Some(error) = self.fails.take() {
            return Err(error);
        }
        self.journal.borrow_mut().push(step.to_owned());
        let mut all = self.all.borrow_mut();
        change(all.get_mut(&self.email).ok_or(StoreError::OtherVersion)?);
        Ok(())
    }
}

/// A store whose keys a passphrase locked.
pub(crate) struct Locked {
    disk: Disk,
    locked: Vec<u8>,
}

impl Store {
    fn write(&self, writes: &[Write<'_>], has_key: bool) -> Result<(), StoreError> {
        self.disk.change("keep", |kept| {
            for write in writes {
                let name = (write.store.to_owned(), write.key.to_owned());
                match write.value {
                    Some(value) => drop(kept.records.insert(name, value.to_vec())),
                    None => drop(kept.records.remove(&name)),
                }
            }
            kept.has_account_key |= has_key;
        })
    }
}

impl Storage for Store {
    async fn value(&self, store: &str, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let disk = self.disk.all.borrow();
        let found = disk.get(&self.disk.email).and_then(|kept| kept.records.get(&(store.to_owned(), key.to_owned())));
        Ok(found.cloned().map(Zeroizing::new))
    }

    async fn all(&self, store: &str) -> Result<Vec<Record>, StoreError> {
        let disk = self.disk.all.borrow();
        let records = disk.get(&self.disk.email).into_iter().flat_map(|kept| &kept.records);
        let of_store = records.filter(|((of, _), _)| of == store);
        Ok(of_store.map(|((_, key), value)| Record { key: key.clone(), value: value.clone().into() }).collect())
    }

    async fn commit(&self, writes: &[Write<'_>]) -> Result<(), StoreError> {
        self.write(writes, false)
    }
}

impl DeviceStorage for Store {
    type Signer = TestKey;

    async fn commit_with_key(&self, writes: &[Write<'_>], _: &TestKey) -> Result<(), StoreError> {
        self.write(writes, !self.is_locked.get())?;
        self.has_key.set(true);
        Ok(())
    }

    async fn has_key(&self) -> Result<bool, StoreError> {
        Ok(self.has_key.get())
    }

    fn store_key(&self) -> &Key {
        &self.store_key
    }

    async fn lock(&self, locked: &[u8]) -> Result<(), StoreError> {
        self.disk.change("lock", |kept| {
            kept.locked = Some(locked.to_vec());
            (kept.has_account_key, kept.store_key) = (false, None);
        })?;
        self.is_locked.set(true);
        Ok(())
    }

    async fn free(&self) -> Result<(), StoreError> {
        self.disk.change("free", |kept| {
            kept.locked = None;
            (kept.has_account_key, kept.store_key) = (self.has_key.get(), Some(*self.store_key.as_bytes()));
        })?;
        self.is_locked.set(false);
        Ok(())
    }

    fn close(&self) {}
}

impl LockedStorage for Locked {
    type Store = Store;
    type Signer = TestKey;

    fn locked(&self) -> &[u8] {
        &self.locked
    }

    fn open(self, store_key: Key, _: TestKey) -> Store {
        Store { disk: self.disk, store_key, has_key: Cell::new(true), is_locked: Cell::new(true) }
    }

    fn close(&self) {}
}

pub(crate) struct TestKey(NativeSigner<ChaCha20Rng>);

impl Signer for TestKey {
    async fn sign(&self, bytes: &[u8]) -> Result<Signature, SignError> {
        self.0.sign(bytes).await
    }
}

impl AccountSigner for TestKey {
    fn account_key(&self) -> &AccountKey {
        self.0.account_key()
    }
}

impl Clock for Browser<'_> {
    fn now_ms(&self) -> u64 {
        1_800_000_000_000
    }
}

impl Crypto for Browser<'_> {
    type Verifier = NativeVerifier;

    fn verifier(&self) -> &NativeVerifier {
        &NativeVerifier
    }

    fn rng(&self) -> impl CryptoRng {
        self.next_rng()
    }
}

impl AccountPlatform for Browser<'_> {
    type Store = Store;
    type Locked = Locked;
    type Signer = TestKey;

    fn stretching(&self) -> Stretching {
        self.stretching.get()
    }

    async fn painted(&self) {
        self.journal.borrow_mut().push("painted".to_owned());
    }

    async fn open_store(&self, email: &Address) -> Result<Found<Store, Locked>, StoreError> {
        let (all, journal, email) = (Rc::clone(&self.disk), Rc::clone(&self.journal), email.as_str().to_owned());
        let mut kept = self.disk.borrow_mut();
        let kept = kept.entry(email.clone()).or_default();
        let disk = Disk { email, all, journal, fails: Rc::clone(&self.disk_fails) };
        if let Some(locked) = kept.locked.clone() {
            return Ok(Found::Locked(Locked { disk, locked }));
        }
        let made = Key::generate(&mut self.next_rng());
        let store_key = Key::from_bytes(*kept.store_key.get_or_insert(*made.as_bytes()));
        let (has_key, is_locked) = (Cell::new(kept.has_account_key), Cell::new(false));
        Ok(Found::Open(Store { disk, store_key, has_key, is_locked }))
    }

    async fn erase_store(&self, email: &Address) -> Result<(), StoreError> {
        self.journal.borrow_mut().push("erase".to_owned());
        self.disk.borrow_mut().remove(email.as_str());
        Ok(())
    }

    async fn make_account_key(&self, wrapping: &Key) -> Result<(TestKey, WrappedAccountKey), SignError> {
        let signer = NativeSigner::from_pkcs8(self.next_key.get(), self.next_rng()).map_err(|_| SignError)?;
        let wrapped = signer.wrap(wrapping, &mut self.next_rng()).map_err(|_| SignError)?;
        Ok((TestKey(signer), wrapped))
    }

    async fn unwrap_account_key(
        &self,
        wrapped: &WrappedAccountKey,
        wrapping: &Key,
        account_key: &AccountKey,
    ) -> Result<TestKey, SignError> {
        NativeSigner::unwrap(wrapped, account_key, wrapping, self.next_rng()).map(TestKey).map_err(|_| SignError)
    }

    async fn rewrap_account_key(
        &self,
        wrapped: &WrappedAccountKey,
        old: &Key,
        new: &Key,
        account_key: &AccountKey,
    ) -> Result<WrappedAccountKey, SignError> {
        let key = NativeSigner::unwrap(wrapped, account_key, old, self.next_rng()).map_err(|_| SignError)?;
        key.wrap(new, &mut self.next_rng()).map_err(|_| SignError)
    }
}
