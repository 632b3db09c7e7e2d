//! Bytes of files in memory, and a server that keeps what it is sent.

use crate::fake::Tab;
use cliquet_web_crypto::{
    browser::platform::{
        error::{HttpError, StoreError},
        service::{Files, Sealing},
    },
    crypto::sealed_file::{open_chunk, seal_chunk},
};
use cliquet_wire::bytes::{Bytes, Digest};
use sha2::{Digest as _, Sha256};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Range,
    rc::Rc,
    time::Duration,
};
use tokio::time::sleep;

/// How long it takes until a chunk is on the disk, or at the server.
const DISK: Duration = Duration::from_millis(2);

/// What this browser keeps of files, and what the server does with chunks.
#[derive(Clone, Default)]
pub(crate) struct FakeFiles(Rc<Inner>);

#[derive(Default)]
struct Inner {
    kept: RefCell<BTreeMap<(Digest, u32), Vec<u8>>>,
    is_full: Cell<bool>,
    /// Parts that can be kept at once. `None`: any number.
    room: Cell<Option<usize>>,
    /// How many chunks were begun to be sent.
    begun: Cell<u32>,
    /// Some of them take longer than others.
    is_uneven: Cell<bool>,
    sent: RefCell<Vec<(String, Vec<u8>)>>,
    #[expect(clippy::type_complexity, reason = "what the server says to a path and a chunk")]
    takes: RefCell<Option<Box<dyn Fn(&str, &[u8]) -> Result<String, HttpError>>>>,
    #[expect(clippy::type_complexity, reason = "what the server has of a path, in this range")]
    gives: RefCell<Option<Box<dyn Fn(&str, Range<u64>) -> Result<Vec<u8>, HttpError>>>>,
}

impl FakeFiles {
    /// From now on nothing more can be kept, or it can again.
    pub(crate) fn fill(&self, is_full: bool) {
        self.0.is_full.set(is_full);
    }

    /// From now on so many chunks can be kept at once.
    pub(crate) fn room_for(&self, chunks: usize) {
        self.0.room.set(Some(chunks));
    }

    /// Somebody empties what is kept of files, and nothing else.
    pub(crate) fn forget_all(&self) {
        self.0.kept.borrow_mut().clear();
    }

    /// One kept chunk has another bit.
    pub(crate) fn damage_one(&self) {
        self.0.kept.borrow_mut().values_mut().next().unwrap()[0] ^= 1;
    }

    /// Returns when so many chunks are kept.
    pub(crate) async fn until_kept(&self, chunks: usize) {
        while self.kept() < chunks {
            sleep(DISK / 2).await;
        }
    }

    /// From now on the second of three chunks takes four times as long as the others.
    pub(crate) fn send_unevenly(&self) {
        self.0.is_uneven.set(true);
    }

    /// Returns when so many chunks are on their way, or were.
    pub(crate) async fn until_begun(&self, chunks: u32) {
        while self.0.begun.get() < chunks {
            sleep(DISK / 2).await;
        }
    }

    /// Returns when so many chunks were sent.
    pub(crate) async fn until_sent(&self, chunks: usize) {
        while self.0.sent.borrow().len() < chunks {
            sleep(DISK / 2).await;
        }
    }

    /// How many chunks are kept.
    pub(crate) fn kept(&self) -> usize {
        self.0.kept.borrow().len()
    }

    /// Paths and chunks, in the order in which they were sent.
    pub(crate) fn sent(&self) -> Vec<(String, Vec<u8>)> {
        self.0.sent.borrow().clone()
    }

    pub(crate) fn take(&self, takes: impl Fn(&str, &[u8]) -> Result<String, HttpError> + 'static) {
        self.0.takes.replace(Some(Box::new(takes)));
    }

    pub(crate) fn give(&self, gives: impl Fn(&str, Range<u64>) -> Result<Vec<u8>, HttpError> + 'static) {
        self.0.gives.replace(Some(Box::new(gives)));
    }
}

impl Files for Tab {
    type Blob = Rc<Vec<u8>>;
    type Chunk = Vec<u8>;

    fn blob_bytes(&self, blob: &Rc<Vec<u8>>) -> u64 {
        blob.len() as u64
    }

    async fn read(&self, blob: &Rc<Vec<u8>>, range: Range<u64>, padded: usize) -> Result<Vec<u8>, StoreError> {
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        let mut chunk = blob.get(range).ok_or(StoreError::Refused)?.to_vec();
        chunk.resize(padded, 0);
        Ok(chunk)
    }

    fn join(&self, chunks: &[(Vec<u8>, usize)], _: &str) -> Result<Rc<Vec<u8>>, StoreError> {
        Ok(Rc::new(chunks.iter().flat_map(|(chunk, bytes)| chunk.iter().take(*bytes).copied()).collect()))
    }

    fn gather(&self, parts: &[(Vec<u8>, Range<usize>)]) -> Result<Vec<u8>, StoreError> {
        let parts = parts.iter().map(|(chunk, range)| chunk.get(range.clone()).ok_or(StoreError::Refused));
        Ok(parts.collect::<Result<Vec<_>, _>>()?.concat())
    }

    async fn seal(&self, sealing: &Sealing<'_>, chunk: &Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let content = sealing.layout.content(sealing.number).unwrap();
        let content = &chunk[..usize::try_from(content.end - content.start).unwrap()];
        seal_chunk(sealing.key, sealing.layout, sealing.number, content).map_err(|_| StoreError::Refused)
    }

    async fn open(&self, sealing: &Sealing<'_>, sealed: &Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let opened = open_chunk(sealing.key, sealing.layout, sealing.number, sealed);
        opened.map(|opened| opened.to_vec()).map_err(|_| StoreError::Damaged)
    }

    async fn sha_256(&self, chunk: &Vec<u8>) -> Result<Digest, StoreError> {
        Ok(Bytes(Sha256::digest(chunk).into()))
    }

    async fn keep_chunk(&self, file: &Digest, number: u32, chunk: &Vec<u8>) -> Result<(), StoreError> {
        let files = &self.files().0;
        let is_crowded = files.room.get().is_some_and(|room| files.kept.borrow().len() >= room);
        if files.is_full.get() || is_crowded {
            return Err(StoreError::Full);
        }
        files.kept.borrow_mut().insert((*file, number), chunk.clone());
        // A disk takes its time.
        sleep(DISK).await;
        Ok(())
    }

    async fn kept_chunk(&self, file: &Digest, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.files().0.kept.borrow().get(&(*file, number)).cloned())
    }

    async fn forget_chunks(&self, file: &Digest) -> Result<(), StoreError> {
        self.files().0.kept.borrow_mut().retain(|(kept, _), _| kept != file);
        Ok(())
    }

    async fn put_chunk(&self, path: &str, chunk: &Vec<u8>) -> Result<String, HttpError> {
        let files = &self.files().0;
        let number = files.begun.get();
        files.begun.set(number + 1);
        sleep(match (files.is_uneven.get(), number % 3) {
            (false, _) => DISK,
            (true, 1) => 20 * DISK,
            (true, _) => 5 * DISK,
        })
        .await;
        files.sent.borrow_mut().push((path.to_owned(), chunk.clone()));
        files.takes.borrow().as_ref().map_or(Err(HttpError::Offline), |takes| takes(path, chunk))
    }

    async fn get_chunk(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>, HttpError> {
        sleep(DISK).await;
        self.files().0.gives.borrow().as_ref().map_or(Err(HttpError::Offline), |gives| gives(path, range))
    }
}
