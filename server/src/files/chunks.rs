//! The bytes of files: one object for each chunk.
//!
//! Owns the names of the objects, and how many accesses go on at once. Knows nothing of whose they are. An object is
//! `<name of the upload>/<chunk>-<SHA-256 of its bytes>`: all who write it write the same bytes, so that two writers never
//! harm each other, and a request that was cut off leaves nothing wrong behind.

use super::{
    store::{self, Opened, StoreError},
    table::Name,
};
use base16ct::lower::encode_string as hex;
use bytes::Bytes as Buffer;
use cliquet_wire::bytes::{Bytes, Digest};
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{Error, ObjectStore, ObjectStoreExt, path::Path as Location};
use std::{ops::Range, path::Path, sync::Arc};
use tokio::sync::Semaphore;

/// The object that says to which database the store belongs.
const STORE_ID: &str = "store-id";
/// Where chunks are kept. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Chunks {
    objects: Arc<dyn ObjectStore>,
    accesses: Arc<Semaphore>,
}

/// One object as a listing shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: Name,
    pub(super) chunk: u32,
    pub(super) digest: Digest,
    pub(super) bytes: u64,
}

impl Chunks {
    /// In the store that the setting names.
    ///
    /// # Errors
    ///
    /// The store does not open.
    pub(super) fn open(setting: &str, data_dir: &Path) -> Result<Self, StoreError> {
        let Opened { objects, accesses } = store::open(setting, data_dir)?;
        Ok(Self { objects, accesses: Arc::new(Semaphore::new(accesses)) })
    }

    /// Writes a chunk. It is durable afterwards.
    pub(super) async fn put(&self, name: &Name, chunk: u32, digest: &Digest, bytes: Vec<u8>) -> Result<(), Error> {
        let _turn = self.accesses.acquire().await;
        self.objects.put(&location(name, chunk, digest), bytes.into()).await.map(drop)
    }

    /// A part of a chunk.
    ///
    /// # Errors
    ///
    /// Also when the object is shorter.
    pub(super) async fn get(
        &self,
        name: &Name,
        chunk: u32,
        digest: &Digest,
        range: Range<u64>,
    ) -> Result<Buffer, Error> {
        let _turn = self.accesses.acquire().await;
        let length = range.end.saturating_sub(range.start);
        let found = self.objects.get_range(&location(name, chunk, digest), range).await?;
        match found.len() as u64 == length {
            true => Ok(found),
            false => Err(Error::Generic { store: "chunks", source: "an object is shorter than its chunk".into() }),
        }
    }

    /// Removes one chunk. It may be gone already.
    pub(super) async fn remove(&self, name: &Name, chunk: u32, digest: &Digest) -> Result<(), Error> {
        self.remove_at(&location(name, chunk, digest)).await
    }

    /// Removes all chunks of an upload, those too that no row knows.
    pub(super) async fn remove_all(&self, name: &Name) -> Result<(), Error> {
        let mut found = self.objects.list(Some(&folder(name)));
        while let Some(object) = found.try_next().await? {
            self.remove_at(&object.location).await?;
        }
        Ok(())
    }

    async fn remove_at(&self, location: &Location) -> Result<(), Error> {
        let _turn = self.accesses.acquire().await;
        match self.objects.delete(location).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Every chunk that is stored, in any order. What has a name of another form is not ours and is left out.
    pub(super) fn list(&self) -> BoxStream<'static, Result<Listed, Error>> {
        self.listed(None)
    }

    /// The chunks of one upload.
    pub(super) fn list_of(&self, name: &Name) -> BoxStream<'static, Result<Listed, Error>> {
        self.listed(Some(&folder(name)))
    }

    fn listed(&self, under: Option<&Location>) -> BoxStream<'static, Result<Listed, Error>> {
        let found = self.objects.list(under);
        found.try_filter_map(|object| async move { Ok(read(&object.location, object.size)) }).boxed()
    }

    /// The id of the database that the store belongs to, if it says one.
    pub(super) async fn store_id(&self) -> Result<Option<Buffer>, Error> {
        match self.objects.get(&Location::from(STORE_ID)).await {
            Ok(found) => found.bytes().await.map(Some),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// From now on the store belongs to this database.
    pub(super) async fn set_store_id(&self, id: [u8; 16]) -> Result<(), Error> {
        self.objects.put(&Location::from(STORE_ID), id.to_vec().into()).await.map(drop)
    }
}

fn folder(name: &Name) -> Location {
    Location::from(hex(&name.0))
}

fn location(name: &Name, chunk: u32, digest: &Digest) -> Location {
    Location::from(format!("{}/{chunk}-{}", hex(&name.0), hex(&digest.0)))
}

fn read(location: &Location, bytes: u64) -> Option<Listed> {
    let (name, object) = location.as_ref().split_once('/')?;
    let (chunk, digest) = object.split_once('-')?;
    let listed = Listed { name: unhex(name)?, chunk: chunk.parse().ok()?, digest: unhex(digest)?, bytes };
    // One text for each, so that what is removed is what was seen.
    (self::location(&listed.name, listed.chunk, &listed.digest) == *location).then_some(listed)
}

fn unhex<const N: usize>(text: &str) -> Option<Bytes<N>> {
    let mut bytes = [0; N];
    let length = base16ct::lower::decode(text, &mut bytes).ok()?.len();
    (length == N).then_some(Bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::{
        super::store::{FOLDER, FOLDER_NAME},
        *,
    };

    const NAME: Name = Bytes([0xa5; 16]);
    const DIGEST: Digest = Bytes([7; 32]);

    #[test]
    fn an_object_is_read_from_the_one_place_that_is_written_for_it() {
        let right = location(&NAME, 12, &DIGEST);
        assert_eq!(right.as_ref(), format!("{}/12-{}", "a5".repeat(16), "07".repeat(32)));
        assert_eq!(read(&right, 3), Some(Listed { name: NAME, chunk: 12, digest: DIGEST, bytes: 3 }));
        let text = right.as_ref();
        for other in
            [&text[1..], &text.replace("/12-", "/012-"), &text.replace("a5", "A5"), STORE_ID, "a/b/c", &text[..40]]
        {
            assert_eq!(read(&Location::from(other), 3), None, "{other}");
        }
    }

    #[tokio::test]
    async fn a_chunk_is_read_in_parts_and_removed_with_its_folder() {
        let data_dir = tempfile::tempdir().unwrap();
        let chunks = Chunks::open(FOLDER, data_dir.path()).unwrap();
        for _ in 0..2 {
            chunks.put(&NAME, 1, &DIGEST, b"ciphertext".to_vec()).await.unwrap();
        }
        assert_eq!(chunks.get(&NAME, 1, &DIGEST, 6..10).await.unwrap(), "text".as_bytes());
        assert!(chunks.get(&NAME, 1, &DIGEST, 6..11).await.is_err(), "it is shorter");
        assert!(matches!(chunks.get(&NAME, 2, &DIGEST, 0..1).await, Err(Error::NotFound { .. })));
        let listed: Vec<Listed> = chunks.list().try_collect().await.unwrap();
        assert_eq!(listed, [Listed { name: NAME, chunk: 1, digest: DIGEST, bytes: 10 }]);
        for _ in 0..2 {
            chunks.remove_all(&NAME).await.unwrap();
            chunks.remove(&NAME, 1, &DIGEST).await.unwrap();
        }
        assert_eq!(std::fs::read_dir(data_dir.path().join(FOLDER_NAME)).unwrap().count(), 0);
    }
}
