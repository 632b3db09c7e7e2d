//! Owns the proof that this browser is a device of an account, for a sign-in that goes on as that device. Knows nothing of
//! passwords.
//!
//! The server's challenge is a key of its choice, and may be any point, a peer's ratchet key among them. So what is agreed
//! on serves this one purpose: the key of the proof comes from it by a label of its own, and only an HMAC leaves.

use super::{identity::OwnIdentity, kdf, keys::KeyError};
use cliquet_primitives::hmac_sha_256;
use cliquet_wire::{
    bytes::{Blob, Bytes, PublicKey},
    device_proof::{Claim, DeviceProof, KEY_INFO},
};
use uuid::Uuid;

/// Proves to the server that the browser that signs in has this device's identity key.
///
/// `challenge` and `attempt` are the server's, `finalization` is the sign-in's last message.
///
/// # Errors
/// For a challenge that is not canonical, or gives the all-zero secret.
pub fn prove(
    own: &OwnIdentity,
    challenge: &PublicKey,
    attempt: Uuid,
    finalization: &Blob,
) -> Result<DeviceProof, KeyError> {
    let shared = own.secret().agree(challenge)?;
    let key = kdf::derive_key(&[0; 32], shared.as_bytes(), KEY_INFO);
    let claim = Claim { certificate: own.certificate(), challenge, attempt, finalization };
    let [proof] = hmac_sha_256(key.as_bytes(), [claim.authenticated_bytes().as_slice()]);
    Ok(DeviceProof { device: own.device(), proof: Bytes(proof) })
}
