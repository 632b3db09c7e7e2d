//! Certificates as a host has them: a chain and a key, as PEM, in two files of a folder.

use rcgen::{CertificateParams, KeyPair};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Where a pair is.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) certs: PathBuf,
    pub(crate) key: PathBuf,
}

impl Pair {
    /// A new one for this name, in place of what is there. Made some days ago, and good for some days from now.
    pub(crate) fn write(folder: &Path, name: &str, days_ago: u32, days_left: u32) -> Self {
        let pair = Self { certs: folder.join("chain.pem"), key: folder.join("key.pem") };
        let (certs, key) = made(name, days_ago, days_left);
        fs::write(&pair.certs, certs).unwrap();
        fs::write(&pair.key, key).unwrap();
        pair
    }

    /// As a setting.
    pub(crate) fn setting(&self) -> String {
        format!("{{certs={:?},key={:?}}}", self.certs, self.key)
    }
}

/// Certificate and key.
pub(crate) fn made(name: &str, days_ago: u32, days_left: u32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut wanted = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let now = SystemTime::now();
    wanted.not_before = (now - DAY * days_ago).into();
    wanted.not_after = (now + DAY * days_left).into();
    (wanted.self_signed(&key).unwrap().pem(), key.serialize_pem())
}
