//! Bytes of files: read from the disk chunk by chunk, and put together in a file without a name.

use crate::{computer::Computer, database::store_error};
use cliquet_web_crypto::{
    browser::platform::{
        error::{HttpError, StoreError},
        service::{Files, Platform as _, Sealing},
    },
    crypto::sealed_file::{open_chunk, seal_chunk},
};
use cliquet_wire::bytes::{Bytes, Digest};
use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    io::{self, Write as _},
    ops::Range,
    os::unix::fs::FileExt as _,
    rc::Rc,
};

impl Files for Computer {
    type Blob = Rc<File>;
    type Chunk = Rc<Vec<u8>>;

    fn blob_bytes(&self, blob: &Rc<File>) -> u64 {
        blob.metadata().map_or(0, |metadata| metadata.len())
    }

    async fn read(&self, blob: &Rc<File>, range: Range<u64>, padded: usize) -> Result<Rc<Vec<u8>>, StoreError> {
        let length = range.end.checked_sub(range.start).and_then(|length| usize::try_from(length).ok());
        let mut chunk = vec![0; length.ok_or(StoreError::Refused)?];
        blob.read_exact_at(&mut chunk, range.start).map_err(|_| StoreError::Refused)?;
        chunk.resize(padded, 0);
        Ok(Rc::new(chunk))
    }

    fn join(&self, chunks: &[(Rc<Vec<u8>>, usize)], _: &str) -> Result<Rc<File>, StoreError> {
        let mut file = self.store().database().nameless_file()?;
        for (chunk, bytes) in chunks {
            let bytes = chunk.get(..*bytes).ok_or(StoreError::Damaged)?;
            file.write_all(bytes).map_err(|error| match error.kind() {
                io::ErrorKind::StorageFull => StoreError::Full,
                _ => StoreError::Refused,
            })?;
        }
        Ok(Rc::new(file))
    }

    fn gather(&self, parts: &[(Rc<Vec<u8>>, Range<usize>)]) -> Result<Rc<Vec<u8>>, StoreError> {
        let parts = parts.iter().map(|(chunk, range)| chunk.get(range.clone()).ok_or(StoreError::Refused));
        Ok(Rc::new(parts.collect::<Result<Vec<_>, _>>()?.concat()))
    }

    async fn seal(&self, sealing: &Sealing<'_>, chunk: &Rc<Vec<u8>>) -> Result<Rc<Vec<u8>>, StoreError> {
        let content = sealing.layout.content(sealing.number).ok_or(StoreError::Refused)?;
        let length = usize::try_from(content.end - content.start).map_err(|_| StoreError::Refused)?;
        let content = chunk.get(..length).ok_or(StoreError::Refused)?;
        let sealed = seal_chunk(sealing.key, sealing.layout, sealing.number, content);
        sealed.map(Rc::new).map_err(|_| StoreError::Refused)
    }

    async fn open(&self, sealing: &Sealing<'_>, sealed: &Rc<Vec<u8>>) -> Result<Rc<Vec<u8>>, StoreError> {
        let opened = open_chunk(sealing.key, sealing.layout, sealing.number, sealed);
        opened.map(|opened| Rc::new(opened.to_vec())).map_err(|_| StoreError::Damaged)
    }

    async fn sha_256(&self, chunk: &Rc<Vec<u8>>) -> Result<Digest, StoreError> {
        Ok(Bytes(Sha256::digest(chunk.as_slice()).into()))
    }

    async fn keep_chunk(&self, file: &Digest, number: u32, chunk: &Rc<Vec<u8>>) -> Result<(), StoreError> {
        let keep = "INSERT OR REPLACE INTO chunks VALUES (?1, ?2, ?3)";
        let values = params![file.0, number, chunk.as_slice()];
        self.store().database().connection().execute(keep, values).map(drop).map_err(store_error)
    }

    async fn kept_chunk(&self, file: &Digest, number: u32) -> Result<Option<Rc<Vec<u8>>>, StoreError> {
        let select = "SELECT bytes FROM chunks WHERE file = ?1 AND number = ?2";
        let connection = self.store().database().connection();
        let bytes = connection.query_row(select, params![file.0, number], |row| row.get(0)).optional();
        Ok(bytes.map_err(store_error)?.map(Rc::new))
    }

    async fn forget_chunks(&self, file: &Digest) -> Result<(), StoreError> {
        let forget = "DELETE FROM chunks WHERE file = ?1";
        self.store().database().connection().execute(forget, [file.0]).map(drop).map_err(store_error)
    }

    async fn put_chunk(&self, path: &str, chunk: &Rc<Vec<u8>>) -> Result<String, HttpError> {
        self.server().put(path, chunk.to_vec()).await
    }

    async fn get_chunk(&self, path: &str, range: Range<u64>) -> Result<Rc<Vec<u8>>, HttpError> {
        self.server().get(path, range).await.map(Rc::new)
    }
}
