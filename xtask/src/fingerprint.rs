//! Owns the short names of contents: what goes into a hashed file name, and what tells that work can be skipped.

use crate::problem::Problem;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

/// 64 bits name a file among a few dozen without a clash, and stay readable.
const NAME_BYTES: usize = 8;

pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes), NAME_BYTES)
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes), 32)
}

pub(crate) fn hex(digest: &[u8], bytes: usize) -> String {
    digest.iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// Collects everything a result depends on.
#[derive(Default)]
pub(crate) struct Inputs(Sha256);

impl Inputs {
    pub(crate) fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    pub(crate) fn file(&mut self, path: &Path) -> Result<(), Problem> {
        self.text(&path.to_string_lossy());
        let bytes = fs::read(path).map_err(Problem::file("cannot read", path))?;
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        Ok(())
    }

    pub(crate) fn finish(self) -> String {
        hex(&self.0.finalize(), 32)
    }
}

/// A file that remembers from which inputs its neighbours were made.
pub(crate) fn is_fresh(stamp: &Path, inputs: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|remembered| remembered == inputs)
}

pub(crate) fn remember(stamp: &Path, inputs: &str) -> Result<(), Problem> {
    fs::write(stamp, inputs).map_err(Problem::file("cannot write", stamp))
}
