//! A server of files in memory, as a tab sees it.

use crate::{
    fake::{Answer, Tab},
    stage::problem,
};
use cliquet_web_crypto::browser::platform::error::HttpError;
use cliquet_wire::{
    files::{ChunkAdded, FileId, FilesRoom, OpenUpload, Upload, chunk_count},
    limits::FILE_CHUNK_BYTES,
    problem::ProblemCode,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

/// Files by the text of their id: their length, and their chunks.
type Kept = BTreeMap<String, (u64, BTreeMap<u32, Vec<u8>>)>;

#[derive(Clone, Default)]
pub(crate) struct FileServer(Rc<Inner>);

#[derive(Default)]
struct Inner {
    kept: RefCell<Kept>,
    /// The longest file. `None`: what is usual.
    bytes_max: Cell<Option<u64>>,
    refuses: Cell<Option<ProblemCode>>,
    /// Parts that are taken before the network is gone. `None`: it stays.
    chunks_left: Cell<Option<u32>>,
    /// The next chunk that is read has another bit.
    alters: Cell<bool>,
    reads: Cell<usize>,
    taken: Cell<usize>,
    deleted: Cell<usize>,
}

fn refused<T>(code: ProblemCode) -> Result<T, HttpError> {
    Err(HttpError::Problem(Box::new(problem(code))))
}

fn written(answer: &impl serde::Serialize) -> Answer {
    Ok(serde_json::to_string(answer).unwrap())
}

impl FileServer {
    /// Serves this tab, which asks `other` for everything else.
    pub(crate) fn serve(&self, tab: &Tab, other: impl Fn(&str, &str) -> Answer + 'static) {
        let server = self.clone();
        tab.serve(move |method, path, body| match path.strip_prefix("/files") {
            Some(rest) => server.answer(method, rest, body),
            None => other(method, path),
        });
        let server = self.clone();
        tab.files().take(move |path, chunk| server.take(path, chunk));
        let server = self.clone();
        tab.files().give(move |path, range| {
            server.0.reads.set(server.0.reads.get() + 1);
            let kept = server.0.kept.borrow();
            let Some((_, chunks)) = kept.get(path.strip_prefix("/files/").unwrap()) else {
                return refused(ProblemCode::NotFound);
            };
            let number = u32::try_from(range.start / FILE_CHUNK_BYTES as u64).unwrap();
            let mut chunk = chunks[&number].clone();
            assert_eq!(chunk.len() as u64, range.end - range.start, "a chunk is asked for as a whole");
            chunk[0] ^= u8::from(server.0.alters.take());
            Ok(chunk)
        });
    }

    pub(crate) fn take_up_to(&self, bytes_max: u64) {
        self.0.bytes_max.set(Some(bytes_max));
    }

    /// From now on nothing is opened, for this reason; or everything is.
    pub(crate) fn refuse(&self, code: Option<ProblemCode>) {
        self.0.refuses.set(code);
    }

    pub(crate) fn lose_after(&self, chunks: Option<u32>) {
        self.0.chunks_left.set(chunks);
    }

    pub(crate) fn alter_next(&self) {
        self.0.alters.set(true);
    }

    /// How many chunks were taken, the same ones again among them.
    pub(crate) fn taken(&self) -> usize {
        self.0.taken.get()
    }

    /// How many chunks were read, and how many files deleted.
    pub(crate) fn reads(&self) -> usize {
        self.0.reads.get()
    }

    pub(crate) fn deleted(&self) -> usize {
        self.0.deleted.get()
    }

    pub(crate) fn forget_all(&self) {
        self.0.kept.borrow_mut().clear();
    }

    fn answer(&self, method: &str, rest: &str, body: Option<&str>) -> Answer {
        match (method, rest) {
            ("GET", "") => written(&FilesRoom {
                file_bytes_max: self.0.bytes_max.get().unwrap_or(100_000_000),
                bytes: 1_000,
                quota: 200_000_000,
                keep_days: 90,
            }),
            ("POST", "") => {
                if let Some(code) = self.0.refuses.get() {
                    return refused(code);
                }
                let OpenUpload { id, bytes } = serde_json::from_str(body.unwrap()).unwrap();
                let mut kept = self.0.kept.borrow_mut();
                let (_, chunks) = kept.entry(id.text()).or_insert_with(|| (bytes, BTreeMap::new()));
                written(&upload(id, bytes, chunks.keys().copied().collect()))
            }
            ("DELETE", path) => {
                self.0.deleted.set(self.0.deleted.get() + 1);
                let gone = self.0.kept.borrow_mut().remove(path.trim_start_matches('/'));
                gone.map_or_else(|| refused(ProblemCode::NotFound), |_| Ok(String::new()))
            }
            _ => Err(HttpError::Offline),
        }
    }

    fn take(&self, path: &str, chunk: &[u8]) -> Answer {
        match self.0.chunks_left.get() {
            Some(0) => return self.0.refuses.get().map_or(Err(HttpError::Offline), refused),
            Some(left) => self.0.chunks_left.set(Some(left - 1)),
            None => {}
        }
        let (id, number) = path.strip_prefix("/files/").unwrap().split_once('/').unwrap();
        let mut kept = self.0.kept.borrow_mut();
        let Some((bytes, chunks)) = kept.get_mut(id) else { return refused(ProblemCode::UploadGone) };
        self.0.taken.set(self.0.taken.get() + 1);
        chunks.insert(number.parse().unwrap(), chunk.to_vec());
        written(&ChunkAdded { complete: chunks.len() as u64 == chunk_count(*bytes) })
    }
}

fn upload(id: FileId, bytes: u64, present: Vec<u32>) -> Upload {
    let chunk_count = u32::try_from(chunk_count(bytes)).unwrap();
    let complete = present.len() == chunk_count as usize;
    Upload { id, bytes, chunk_bytes: FILE_CHUNK_BYTES as u64, chunk_count, present, complete, expires: 1 }
}
