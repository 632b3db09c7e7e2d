//! Owns the encryption of ephemeral envelopes: small signals that are never stored and never sent again.
//! Knows nothing of their content.
//!
//! The key comes from the identity keys of the two devices, and from a fresh salt for each envelope. It needs no session
//! and changes no state. So it is weaker than a message: anyone who learns one of the two identity keys can read every
//! signal between the two devices, earlier and later ones.

use super::{aead, identity::OwnIdentity, kdf, keys::Key, padding};
use cliquet_wire::{
    VERSION,
    bytes::{Blob, Salt},
    certificate::Certificate,
    ephemeral::EphemeralEnvelope,
    limits::{EPHEMERAL_CIPHERTEXT_BYTES_MAX, PADDING_STEP_BYTES},
    signed_bytes::SignedBytes,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

const KEY_INFO: &str = "Cliquet/1 ephemeral key";
const INFO: &str = "Cliquet/1 ephemeral";

/// Why a signal is not encrypted, or not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EphemeralError {
    /// Its padded form does not fit an ephemeral envelope.
    #[error("longer than a signal may be")]
    TooLong,
    /// The certificate's key gives no secret.
    #[error("the other device's key is wrong")]
    BadKey,
    /// Of another version, between other devices, or altered.
    #[error("not authentic")]
    Refused,
}

/// Encrypts a signal for the device that `peer` certifies. The caller has checked the certificate.
///
/// # Errors
/// [`EphemeralError::TooLong`] past what an envelope holds, [`EphemeralError::BadKey`] for a wrong certificate.
pub fn encrypt(
    own: &OwnIdentity,
    peer: &Certificate,
    content: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<EphemeralEnvelope, EphemeralError> {
    let length = padding::padded_len(content.len(), PADDING_STEP_BYTES) + aead::TAG_BYTES;
    if length > EPHEMERAL_CIPHERTEXT_BYTES_MAX {
        return Err(EphemeralError::TooLong);
    }
    let salt = aead::fresh_salt(rng);
    let associated = associated_data(own.certificate(), peer, &salt);
    let padded = padding::pad(content, PADDING_STEP_BYTES);
    let sealed = aead::seal(&key(own, peer)?, &salt, INFO, &associated, &padded);
    Ok(EphemeralEnvelope {
        v: VERSION,
        sender_email: own.email().clone(),
        sender_device: own.device(),
        receiver_email: peer.email.clone(),
        receiver_device: peer.device,
        salt,
        ciphertext: Blob(sealed.map_err(|_| EphemeralError::TooLong)?),
    })
}

/// Decrypts a signal from the device that `peer` certifies. The caller has checked the certificate.
///
/// # Errors
/// [`EphemeralError::Refused`] for another version, for other devices, and for an altered envelope.
pub fn decrypt(
    own: &OwnIdentity,
    peer: &Certificate,
    envelope: &EphemeralEnvelope,
) -> Result<Zeroizing<Vec<u8>>, EphemeralError> {
    let is_ours = envelope.v == VERSION
        && (&envelope.sender_email, envelope.sender_device) == (&peer.email, peer.device)
        && (&envelope.receiver_email, envelope.receiver_device) == (own.email(), own.device());
    if !is_ours || envelope.ciphertext.0.len() > EPHEMERAL_CIPHERTEXT_BYTES_MAX {
        return Err(EphemeralError::Refused);
    }
    let associated = associated_data(peer, own.certificate(), &envelope.salt);
    aead::open(&key(own, peer)?, &envelope.salt, INFO, &associated, &envelope.ciphertext.0)
        .ok()
        .and_then(|padded| padding::unpad(padded, PADDING_STEP_BYTES))
        .ok_or(EphemeralError::Refused)
}

/// The same on both sides. The associated data say which of the two sent the signal.
fn key(own: &OwnIdentity, peer: &Certificate) -> Result<Key, EphemeralError> {
    let shared = own.secret().agree(&peer.identity_key).map_err(|_| EphemeralError::BadKey)?;
    Ok(kdf::derive_key(&[0; 32], shared.as_bytes(), KEY_INFO))
}

fn associated_data(sender: &Certificate, receiver: &Certificate, salt: &Salt) -> Vec<u8> {
    SignedBytes::labelled(INFO)
        .field(&[VERSION])
        .field(&sender.signed_bytes())
        .field(&receiver.signed_bytes())
        .field(salt.as_ref())
        .finish()
}
