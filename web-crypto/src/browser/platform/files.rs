//! Bytes of files as the browser holds them: they never pass through the program's memory.
//!
//! Owns reading, sealing, keeping and sending chunks. Knows nothing of what a file is, nor how it is divided.

use super::{
    browser::Browser,
    error::{HttpError, StoreError},
    http,
    idb::{self, Database, FILES},
    service::{Files, Sealing},
    webcrypto::{self, dictionary, usages},
};
use cliquet_wire::bytes::{Bytes, Digest};
use js_sys::{Array, ArrayBuffer, Object, Promise, Uint8Array};
use std::ops::Range;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, CryptoKey, IdbKeyRange, IdbTransaction, SubtleCrypto};

/// A chunk on a slow line takes this long at most.
const CHUNK_DEADLINE_MS: u32 = 120_000;

impl Files for Browser {
    type Blob = Blob;
    type Chunk = Uint8Array;

    fn blob_bytes(&self, blob: &Blob) -> u64 {
        whole(blob.size())
    }

    async fn read(&self, blob: &Blob, range: Range<u64>, padded: usize) -> Result<Uint8Array, StoreError> {
        let slice = blob.slice_with_f64_and_f64(fraction(range.start), fraction(range.end));
        let slice = slice.map_err(|_| StoreError::Refused)?;
        let read: ArrayBuffer = settle(Ok(slice.array_buffer())).await?;
        let read = Uint8Array::new(&read);
        let bytes = u32::try_from(padded).map_err(|_| StoreError::Refused)?;
        if u64::from(read.length()) != range.end - range.start || read.length() > bytes {
            return Err(StoreError::Refused);
        }
        if read.length() == bytes {
            return Ok(read);
        }
        let chunk = Uint8Array::new_with_length(bytes);
        chunk.set(&read, 0);
        Ok(chunk)
    }

    fn join(&self, chunks: &[(Uint8Array, usize)], media_type: &str) -> Result<Blob, StoreError> {
        let cut =
            |(chunk, bytes): &(Uint8Array, usize)| chunk.subarray(0, u32::try_from(*bytes).unwrap_or(chunk.length()));
        let chunks: Array = chunks.iter().map(cut).collect();
        let options = BlobPropertyBag::new();
        options.set_type(media_type);
        Blob::new_with_u8_array_sequence_and_options(&chunks, &options).map_err(|_| StoreError::Refused)
    }

    fn gather(&self, parts: &[(Uint8Array, Range<usize>)]) -> Result<Uint8Array, StoreError> {
        let place = |place: usize| u32::try_from(place).map_err(|_| StoreError::Refused);
        let bytes = parts.iter().map(|(_, range)| range.len()).sum();
        let gathered = Uint8Array::new_with_length(place(bytes)?);
        let mut at = 0;
        for (chunk, range) in parts {
            if chunk.length() < place(range.end)? {
                return Err(StoreError::Refused);
            }
            gathered.set(&chunk.subarray(place(range.start)?, place(range.end)?), at);
            at += place(range.len())?;
        }
        Ok(gathered)
    }

    async fn seal(&self, sealing: &Sealing<'_>, chunk: &Uint8Array) -> Result<Uint8Array, StoreError> {
        let key = import(sealing, "encrypt").await?;
        let sealed = subtle()?.encrypt_with_object_and_js_u8_array(&algorithm(sealing), &key, chunk);
        Ok(Uint8Array::new(&settle::<JsValue>(sealed).await?))
    }

    async fn open(&self, sealing: &Sealing<'_>, sealed: &Uint8Array) -> Result<Uint8Array, StoreError> {
        let key = import(sealing, "decrypt").await?;
        let opened = subtle()?.decrypt_with_object_and_js_u8_array(&algorithm(sealing), &key, sealed);
        let opened = settle::<ArrayBuffer>(opened).await.map_err(|_| StoreError::Damaged)?;
        Ok(Uint8Array::new(&opened))
    }

    async fn sha_256(&self, chunk: &Uint8Array) -> Result<Digest, StoreError> {
        let digest: ArrayBuffer = settle(subtle()?.digest_with_str_and_js_u8_array("SHA-256", chunk)).await?;
        let mut bytes = [0; 32];
        Uint8Array::new(&digest).copy_to(&mut bytes);
        Ok(Bytes(bytes))
    }

    async fn keep_chunk(&self, file: &Digest, number: u32, chunk: &Uint8Array) -> Result<(), StoreError> {
        let name = JsValue::from_str(&name(file, number));
        let put = |transaction: &IdbTransaction| {
            transaction.object_store(FILES)?.put_with_key(chunk, &name)?;
            Ok(())
        };
        self.database().commit_to(&[FILES], put).await
    }

    async fn kept_chunk(&self, file: &Digest, number: u32) -> Result<Option<Uint8Array>, StoreError> {
        let found = idb::done(self.database().read(FILES)?.get(&name(file, number).as_str().into())).await?;
        Ok(found.dyn_into().ok())
    }

    async fn forget_chunks(&self, file: &Digest) -> Result<(), StoreError> {
        let (from, to) = (name(file, 0), name(file, u32::MAX));
        let range = IdbKeyRange::bound(&from.into(), &to.into()).map_err(|_| StoreError::Refused)?;
        let delete = |transaction: &IdbTransaction| {
            transaction.object_store(FILES)?.delete(&range)?;
            Ok(())
        };
        self.database().commit_to(&[FILES], delete).await
    }

    async fn put_chunk(&self, path: &str, chunk: &Uint8Array) -> Result<String, HttpError> {
        http::send_bytes(path, chunk, CHUNK_DEADLINE_MS).await
    }

    async fn get_chunk(&self, path: &str, range: Range<u64>) -> Result<Uint8Array, HttpError> {
        http::fetch_bytes(path, range, CHUNK_DEADLINE_MS).await
    }
}

impl Browser {
    fn database(&self) -> &Database {
        self.account_store().database()
    }
}

/// The chunks of a file are in order.
fn name(file: &Digest, number: u32) -> String {
    format!("{file}/{number:08x}")
}

async fn import(sealing: &Sealing<'_>, usage: &str) -> Result<CryptoKey, StoreError> {
    let raw = Uint8Array::from(sealing.key.as_bytes().as_slice());
    let key = settle(subtle()?.import_key_with_str("raw", &raw, "AES-GCM", false, &usages(&[usage]))).await;
    raw.fill(0, 0, raw.length());
    key
}

fn algorithm(sealing: &Sealing<'_>) -> Object {
    dictionary(&[
        ("name", "AES-GCM".into()),
        ("iv", Uint8Array::from(sealing.layout.nonce(sealing.number).as_slice()).into()),
        ("additionalData", Uint8Array::from(sealing.layout.associated_data().as_slice()).into()),
    ])
}

fn subtle() -> Result<SubtleCrypto, StoreError> {
    webcrypto::subtle().map_err(|_| StoreError::Refused)
}

async fn settle<T: JsCast>(promise: Result<Promise, JsValue>) -> Result<T, StoreError> {
    let promise = promise.map_err(|_| StoreError::Refused)?;
    JsFuture::from(promise).await.map(JsCast::unchecked_into).map_err(|_| StoreError::Refused)
}

/// Files are far shorter than where this is inexact.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size is whole and not negative")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}

#[expect(clippy::cast_precision_loss, reason = "a file is far shorter than where this is inexact")]
fn fraction(bytes: u64) -> f64 {
    bytes as f64
}
