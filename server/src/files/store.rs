//! Where chunks are kept: a folder of the data folder, or a bucket of an S3-compatible store.
//!
//! Owns the setting `files_store` and how each kind of store is opened. Knows nothing of what is in it.

use crate::private_files;
use object_store::{ObjectStore, local::LocalFileSystem};
use std::{
    fs, io,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The setting for a folder.
pub const FOLDER: &str = "folder";
/// The folder of the chunks, in the data folder.
pub const FOLDER_NAME: &str = "files";
/// How the setting for a bucket begins. The bucket's name follows, and perhaps a prefix for the names of all objects.
pub const S3_SCHEME: &str = "s3://";
/// Writes and reads of a folder at once. Each holds a thread for what blocks, of which a server has few, and the databases
/// need them.
const FOLDER_ACCESSES: usize = 2;
/// A file that was not renamed for this long is nobody's: its writer died.
const STAGED_LIFE: Duration = Duration::from_secs(3600);

/// Why the store does not open.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("files_store is `{FOLDER}` or `{S3_SCHEME}…`")]
    Setting,
    #[error("files_store names a bucket, and this program was built without the feature `s3`")]
    NotBuiltIn,
    #[error("the folder {FOLDER_NAME} cannot be used")]
    Folder(#[from] io::Error),
    #[error("the store of files does not open")]
    Store(#[from] object_store::Error),
}

/// A store, and how many may use it at once.
pub(super) struct Opened {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) accesses: usize,
}

/// Opens what the setting names. A bucket is not asked yet.
///
/// # Errors
///
/// The setting names nothing that there is, or the folder cannot be made.
pub(super) fn open(setting: &str, data_dir: &Path) -> Result<Opened, StoreError> {
    match setting.strip_prefix(S3_SCHEME) {
        Some(bucket) => open_bucket(bucket),
        None if setting == FOLDER => open_folder(data_dir),
        None => Err(StoreError::Setting),
    }
}

/// A chunk is durable when its writing has ended: the library syncs the file, gives it its name, and syncs the folder.
fn open_folder(data_dir: &Path) -> Result<Opened, StoreError> {
    let folder = data_dir.join(FOLDER_NAME);
    private_files::make_folder(&folder)?;
    remove_staged(&folder, SystemTime::now())?;
    let objects = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true).with_automatic_cleanup(true);
    Ok(Opened { objects: Arc::new(objects), accesses: FOLDER_ACCESSES })
}

#[cfg(not(feature = "s3"))]
fn open_bucket(_: &str) -> Result<Opened, StoreError> {
    Err(StoreError::NotBuiltIn)
}

/// Where it is and who asks comes from the variables `AWS_…` that other programs use, too: no secret is in `Rocket.toml`.
#[cfg(feature = "s3")]
fn open_bucket(bucket: &str) -> Result<Opened, StoreError> {
    use object_store::{RetryConfig, aws::AmazonS3Builder, prefix::PrefixStore};
    /// Each is a connection and no thread.
    const ACCESSES: usize = 16;
    /// A person waits for it.
    const RETRY: Duration = Duration::from_secs(10);
    let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
    if bucket.is_empty() {
        return Err(StoreError::Setting);
    }
    let store = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(RetryConfig { max_retries: 3, retry_timeout: RETRY, ..RetryConfig::default() })
        // Not every store knows how to delete several at once, and we delete one at a time.
        .with_disable_bulk_delete(true)
        .build()?;
    Ok(Opened { objects: Arc::new(PrefixStore::new(store, prefix)), accesses: ACCESSES })
}

/// Removes what a writer that died has left under a name that no listing shows (`…#1`), and empty folders. Another server
/// may be writing in the same folder, so that what is young stays.
fn remove_staged(folder: &Path, now: SystemTime) -> io::Result<()> {
    for upload in fs::read_dir(folder)? {
        let upload = upload?.path();
        if !upload.is_dir() {
            continue;
        }
        for object in fs::read_dir(&upload)? {
            let object = object?;
            let is_staged = object.file_name().to_str().is_some_and(|name| name.contains('#'));
            let age = object.metadata()?.modified().ok().and_then(|modified| now.duration_since(modified).ok());
            if is_staged && age.is_some_and(|age| age >= STAGED_LIFE) {
                fs::remove_file(object.path())?;
            }
        }
        // Fails where something is in it.
        let _ = fs::remove_dir(&upload);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_writer_left_is_removed_once_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let upload = folder.path().join("upload");
        let (whole, staged) = (upload.join("1-digest"), upload.join("2-digest#1"));
        fs::create_dir(&upload).unwrap();
        for path in [&whole, &staged] {
            fs::write(path, b"bytes").unwrap();
        }
        remove_staged(folder.path(), SystemTime::now()).unwrap();
        assert!(staged.exists(), "its writer may be at it");
        remove_staged(folder.path(), SystemTime::now() + STAGED_LIFE + Duration::from_secs(1)).unwrap();
        assert!(!staged.exists() && whole.exists());
        fs::remove_file(&whole).unwrap();
        remove_staged(folder.path(), SystemTime::now()).unwrap();
        assert!(!upload.exists());
    }

    #[test]
    fn a_setting_that_names_no_store_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for setting in ["", "folders", "S3://bucket", "/var/files", "http://example.org"] {
            assert!(matches!(open(setting, folder.path()), Err(StoreError::Setting)), "{setting}");
        }
        assert!(!folder.path().join(FOLDER_NAME).exists());
        assert!(open(FOLDER, folder.path()).is_ok());
        #[cfg(not(feature = "s3"))]
        assert!(matches!(open("s3://bucket", folder.path()), Err(StoreError::NotBuiltIn)));
        #[cfg(feature = "s3")]
        assert!(matches!(open("s3:///prefix", folder.path()), Err(StoreError::Setting)));
    }
}
