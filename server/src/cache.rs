//! A cache of what was read from the database, valid until the next commit.
//!
//! For what nearly every request needs: whose sign-in a token is, and whether a post names the right devices. An entry is
//! valid only while [`Database::version`] is what it was *before* the entry was read. So a revocation takes effect with its
//! commit, in whichever process, and no writer has to invalidate anything.

use crate::database::{Database, Error};
use rusqlite::Connection;
use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Entries of one kind.
pub struct VersionedCache<K, V> {
    entries: Mutex<Entries<K, V>>,
}

struct Entries<K, V> {
    version: u64,
    by_key: HashMap<K, V>,
}

/// More entries than that are forgotten all at once: some tens of megabytes, and a server of a hundred thousand.
const ENTRIES_MAX: usize = 100_000;

impl<K, V> Default for VersionedCache<K, V> {
    fn default() -> Self {
        Self { entries: Mutex::new(Entries { version: 0, by_key: HashMap::new() }) }
    }
}

impl<K, V> VersionedCache<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The cached value, or else what `read` finds now. Only what it finds is cached: requests for what does not exist use no
    /// memory.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub async fn get<E, F>(&self, database: &Database, key: K, read: F) -> Result<Option<V>, E>
    where
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Connection, &K) -> Result<Option<V>, E> + Send + 'static,
    {
        // Without a version nothing is cached, and everything still works.
        let version = database.version();
        if let Some(version) = version
            && let Some(answer) = self.lock().of(version).get(&key)
        {
            return Ok(Some(answer.clone()));
        }
        let asked = key.clone();
        let found = database.run(move |connection| read(connection, &asked)).await?;
        if let (Some(version), Some(found)) = (version, &found) {
            let mut entries = self.lock();
            let by_key = entries.of(version);
            if by_key.len() >= ENTRIES_MAX {
                by_key.clear();
            }
            by_key.insert(key, found.clone());
        }
        Ok(found)
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        // A map that a panic left behind is whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Entries<K, V> {
    /// Those of this version. Versions never come back, so what was kept under another one is of no more use; two requests
    /// that saw different versions may throw each other's away.
    fn of(&mut self, version: u64) -> &mut HashMap<K, V> {
        if self.version != version {
            self.by_key.clear();
            self.version = version;
        }
        &mut self.by_key
    }
}

impl<K, V> fmt::Debug for VersionedCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VersionedCache")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    async fn count_invites(
        remembered: &VersionedCache<u8, u64>,
        database: &Database,
        reads: &Arc<AtomicU32>,
    ) -> Option<u64> {
        let reads = Arc::clone(reads);
        let found: Result<_, Error> = remembered
            .get(database, 1, move |connection, _| {
                reads.fetch_add(1, Ordering::SeqCst);
                let count: u64 = connection.query_row("SELECT count(*) FROM invites", [], |row| row.get(0))?;
                Ok((count > 0).then_some(count))
            })
            .await;
        found.unwrap()
    }

    const INSERT: &str = "INSERT INTO invites (token_hash, created, expires) VALUES (randomblob(9), 1, 2)";

    #[tokio::test]
    async fn an_answer_is_read_once_until_anyone_writes() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let (remembered, reads) = (VersionedCache::default(), Arc::new(AtomicU32::new(0)));
        let read = || reads.load(Ordering::SeqCst);
        assert_eq!(count_invites(&remembered, &database, &reads).await, None);
        assert_eq!(count_invites(&remembered, &database, &reads).await, None);
        assert_eq!(read(), 2);
        // Here.
        database.connection().unwrap().execute(INSERT, []).unwrap();
        assert_eq!(count_invites(&remembered, &database, &reads).await, Some(1));
        assert_eq!(count_invites(&remembered, &database, &reads).await, Some(1));
        assert_eq!(read(), 3);
        // In another process, as far as SQLite can tell.
        let other = Connection::open(folder.path().join(crate::database::FILE_NAME)).unwrap();
        other.execute(INSERT, []).unwrap();
        assert_eq!(count_invites(&remembered, &database, &reads).await, Some(2));
        assert_eq!(read(), 4);
    }

    #[tokio::test]
    async fn what_was_read_while_somebody_wrote_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let remembered = VersionedCache::default();
        let write_behind = database.clone();
        let found: Result<_, Error> = remembered
            .get(&database, 1, move |_, _| {
                write_behind.connection()?.execute(INSERT, [])?;
                Ok(Some(0))
            })
            .await;
        assert_eq!(found.unwrap(), Some(0));
        assert_eq!(count_invites(&remembered, &database, &Arc::default()).await, Some(1));
    }
}
