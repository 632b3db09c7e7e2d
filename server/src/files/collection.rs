//! What is over or was left behind, and its removal.
//!
//! Owns when that happens: what is over within ten minutes, what a crash left at the start and once a day.

use super::{
    table::{self, File, Known},
    uploads::{FileError, Files},
};
use crate::{causes, clock::Clock};
use futures_util::TryStreamExt;
use std::{collections::HashMap, time::Duration};

/// Between two looks for what is over.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(600);
/// Looks for what is over between two looks for what was left behind, which lists the whole store: a day.
const EXPIRIES_PER_RECONCILIATION: u32 = 144;
/// Rows that are compared with the store before others are read.
const COMPARED_AT_ONCE: u32 = 100;

/// What a comparison of rows and objects found, and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Objects that no row needs.
    pub orphans: u64,
    /// Chunks whose object is missing or has another length.
    pub lost: u64,
    /// The store is another database's, or says nothing of it. Nothing was compared.
    pub is_foreign: bool,
}

impl Files {
    /// Collects for as long as the process lives.
    pub async fn collect_at_intervals(self, clock: Clock) {
        // A comparison that failed is tried again at the next look.
        let mut looks_before_reconciliation = 0;
        loop {
            let reconciles = looks_before_reconciliation == 0;
            match self.collect(reconciles, clock.now_ms()).await {
                Ok(()) if reconciles => looks_before_reconciliation = EXPIRIES_PER_RECONCILIATION,
                Ok(()) => looks_before_reconciliation -= 1,
                Err(error) => tracing::warn!(cause = causes::on_one_line(&error), "files that are over stay for now"),
            }
            tokio::time::sleep(EXPIRY_INTERVAL).await;
        }
    }

    async fn collect(&self, with_reconciliation: bool, now_ms: u64) -> Result<(), FileError> {
        self.remove_expired(now_ms).await?;
        if with_reconciliation {
            let Reconciled { orphans, lost, is_foreign } = self.reconcile().await?;
            if is_foreign {
                tracing::warn!(
                    "the folder of files is not the one that {} belongs to: nothing is collected there",
                    table::FILE_NAME
                );
            }
            if orphans + lost > 0 {
                tracing::warn!(
                    orphans,
                    lost,
                    "files: {orphans} chunks without a row were removed, {lost} chunks are lost"
                );
            }
        }
        Ok(())
    }

    /// Compares rows and objects, and removes what has lost its other half: objects that no row needs, and chunks without
    /// their object. An upload asks for those again; a complete file with a hole is nobody's any more.
    ///
    /// Only in the store that says it belongs to this database: a folder that was not mounted looks like a loss of
    /// everything, and a bucket may have chunks of another server.
    pub async fn reconcile(&self) -> Result<Reconciled, FileError> {
        if !self.owns_store().await? {
            return Ok(Reconciled { is_foreign: true, ..Reconciled::default() });
        }
        let orphans = self.remove_orphans().await?;
        let mut lost = 0;
        let mut key = i64::MIN;
        loop {
            let files = self.database.run(move |connection| table::files_after(connection, key, COMPARED_AT_ONCE));
            let files = files.await?;
            let Some(last) = files.last() else { break };
            key = last.key;
            for file in files {
                lost += self.remove_lost(file).await?;
            }
        }
        Ok(Reconciled { orphans, lost, is_foreign: false })
    }

    /// Whether the store belongs to this database. An empty database takes a store that belongs to none.
    async fn owns_store(&self) -> Result<bool, FileError> {
        let own = self.database.run(|connection| table::store_id(connection)).await?;
        match self.chunks.store_id().await? {
            Some(found) => Ok(found == own.as_slice()),
            None if self.totals().await?.files == 0 => {
                self.chunks.set_store_id(own).await?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    async fn remove_orphans(&self) -> Result<u64, FileError> {
        let (mut found, mut count) = (self.chunks.list(), 0);
        while let Some(object) = found.try_next().await? {
            let (name, chunk, digest) = (object.name, object.chunk, object.digest);
            let known = self.database.run(move |connection| table::knows(connection, &name, chunk, &digest)).await?;
            if known == Known::Orphan {
                self.chunks.remove(&name, chunk, &digest).await?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// How many chunks of this file are lost.
    async fn remove_lost(&self, file: File) -> Result<u64, FileError> {
        // Rows first: each had its object before.
        let rows = self.database.run(move |connection| table::digests(connection, file.key, 0, u64::from(u32::MAX)));
        let rows = rows.await?;
        let listed: Vec<_> = self.chunks.list_of(&file.name).try_collect().await?;
        let lengths: HashMap<_, _> =
            listed.into_iter().map(|object| ((object.chunk, object.digest), object.bytes)).collect();
        let mut lost = 0;
        for (chunk, digest) in rows {
            if lengths.get(&(chunk, digest)).copied() != cliquet_wire::files::chunk_length(file.bytes, chunk) {
                self.database.write(move |transaction| table::lose(transaction, &file, chunk)).await?;
                lost += 1;
            }
        }
        if lost > 0 && file.is_complete() {
            self.remove_objects(&[file.name]).await;
        }
        Ok(lost)
    }
}
