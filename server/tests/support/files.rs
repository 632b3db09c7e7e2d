//! Owns files as a client would send them: ciphertext that the server cannot read, here letters in an order that repeats
//! seldom, so that each part of it is known by its place.

use super::house::{Person, Reply, TestServer};
use cliquet_wire::{
    bytes::Bytes,
    files::{ChunkAdded, FileId, OpenUpload, Upload},
    limits::FILE_CHUNK_BYTES,
};
use rocket::http::Method;

/// The id of this number.
pub(crate) fn id(number: u8) -> FileId {
    FileId(Bytes([number; 32]))
}

/// So many bytes, which are text.
pub(crate) fn content(bytes: usize) -> String {
    (0..bytes).map(|place| char::from(b'a' + u8::try_from((place ^ (place >> 8)) % 23).unwrap())).collect()
}

/// A file of more than two chunks.
pub(crate) const THREE_CHUNKS: usize = 2 * FILE_CHUNK_BYTES + 1_000;

/// The bytes of this chunk of a file.
pub(crate) fn chunk_of(content: &str, chunk: usize) -> Vec<u8> {
    content.as_bytes().chunks(FILE_CHUNK_BYTES).nth(chunk).unwrap().to_vec()
}

impl TestServer {
    pub(crate) async fn open_upload(&self, who: impl Into<Option<&Person>>, id: FileId, bytes: u64) -> Reply {
        self.post(who, "/files", &OpenUpload { id, bytes }).await
    }

    pub(crate) async fn put_chunk(
        &self,
        who: impl Into<Option<&Person>>,
        id: FileId,
        chunk: usize,
        bytes: Vec<u8>,
    ) -> Reply {
        self.ask(Method::Put, who, &format!("/files/{}/{chunk}", id.text()), bytes, &[]).await
    }

    /// Uploads a whole file, the first chunk first.
    pub(crate) async fn upload(&self, who: &Person, id: FileId, content: &str) {
        let opened: Upload = self.open_upload(who, id, content.len() as u64).await.expect(201);
        for chunk in 0..opened.chunk_count as usize {
            let added: ChunkAdded = self.put_chunk(who, id, chunk, chunk_of(content, chunk)).await.expect(200);
            assert_eq!(added.complete, chunk + 1 == opened.chunk_count as usize);
        }
    }

    pub(crate) async fn upload_state(&self, who: &Person, id: FileId) -> Reply {
        self.get(who, &format!("/files/{}/upload", id.text())).await
    }

    pub(crate) async fn read_file(&self, who: impl Into<Option<&Person>>, id: FileId) -> Reply {
        self.get(who, &format!("/files/{}", id.text())).await
    }

    pub(crate) async fn delete_file(&self, who: impl Into<Option<&Person>>, id: FileId) -> Reply {
        self.delete(who, &format!("/files/{}", id.text())).await
    }

    /// The objects that are stored, without what the server keeps beside them.
    pub(crate) fn stored_chunks(&self) -> Vec<std::path::PathBuf> {
        let folders = std::fs::read_dir(self.folder().join("files")).unwrap().map(|entry| entry.unwrap().path());
        let objects = folders.filter(|path| path.is_dir()).flat_map(|folder| std::fs::read_dir(folder).unwrap());
        objects.map(|object| object.unwrap().path()).collect()
    }
}
