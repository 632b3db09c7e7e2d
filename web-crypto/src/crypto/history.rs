//! Owns the sealing of history segments: what the server keeps of conversations, and cannot open.
//! Knows nothing of what a segment holds.
//!
//! Version ‖ salt ‖ AES-256-GCM over the padded content. The associated data name the account and the segment's id, so
//! that a segment cannot be exchanged for another, or for another account's.

use super::{
    aead,
    keys::Key,
    limits::{HISTORY_KEYS_MAX, SEGMENT_PADDING_STEP_BYTES},
    padding,
};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Digest},
    ids::SegmentId,
    signed_bytes::SignedBytes,
};
use minicbor::{
    Decode, Decoder, Encode, Encoder, decode::Error as DecodeError, encode::Error as EncodeError, encode::Write,
};
use rand_core::CryptoRng;
use std::sync::Arc;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const INFO: &str = "Cliquet/1 history";
/// What sealing adds: version, salt, tag, and the padding at most.
pub const SEALED_BYTES_MORE_MAX: usize = 1 + aead::SALT_BYTES + aead::TAG_BYTES + SEGMENT_PADDING_STEP_BYTES;

/// Why a segment is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// Altered, of another account, or exchanged for another segment.
    #[error("the segment is not what was kept")]
    Altered,
    /// Made by a newer program.
    #[error("the segment is of another version")]
    OtherVersion,
}

/// The keys that sealed segments before the present one did, the oldest first: at most [`HISTORY_KEYS_MAX`]. A copy shares
/// them, so that no key is in memory twice.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OlderKeys(Arc<Vec<Key>>);

impl OlderKeys {
    /// These, and one that was in use until now. Past [`HISTORY_KEYS_MAX`] the oldest goes.
    #[must_use]
    pub fn with(&self, key: Key) -> Self {
        let gone = (self.0.len() + 1).saturating_sub(HISTORY_KEYS_MAX);
        Self(Arc::new(self.0.iter().skip(gone).map(Key::copy).chain([key]).collect()))
    }

    /// The newest first: most of what is read was sealed last.
    pub fn newest_first(&self) -> impl Iterator<Item = &Key> {
        self.0.iter().rev()
    }
}

impl<C> Encode<C> for OlderKeys {
    fn encode<W: Write>(&self, to: &mut Encoder<W>, context: &mut C) -> Result<(), EncodeError<W::Error>> {
        self.0.as_slice().encode(to, context)
    }
}

impl<C> Decode<'_, C> for OlderKeys {
    fn decode(from: &mut Decoder<'_>, context: &mut C) -> Result<Self, DecodeError> {
        Ok(Self(Arc::new(Vec::decode(from, context)?)))
    }
}

/// How many there are.
impl std::fmt::Debug for OlderKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OlderKeys({})", self.0.len())
    }
}

/// Where a segment belongs.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The account's address.
    pub email: &'a Address,
    /// SHA-256 of the account key's encoding.
    pub account_key_hash: &'a Digest,
    /// The segment's id.
    pub id: SegmentId,
}

/// `history_key`: of [`super::vault::VaultKeys`].
///
/// # Errors
/// Never for content that fits memory: AES-GCM takes up to 64 GiB.
pub fn seal(
    history_key: &Key,
    place: Place<'_>,
    content: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Blob, SegmentError> {
    let padded = padding::pad(content, SEGMENT_PADDING_STEP_BYTES);
    let sealed = aead::seal_salted(history_key, INFO, &associated_data(place), &padded, rng);
    Ok(Blob([[VERSION].as_slice(), &sealed.map_err(|_| SegmentError::Altered)?].concat()))
}

/// The content of a segment that [`seal`] made for the same place.
///
/// # Errors
/// What is wrong with the segment.
pub fn open(history_key: &Key, place: Place<'_>, segment: &Blob) -> Result<Zeroizing<Vec<u8>>, SegmentError> {
    let (version, sealed) = segment.0.split_first().ok_or(SegmentError::Altered)?;
    if *version != VERSION {
        return Err(SegmentError::OtherVersion);
    }
    aead::open_salted(history_key, INFO, &associated_data(place), sealed)
        .ok()
        .and_then(|padded| padding::unpad(padded, SEGMENT_PADDING_STEP_BYTES))
        .ok_or(SegmentError::Altered)
}

fn associated_data(place: Place<'_>) -> Vec<u8> {
    SignedBytes::labelled(INFO)
        .field(place.email.as_str().as_bytes())
        .field(place.account_key_hash.as_ref())
        .field(place.id.0.as_bytes())
        .finish()
}
