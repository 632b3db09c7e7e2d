//! Files of messages: what one client seals the other one opens.

use super::program;
use base64ct::{Base64, Encoding as _};
use cliquet_web_crypto::crypto::{
    keys::Key,
    sealed_file::{CHUNK_BYTES, FileLayout, open_chunk, seal_chunk},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{io::Write as _, process::Stdio};

const KEY: [u8; 32] = [7; 32];

fn file(size: usize) -> Vec<u8> {
    (0..size).map(|place| u8::try_from(place.wrapping_mul(31) % 251).unwrap()).collect()
}

fn ask(command: &Value) -> Value {
    let mut child = program("sealed_file.py").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{command}").unwrap();
    let answer = child.wait_with_output().unwrap();
    assert!(answer.status.success(), "the second client ended");
    serde_json::from_slice(&answer.stdout).unwrap()
}

fn base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

fn bytes(value: &Value) -> Vec<u8> {
    Base64::decode_vec(value.as_str().unwrap()).unwrap()
}

fn digest(parts: &[Vec<u8>]) -> [u8; 32] {
    let mut all = Sha256::new();
    parts.iter().for_each(|part| all.update(Sha256::digest(part)));
    all.finalize().into()
}

fn sealed(file: &[u8]) -> Vec<Vec<u8>> {
    let layout = FileLayout::new(file.len() as u64).unwrap();
    let part = |number| {
        let content = layout.content(number).unwrap();
        let content = usize::try_from(content.start).unwrap()..usize::try_from(content.end).unwrap();
        seal_chunk(&Key::from_bytes(KEY), layout, number, &file[content]).unwrap()
    };
    (0..layout.chunks()).map(part).collect()
}

/// Requirement: F1
#[test]
fn the_second_client_opens_a_file_of_ours_and_nothing_else() {
    for size in [1, 1_025, CHUNK_BYTES, 2 * CHUNK_BYTES + 12_345] {
        let (file, parts) = (file(size), sealed(&file(size)));
        let open = |parts: &[Vec<u8>], digest: [u8; 32], size: usize| {
            let parts: Vec<String> = parts.iter().map(|part| base64(part)).collect();
            ask(&json!({ "do": "open", "key": base64(&KEY), "digest": base64(&digest), "size": size, "parts": parts }))
        };
        let right = digest(&parts);
        assert_eq!(bytes(&open(&parts, right, size)["bytes"]), file, "{size}");
        let mut altered = parts.clone();
        altered[0][3] ^= 1;
        assert_eq!(open(&altered, right, size)["refused"], "digest");
        assert_eq!(open(&altered, digest(&altered), size)["refused"], "altered");
        if parts.len() > 1 {
            let mut swapped = parts.clone();
            swapped.swap(0, 1);
            assert_eq!(open(&swapped, digest(&swapped), size)["refused"], "altered");
            let cut = &parts[..parts.len() - 1];
            assert_eq!(open(cut, digest(cut), CHUNK_BYTES * cut.len())["refused"], "altered");
        }
    }
}

#[test]
fn ours_opens_a_file_of_the_second_client() {
    for size in [1, 1_025, CHUNK_BYTES, 2 * CHUNK_BYTES + 12_345] {
        let file = file(size);
        let answer = ask(&json!({ "do": "seal", "bytes": base64(&file) }));
        let key = Key::from_bytes(bytes(&answer["key"]).try_into().unwrap());
        let parts: Vec<Vec<u8>> = answer["parts"].as_array().unwrap().iter().map(bytes).collect();
        let layout = FileLayout::new(size as u64).unwrap();
        assert_eq!((parts.len(), digest(&parts).to_vec()), (layout.chunks() as usize, bytes(&answer["digest"])));
        let opened = parts.iter().zip(0..).map(|(part, number)| open_chunk(&key, layout, number, part).unwrap());
        assert!(opened.flat_map(|part| part.to_vec()).eq(file.iter().copied()), "{size}");
    }
}
