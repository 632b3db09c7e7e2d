//! How much the data folder holds, and whether there is room for more.
//!
//! Owns the measure. Room within the database files counts as room: SQLite uses it before a file grows. Knows nothing of
//! what is stored.

use crate::{
    clock::Clock,
    config::Config,
    database::{self, Database},
    error::Error,
    files, history, mailbox,
};
use cliquet_wire::problem::ProblemCode;
use rocket::{
    Request,
    outcome::try_outcome,
    request::{FromRequest, Outcome},
};
use rusqlite::{Connection, OpenFlags};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// A measure serves for so long. What is stored meanwhile goes past the limit.
const MEASURED_EVERY_MS: u64 = 5_000;
/// The databases. Beside them there is the folder of the files that people sent, of which the rows say what it takes.
const FILES: [&str; 4] = [database::FILE_NAME, history::FILE_NAME, mailbox::FILE_NAME, files::FILE_NAME];

/// The room that the setting `storage_megabytes` gives.
#[derive(Debug)]
pub struct Storage {
    folder: PathBuf,
    /// In bytes. 0: as much as the disk has.
    limit: u64,
    /// Undelivered letters are in one of the files.
    keeps_letters: bool,
    /// When it was last measured, in milliseconds since 1970, and the bytes.
    measured: Mutex<Option<(u64, u64)>>,
}

impl Storage {
    pub fn new(config: &Config) -> Self {
        let (folder, limit) = (config.data_dir(), config.storage_bytes());
        Self { folder, limit, keeps_letters: config.mailbox == "sqlite", measured: Mutex::default() }
    }

    /// Whether there is room for so many bytes more.
    ///
    /// # Errors
    /// `storage-full`, or what a database does not tell.
    pub async fn check_for(&self, database: &Database, more: u64, now_ms: u64) -> Result<(), Error> {
        if self.limit == 0 {
            return Ok(());
        }
        let used = match self.last(now_ms) {
            Some(used) => used,
            None => {
                let folder = self.folder.clone();
                let used = database.run(move |_| used_bytes(&folder)).await?;
                *self.measured.lock().unwrap_or_else(PoisonError::into_inner) = Some((now_ms, used));
                used
            }
        };
        Ok(self.room_beside(used.saturating_add(more))?)
    }

    fn room_beside(&self, used: u64) -> Result<(), ProblemCode> {
        if used < self.limit { Ok(()) } else { Err(ProblemCode::StorageFull) }
    }

    fn last(&self, now_ms: u64) -> Option<u64> {
        let measured = *self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.filter(|(at_ms, _)| now_ms.abs_diff(*at_ms) < MEASURED_EVERY_MS).map(|(_, used)| used)
    }
}

/// The bytes in use in the databases of a data folder, and those that files were promised.
///
/// # Errors
/// When a file that is there does not open.
pub fn used_bytes(folder: &Path) -> Result<u64, database::Error> {
    // In a bucket they take no room here, and there is no folder.
    let has_files = folder.join(files::FOLDER_NAME).is_dir();
    let mut used = if has_files { files::totals_in(folder)?.bytes } else { 0 };
    for file in FILES.map(|name| folder.join(name)).iter().filter(|file| file.is_file()) {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
        used += (number("page_count")? - number("freelist_count")?) * number("page_size")?;
    }
    Ok(used)
}

/// What the disk of this folder has left, or that of where it would be made.
///
/// # Errors
/// When the system does not say it.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let there = folder.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(Path::new("."));
    let disk = rustix::fs::statvfs(there)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// What another guard finds, in a request that makes the server keep more: refused as `storage-full` when there is no
/// room. What reads, acknowledges, removes or replaces goes on.
#[derive(Clone, Copy, Debug)]
pub struct Room<T>(pub T);

/// The same for letters, which take no room here when Redis keeps them.
#[derive(Clone, Copy, Debug)]
pub struct RoomForLetters<T>(pub T);

#[rocket::async_trait]
impl<'r, T: FromRequest<'r, Error = Error> + Send> FromRequest<'r> for Room<T> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let found = try_outcome!(T::from_request(request).await);
        match check(request, |_| true).await {
            Ok(()) => Outcome::Success(Self(found)),
            Err(error) => Outcome::Error(error.at_guard(request)),
        }
    }
}

#[rocket::async_trait]
impl<'r, T: FromRequest<'r, Error = Error> + Send> FromRequest<'r> for RoomForLetters<T> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let found = try_outcome!(T::from_request(request).await);
        match check(request, |storage| storage.keeps_letters).await {
            Ok(()) => Outcome::Success(Self(found)),
            Err(error) => Outcome::Error(error.at_guard(request)),
        }
    }
}

async fn check(request: &Request<'_>, concerns: fn(&Storage) -> bool) -> Result<(), Error> {
    let state = request.rocket();
    let (Some(storage), Some(database), Some(clock)) =
        (state.state::<Storage>(), state.state::<Database>(), state.state::<Clock>())
    else {
        return Err(Error::internal("the storage is not attached"));
    };
    if concerns(storage) { storage.check_for(database, 0, clock.now_ms()).await } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_below_the_limit_and_none_at_it() {
        let storage = Storage { limit: 1_000, ..Storage::new(&Config::default()) };
        assert_eq!(storage.room_beside(999), Ok(()));
        assert_eq!(storage.room_beside(1_000), Err(ProblemCode::StorageFull));
    }

    #[test]
    fn a_measure_serves_for_a_few_seconds_whatever_the_clock_does() {
        let storage = Storage::new(&Config::default());
        assert_eq!(storage.last(10_000), None);
        *storage.measured.lock().unwrap() = Some((10_000, 7));
        for (now_ms, used) in [(10_000, Some(7)), (14_999, Some(7)), (15_000, None), (5_001, Some(7)), (5_000, None)] {
            assert_eq!(storage.last(now_ms), used, "{now_ms}");
        }
    }

    #[test]
    fn a_folder_without_files_holds_nothing() {
        assert_eq!(used_bytes(Path::new("nowhere")).unwrap(), 0);
    }
}
