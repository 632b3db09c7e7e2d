//! The number of the last commit to a database, by anyone.
//!
//! Owns how it is asked so cheaply that every request can. SQLite answers `PRAGMA data_version` in microseconds, under a
//! lock of its own and ours. But every commit also changes the head of the write-ahead log's index, the file whose name
//! ends in `-shm` (<https://www.sqlite.org/walformat.html>, section 2.1), which all processes share as memory: while the
//! head is what it was, nobody has committed.

use rusqlite::{Connection, OpenFlags};
use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// One of the two copies of the head. It ends in checksums, and counts the commits.
type Head = [u8; 48];

#[derive(Debug)]
pub(crate) struct Commits {
    watcher: Mutex<Watcher>,
    /// Never closed: a process that closes a file loses all its POSIX locks on it, and so SQLite's.
    index: Option<&'static File>,
}

#[derive(Debug)]
struct Watcher {
    /// Writes nothing, so that every commit is another connection's.
    connection: Connection,
    /// The number, and the head before it was asked for.
    last: Option<(Head, u64)>,
}

impl Commits {
    /// Of a database that is in use, so that its index is there. It stays for as long as the watcher has it open.
    ///
    /// # Errors
    /// When the file does not open.
    pub(crate) fn watch(file: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // A caller that gets no number reads the database instead of waiting.
        connection.busy_timeout(Duration::ZERO)?;
        let watcher = Watcher { connection, last: None };
        // Elsewhere a file may differ from the memory that is mapped to it.
        let is_open = cfg!(target_os = "linux") && watcher.ask().is_some();
        let index = is_open.then(|| open_for_good(file)).flatten();
        Ok(Self { watcher: Mutex::new(watcher), index })
    }

    /// Another number after every commit of anyone, and never an earlier one again. `None`: not to be had just now. Takes no
    /// disk, so an async thread may ask.
    pub(crate) fn number(&self) -> Option<u64> {
        // Before the number: a commit in between shows in the next head.
        let head = self.head();
        // A connection that a panic left behind is whole.
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(head), Some((seen, number))) = (head, watcher.last)
            && head == seen
        {
            return Some(number);
        }
        let number = watcher.ask()?;
        watcher.last = head.map(|head| (head, number));
        Some(number)
    }

    fn head(&self) -> Option<Head> {
        let mut head = [0; 48];
        self.index?.read_exact_at(&mut head, 0).ok().map(|()| head)
    }
}

impl Watcher {
    fn ask(&self) -> Option<u64> {
        let mut number = self.connection.prepare_cached("PRAGMA data_version").ok()?;
        number.query_row([], |row| row.get(0)).ok()
    }
}

/// The index of a database. `None`: every question goes to SQLite.
fn open_for_good(file: &Path) -> Option<&'static File> {
    let mut name = file.as_os_str().to_owned();
    name.push("-shm");
    File::open(name).ok().map(|index| &*Box::leak(Box::new(index)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_commit_of_anyone_gives_another_number() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("some.db");
        let one = Connection::open(&file).unwrap();
        one.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE counts (count INTEGER)").unwrap();
        let commits = Commits::watch(&file).unwrap();
        assert_eq!(commits.index.is_some(), cfg!(target_os = "linux"));
        let other = Connection::open(&file).unwrap();
        let mut seen = vec![commits.number().unwrap()];
        for round in 0..200 {
            let writer = if round % 3 == 0 { &one } else { &other };
            writer.execute("INSERT INTO counts VALUES (1)", []).unwrap();
            if round % 50 == 0 {
                // The log begins again, and its index with it.
                writer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
            }
            let number = commits.number().unwrap();
            assert!(!seen.contains(&number), "after commit {round}");
            assert_eq!(commits.number(), Some(number), "without a commit");
            seen.push(number);
        }
    }

    #[test]
    fn without_the_index_sqlite_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("some.db");
        let one = Connection::open(&file).unwrap();
        one.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE counts (count INTEGER)").unwrap();
        let commits = Commits { index: None, ..Commits::watch(&file).unwrap() };
        let before = commits.number().unwrap();
        assert_eq!(commits.number(), Some(before));
        one.execute("INSERT INTO counts VALUES (1)", []).unwrap();
        assert_ne!(commits.number(), Some(before));
    }
}
