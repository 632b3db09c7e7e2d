//! How much is taken and for how long, in bytes and milliseconds: the settings of `config`, as the stores need them.

use crate::{clock::DAY_MS, config::Config};
use cliquet_wire::limits::UPLOAD_LIFE_SECONDS;

const MEBIBYTE: u64 = 1024 * 1024;

/// What the host allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLimits {
    /// The longest file.
    pub file_bytes_max: u64,
    /// All files of one account.
    pub account_bytes_max: u64,
    /// All files of all accounts.
    pub server_bytes_max: u64,
    /// How long a complete file is kept.
    pub keep_days: u32,
}

impl FileLimits {
    pub fn new(config: &Config) -> Self {
        let bytes = |megabytes: u32| u64::from(megabytes) * MEBIBYTE;
        Self {
            file_bytes_max: bytes(config.file_megabytes),
            account_bytes_max: bytes(config.account_files_megabytes),
            server_bytes_max: bytes(config.files_megabytes),
            keep_days: config.files_keep_days,
        }
    }

    /// Whether no file is taken at all: one of the limits is 0.
    pub fn is_off(&self) -> bool {
        self.file_bytes_max == 0 || self.account_bytes_max == 0 || self.server_bytes_max == 0 || self.keep_days == 0
    }

    /// How long a file is kept after it changed last, in milliseconds.
    pub(super) fn life_ms(&self, is_complete: bool) -> u64 {
        if is_complete { u64::from(self.keep_days) * DAY_MS } else { UPLOAD_LIFE_SECONDS * 1_000 }
    }
}
