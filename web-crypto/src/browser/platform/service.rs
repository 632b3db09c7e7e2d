//! The services that `app` asks of a browser, as traits. Tests bring their own.

use super::error::{HttpError, StoreError};
use crate::{
    client::records::{Changes, Records},
    crypto::{
        keys::Key,
        rsa::{SignError, Signer, Verifier, WrappedAccountKey},
        sealed_file::FileLayout,
    },
};
use cliquet_wire::{account_key::AccountKey, address::Address, bytes::Digest, ids::DeviceId, opaque::Stretching};
use rand_core::CryptoRng;
use std::ops::Range;
use zeroize::Zeroizing;

/// Time.
pub trait Clock {
    /// Milliseconds since 1970, by this computer's clock.
    fn now_ms(&self) -> u64;
}

/// Pauses, and work that runs beside other work.
pub trait Tasks {
    /// Returns after this many milliseconds.
    fn pause(&self, ms: u32) -> impl Future<Output = ()>;

    /// Runs `work` beside everything else.
    fn spawn(&self, work: impl Future<Output = ()> + 'static);
}

/// JSON to and from the server.
pub trait Http {
    /// The text of an answer of success.
    ///
    /// # Errors
    /// What the server says is wrong, or why it said nothing.
    fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> impl Future<Output = Result<String, HttpError>>;
}

/// The two requests that htmx sends: the long poll, and the posts of the outbox.
pub trait Posts {
    /// Sends one entry of the outbox, and waits for `deadline_ms` at most. The same `id` with the same `body` may be sent
    /// again.
    ///
    /// # Errors
    /// As [`Http::request`].
    fn post(&self, id: &str, body: &str, deadline_ms: u32) -> impl Future<Output = Result<String, HttpError>>;

    /// The entry is settled: its element is no longer needed.
    fn forget(&self, id: &str);

    /// Asks for deliveries, and waits for `deadline_ms` at most.
    ///
    /// # Errors
    /// As [`Http::request`].
    fn poll(&self, body: String, deadline_ms: u32) -> impl Future<Output = Result<String, HttpError>>;

    /// Ends the poll that is under way.
    fn cancel_poll(&self);
}

/// The account's other tabs.
pub trait Tabs {
    /// Sends bytes to all of them.
    fn announce(&self, frame: &[u8]);

    /// Returns when this tab leads.
    ///
    /// # Errors
    /// When the browser has no locks.
    fn lead(&self) -> impl Future<Output = Result<(), NoLocks>>;

    /// Returns when this tab no longer leads.
    fn lead_lost(&self) -> impl Future<Output = ()>;
}

/// The browser cannot tell which tab leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this browser has no Web Locks")]
pub struct NoLocks;

/// What the browser knows of the network and of the person.
pub trait Presence {
    /// Whether there is a network.
    fn is_online(&self) -> bool;

    /// Whether somebody can see this page.
    fn is_visible(&self) -> bool;
}

/// A record to put, or to delete when it has no value.
#[derive(Clone, Copy)]
pub struct Write<'a> {
    pub store: &'a str,
    pub key: &'a str,
    pub value: Option<&'a [u8]>,
}

/// A record as it was put.
pub struct Record {
    pub key: String,
    pub value: Zeroizing<Vec<u8>>,
}

/// What this browser keeps for one account. Records have a store's name and a key.
pub trait Storage {
    /// The value of one record.
    ///
    /// # Errors
    /// When the storage does not answer, or the record does not open. So for each of these functions.
    fn value(&self, store: &str, key: &str) -> impl Future<Output = Result<Option<Zeroizing<Vec<u8>>>, StoreError>>;

    /// Every record of a store.
    ///
    /// # Errors
    /// As [`Storage::value`].
    fn all(&self, store: &str) -> impl Future<Output = Result<Vec<Record>, StoreError>>;

    /// Writes all of it or none. It is on the disk when this returns.
    ///
    /// # Errors
    /// As [`Storage::value`]; then nothing was written.
    fn commit(&self, writes: &[Write<'_>]) -> impl Future<Output = Result<(), StoreError>>;

    /// Writes what a step asks for, as [`Storage::commit`].
    ///
    /// # Errors
    /// As [`Storage::commit`].
    fn commit_changes(&self, changes: &Changes) -> impl Future<Output = Result<(), StoreError>> {
        async {
            let deletes = changes.deletes.iter().map(|(store, key)| Write { store: store.name(), key, value: None });
            let puts = changes.puts.iter().map(|put| Write {
                store: put.store.name(),
                key: &put.key,
                value: Some(put.value.as_slice()),
            });
            self.commit(&deletes.chain(puts).collect::<Vec<_>>()).await
        }
    }
}

/// Parts of a store.
pub trait Ranges: Storage + Records {
    /// The record with the lowest key above `key`, of a store whose keys hold no address.
    ///
    /// # Errors
    /// As [`Storage::value`].
    fn after(&self, store: &str, key: &str) -> impl Future<Output = Result<Option<Record>, StoreError>>;

    /// The last `count` records whose keys begin with `first` and a slash; oldest first. `below`: only those whose keys go on
    /// with less than this.
    ///
    /// # Errors
    /// As [`Storage::value`].
    fn last(
        &self,
        store: &str,
        first: &str,
        below: Option<&str>,
        count: u32,
    ) -> impl Future<Output = Result<Vec<Record>, StoreError>>;
}

/// Storage that has the account key beside the records.
pub trait DeviceStorage: Storage {
    type Signer: AccountSigner;

    /// As [`Storage::commit`], with the account key in the same transaction.
    ///
    /// # Errors
    /// As [`Storage::commit`].
    fn commit_with_key(
        &self,
        writes: &[Write<'_>],
        signer: &Self::Signer,
    ) -> impl Future<Output = Result<(), StoreError>>;

    /// Whether the account key is here.
    ///
    /// # Errors
    /// As [`Storage::value`].
    fn has_key(&self) -> impl Future<Output = Result<bool, StoreError>>;

    /// What seals the records.
    fn store_key(&self) -> &Key;

    /// Puts what a passphrase locked in the place of the keys, which the browser keeps no more. One transaction. This store
    /// goes on as before.
    ///
    /// # Errors
    /// As [`Storage::commit`].
    fn lock(&self, locked: &[u8]) -> impl Future<Output = Result<(), StoreError>>;

    /// The other way round: the browser keeps the keys again, and asks for nothing. One transaction.
    ///
    /// # Errors
    /// As [`Storage::commit`].
    fn free(&self) -> impl Future<Output = Result<(), StoreError>>;

    /// Lets another tab, or this one, remove what is kept.
    fn close(&self);
}

/// What a browser keeps for an account, as it is found.
#[derive(Debug)]
pub enum Kept<S, L> {
    Open(S),
    /// Its keys are locked by a passphrase.
    Locked(L),
}

/// Storage whose keys are locked by a passphrase.
pub trait LockedStorage {
    type Store;
    type Signer;

    /// What [`DeviceKeys::lock`](crate::crypto::passphrase::DeviceKeys::lock) gave.
    fn locked(&self) -> &[u8];

    /// The storage, with the keys that were locked.
    fn open(self, store_key: Key, signer: Self::Signer) -> Self::Store;

    /// As [`DeviceStorage::close`].
    fn close(&self);
}

/// A private account key that signs, and its public half.
pub trait AccountSigner: Signer {
    fn account_key(&self) -> &AccountKey;
}

/// The system's randomness, and the check of signatures.
pub trait Crypto {
    type Verifier: Verifier;

    fn verifier(&self) -> &Self::Verifier;

    /// The system's randomness.
    fn rng(&self) -> impl CryptoRng;
}

/// Everything that making, entering and changing an account needs of a browser.
pub trait AccountPlatform: Clock + Http + Crypto {
    type Store: DeviceStorage<Signer = Self::Signer>;
    type Locked: LockedStorage<Store = Self::Store, Signer = Self::Signer>;
    type Signer: AccountSigner;

    /// What a password is registered with; a sign-in tries the older versions too. An older release had an older one.
    fn stretching(&self) -> Stretching {
        Stretching::CURRENT
    }

    /// Returns once the page was painted as it is now. What follows may take a second in which nothing is painted.
    fn painted(&self) -> impl Future<Output = ()>;

    /// Opens what this browser keeps for an account, and makes it the first time.
    ///
    /// # Errors
    /// When the browser gives no storage, or what it keeps does not open.
    fn open_store(&self, email: &Address) -> impl Future<Output = Result<Kept<Self::Store, Self::Locked>, StoreError>>;

    /// Removes everything that this browser keeps for an account.
    ///
    /// # Errors
    /// When the browser does not let it go.
    fn erase_store(&self, email: &Address) -> impl Future<Output = Result<(), StoreError>>;

    /// Makes an account key, and seals it for the vault.
    ///
    /// # Errors
    /// When the browser's cryptography refuses.
    fn make_account_key(
        &self,
        wrapping: &Key,
    ) -> impl Future<Output = Result<(Self::Signer, WrappedAccountKey), SignError>>;

    /// Opens the vault's account key.
    ///
    /// # Errors
    /// When `wrapping` does not open it, or it is not the private half of `account_key`.
    fn unwrap_account_key(
        &self,
        wrapped: &WrappedAccountKey,
        wrapping: &Key,
        account_key: &AccountKey,
    ) -> impl Future<Output = Result<Self::Signer, SignError>>;

    /// Opens the vault's account key and seals it again, under another key.
    ///
    /// # Errors
    /// As [`AccountPlatform::unwrap_account_key`].
    fn rewrap_account_key(
        &self,
        wrapped: &WrappedAccountKey,
        old: &Key,
        new: &Key,
        account_key: &AccountKey,
    ) -> impl Future<Output = Result<WrappedAccountKey, SignError>>;
}

/// Bytes of files, which may be more than a page should have in its own memory: the browser holds them.
pub trait Files {
    /// A file of the person's, or one that was opened. Read in chunks.
    type Blob: Clone + 'static;
    /// Two megabytes of one at most, sealed or not.
    type Chunk: Clone;

    /// How many bytes it has.
    fn blob_bytes(&self, blob: &Self::Blob) -> u64;

    /// These bytes of it, followed by zero bytes until there are `padded`.
    ///
    /// # Errors
    /// When the browser cannot read the file: it was moved or changed meanwhile.
    fn read(
        &self,
        blob: &Self::Blob,
        range: Range<u64>,
        padded: usize,
    ) -> impl Future<Output = Result<Self::Chunk, StoreError>>;

    /// Parts as one file. Only the first bytes of each count, as many as are said. `media_type`: as what the browser may
    /// show it, or empty.
    ///
    /// # Errors
    /// When the browser has no room.
    fn join(&self, chunks: &[(Self::Chunk, usize)], media_type: &str) -> Result<Self::Blob, StoreError>;

    /// These bytes of each chunk, one after the other.
    ///
    /// # Errors
    /// When a chunk has not as many.
    fn gather(&self, parts: &[(Self::Chunk, Range<usize>)]) -> Result<Self::Chunk, StoreError>;

    /// AES-256-GCM.
    ///
    /// # Errors
    /// When the browser's cryptography refuses.
    fn seal(&self, sealing: &Sealing<'_>, chunk: &Self::Chunk)
    -> impl Future<Output = Result<Self::Chunk, StoreError>>;

    /// Opens what [`Files::seal`] sealed.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for anything else.
    fn open(
        &self,
        sealing: &Sealing<'_>,
        sealed: &Self::Chunk,
    ) -> impl Future<Output = Result<Self::Chunk, StoreError>>;

    /// SHA-256.
    ///
    /// # Errors
    /// When the browser's cryptography refuses.
    fn sha_256(&self, chunk: &Self::Chunk) -> impl Future<Output = Result<Digest, StoreError>>;

    /// Keeps a sealed chunk of a file in this browser. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::Full`], or as [`Storage::value`].
    fn keep_chunk(
        &self,
        file: &Digest,
        number: u32,
        chunk: &Self::Chunk,
    ) -> impl Future<Output = Result<(), StoreError>>;

    /// What [`Files::keep_chunk`] kept.
    ///
    /// # Errors
    /// As [`Storage::value`].
    fn kept_chunk(&self, file: &Digest, number: u32) -> impl Future<Output = Result<Option<Self::Chunk>, StoreError>>;

    /// Keeps nothing of this file any more.
    ///
    /// # Errors
    /// As [`Storage::value`].
    fn forget_chunks(&self, file: &Digest) -> impl Future<Output = Result<(), StoreError>>;

    /// Sends a sealed chunk to the server: the text of an answer of success.
    ///
    /// # Errors
    /// As [`Http::request`].
    fn put_chunk(&self, path: &str, chunk: &Self::Chunk) -> impl Future<Output = Result<String, HttpError>>;

    /// These bytes of a file at the server.
    ///
    /// # Errors
    /// As [`Http::request`].
    fn get_chunk(&self, path: &str, range: Range<u64>) -> impl Future<Output = Result<Self::Chunk, HttpError>>;
}

/// How a chunk is sealed: which chunk of a file it is.
#[derive(Clone, Copy)]
pub struct Sealing<'a> {
    pub key: &'a Key,
    pub layout: FileLayout,
    pub number: u32,
}

/// Everything that the messenger of one account needs of a browser.
pub trait Platform: Clock + Tasks + Http + Crypto + Posts + Tabs + Presence + Files + 'static {
    type Store: Ranges;
    type Signer: Signer;

    fn store(&self) -> &Self::Store;

    /// From now on every request names this device.
    fn speak_for(&self, device: DeviceId);

    /// The account's signing key. `None`: this browser does not have it.
    ///
    /// # Errors
    /// When the storage does not answer.
    fn signer(&self, account_key: AccountKey) -> impl Future<Output = Result<Option<Self::Signer>, StoreError>>;
}

/// Values may hold secrets.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Record(…)")
    }
}

impl std::fmt::Debug for Sealing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealing(…)")
    }
}

impl std::fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Write(…)")
    }
}
