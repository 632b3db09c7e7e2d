//! The vault: one blob, sealed in the browser, that the server keeps and cannot open.

use crate::{
    bytes::{Blob, Digest},
    proof::Proof,
};
use serde::{Deserialize, Serialize};

/// The answer to `GET /vault`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    /// Sealed.
    pub vault: Blob,
}

/// `PUT /vault`: replaces the vault unless another device was faster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplaceVault {
    /// The new vault, at most [`limits::VAULT_BYTES_MAX`](crate::limits::VAULT_BYTES_MAX) bytes.
    pub vault: Blob,
    /// SHA-256 of the vault that this one was made from ([`Blob::digest`]). When the server has another one by then, it
    /// keeps that one and answers `vault-outdated`.
    pub replaces: Digest,
    /// Needed when the vault's [`head()`] is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// The answer to `GET /vault/earlier`: newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierVaults {
    /// At most one of each day, of thirty days.
    pub vaults: Vec<EarlierVault>,
}

/// A vault that was replaced: of each day the one that was there before the day's first change, with the head of the
/// present one. `GET /vault/earlier/<replaced>` brings it, and `PUT /vault` puts it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierVault {
    /// Milliseconds since 1970.
    pub replaced: u64,
    /// Its length.
    pub bytes: u64,
}

/// The field of the sealed body, which is the last.
const BODY: u32 = 3;

/// Everything of a vault but its sealed body: the key slots and the wrapped account key, as bytes. Devices change the body
/// alone; another head takes a proof. `None`: it is no vault.
pub fn head(vault: &Blob) -> Option<&[u8]> {
    let mut decoder = minicbor::Decoder::new(&vault.0);
    if decoder.array().ok()? != Some(2) {
        return None;
    }
    decoder.u32().ok()?;
    for left in (0..decoder.map().ok()??).rev() {
        if decoder.u32().ok()? != BODY {
            decoder.skip().ok()?;
            continue;
        }
        let end = decoder.position();
        decoder.bytes().ok()?;
        let is_last = left == 0 && decoder.position() == vault.0.len();
        return if is_last { vault.0.get(..end) } else { None };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: [u8; 10] = [0x82, 1, 0xa3, 0, 0x41, 7, 2, 0x41, 8, 3];

    #[test]
    fn the_head_is_everything_before_the_body_and_nothing_else_is_a_vault() {
        let vault = |rest: &[u8]| Blob([&HEAD, rest].concat());
        assert_eq!(head(&vault(&[0x42, 9, 9])), Some(&HEAD[..]));
        assert_eq!(head(&vault(&[0x40])), Some(&HEAD[..]));
        for rest in [&[][..], &[0x42, 9], &[0x42, 9, 9, 0], &[0x62, 9, 9], &[0x18]] {
            assert_eq!(head(&vault(rest)), None, "{rest:?}");
        }
        for text in [&b"sealed"[..], &[], &[0x82, 1, 0xa1, 0, 0x40], &[0x82, 1, 0xbf, 3, 0x40, 0xff], &[0x81, 1]] {
            assert_eq!(head(&Blob(text.to_vec())), None, "{text:?}");
        }
        let body_first = Blob(vec![0x82, 1, 0xa2, 3, 0x40, 4, 0x40]);
        assert_eq!(head(&body_first), None, "what follows a body is in no head");
    }
}
