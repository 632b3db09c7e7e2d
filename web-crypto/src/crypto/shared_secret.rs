//! Owns the agreement on a first secret: X3DH (revision 1, section 3) with ML-KEM-768 added as in PQXDH (revision 3).
//! Knows nothing of ratchets.

use super::{
    bundle::CheckedBundle,
    identity::OwnIdentity,
    kdf,
    kem::{self, KemKeyError},
    keys::{Key, KeyError, SecretKey},
    pre_keys::PreKeySecrets,
};
use cliquet_wire::{
    bytes::{Bytes, Digest},
    certificate::Certificate,
    envelope::PreKeyMessage,
    signed_bytes::SignedBytes,
};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use x25519_dalek::SharedSecret;
use zeroize::Zeroizing;

const INFO: &str = "Cliquet/1 X25519 ML-KEM-768 SHA-256 AES-256-GCM";

/// Why there is no shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AgreementError {
    /// A public key that is refused.
    BadKey,
    /// The pre-key that is named is gone, or never was.
    MissingPreKey,
}

impl From<KeyError> for AgreementError {
    fn from(_: KeyError) -> Self {
        Self::BadKey
    }
}

impl From<KemKeyError> for AgreementError {
    fn from(_: KemKeyError) -> Self {
        Self::BadKey
    }
}

/// Alice's side (X3DH section 3.3).
pub(super) fn initiate(
    own: &OwnIdentity,
    peer: &CheckedBundle,
    rng: &mut impl CryptoRng,
) -> Result<(Key, PreKeyMessage), AgreementError> {
    let bundle = peer.bundle();
    let ephemeral = SecretKey::generate(rng);
    let dh1 = own.secret().agree(&bundle.signed.key)?;
    let dh2 = ephemeral.agree(&bundle.certificate.identity_key)?;
    let dh3 = ephemeral.agree(&bundle.signed.key)?;
    let dh4 = bundle.one_time.as_ref().map(|one_time| ephemeral.agree(&one_time.key)).transpose()?;
    let (kem_ciphertext, kem_secret) = kem::encapsulate(&bundle.kem.key, rng)?;
    let message = PreKeyMessage {
        account_key: own.account_key().clone(),
        certificate: own.certificate().clone(),
        ephemeral_key: ephemeral.public_key(),
        signed_pre_key_id: bundle.signed.id,
        kem_pre_key_id: bundle.kem.id,
        one_time_pre_key_id: bundle.one_time.as_ref().map(|one_time| one_time.id),
        kem_ciphertext,
    };
    Ok((secret([&dh1, &dh2, &dh3], dh4.as_ref(), &kem_secret), message))
}

/// Bob's side (X3DH section 3.4).
pub(super) fn accept(
    own: &OwnIdentity,
    pre_keys: &PreKeySecrets,
    message: &PreKeyMessage,
) -> Result<Key, AgreementError> {
    let signed = pre_keys.signed(message.signed_pre_key_id).ok_or(AgreementError::MissingPreKey)?;
    let kem = pre_keys.kem(message.kem_pre_key_id).ok_or(AgreementError::MissingPreKey)?;
    let dh4 = match message.one_time_pre_key_id {
        None => None,
        Some(id) => Some(pre_keys.one_time(id).ok_or(AgreementError::MissingPreKey)?.agree(&message.ephemeral_key)?),
    };
    let dh1 = signed.agree(&message.certificate.identity_key)?;
    let dh2 = own.secret().agree(&message.ephemeral_key)?;
    let dh3 = signed.agree(&message.ephemeral_key)?;
    Ok(secret([&dh1, &dh2, &dh3], dh4.as_ref(), &kem.decapsulate(&message.kem_ciphertext)))
}

/// KDF(F ‖ DH1 ‖ DH2 ‖ DH3 [‖ DH4] ‖ SS) (PQXDH section 2.2).
fn secret(dh: [&SharedSecret; 3], dh4: Option<&SharedSecret>, kem_secret: &Key) -> Key {
    let mut input = Zeroizing::new(Vec::with_capacity(6 * 32));
    input.extend_from_slice(&[0xff; 32]);
    dh.into_iter().chain(dh4).for_each(|shared| input.extend_from_slice(shared.as_bytes()));
    input.extend_from_slice(kem_secret.as_bytes());
    kdf::derive_key(&[0; 32], &input, INFO)
}

/// The session's name and the first part of every message's associated data: SHA-256 over both certificates, and over all
/// public values that went into the secret. Both sides compute it; it is never sent.
pub(super) fn transcript(initiator: &Certificate, responder: &Certificate, message: &PreKeyMessage) -> Digest {
    let bytes = SignedBytes::labelled("Cliquet/1 session")
        .field(&initiator.signed_bytes())
        .field(&responder.signed_bytes())
        .field(message.ephemeral_key.as_ref())
        .number(u64::from(message.signed_pre_key_id))
        .number(u64::from(message.kem_pre_key_id))
        // One past the id, so that "none" differs from id 0.
        .number(message.one_time_pre_key_id.map_or(0, |id| u64::from(id) + 1))
        .field(message.kem_ciphertext.as_ref())
        .finish();
    Bytes(Sha256::digest(bytes).into())
}

#[cfg(test)]
#[cfg(feature = "native-rsa")]
mod tests {
    use super::*;
    use crate::crypto::rsa::native::NativeSigner;
    use cliquet_wire::ids::DeviceId;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    fn identity(email: &str, rng: &mut ChaCha20Rng) -> OwnIdentity {
        let pkcs8 = include_bytes!("../../tests/keys/alice.der");
        let signer = NativeSigner::from_pkcs8(pkcs8, ChaCha20Rng::seed_from_u64(1)).unwrap();
        let account_key = signer.account_key().clone();
        let identity = SecretKey::generate(rng);
        let certificate = Certificate {
            email: email.parse().unwrap(),
            account_key_hash: account_key.hash(),
            device: DeviceId::from_random(identity.public_key().0[..16].try_into().unwrap()),
            identity_key: identity.public_key(),
            created: 1,
            counter: 1,
            signature: Bytes([0; 384]),
        };
        OwnIdentity::new(identity, account_key, certificate).unwrap()
    }

    /// Written as docs/protocol.md says it, with nothing of the code above.
    #[test]
    fn the_secret_is_what_the_protocol_says_with_and_without_a_one_time_key() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (alice, bob) = (identity("alice@example.org", &mut rng), identity("bob@example.org", &mut rng));
        let pre_keys = PreKeySecrets::generate(0, &mut rng);
        let one_time = pre_keys.one_time_public()[0].clone();
        let ephemeral = SecretKey::generate(&mut rng);
        let (signed, kem) = (pre_keys.signed(1).unwrap(), pre_keys.kem(1).unwrap());
        let (kem_ciphertext, kem_secret) = kem::encapsulate(&kem.public_key(), &mut rng).unwrap();
        let agree = |secret: &SecretKey, public: &_| secret.agree(public).unwrap().as_bytes().to_vec();
        for one_time_pre_key_id in [None, Some(one_time.id)] {
            let message = PreKeyMessage {
                account_key: alice.account_key().clone(),
                certificate: alice.certificate().clone(),
                ephemeral_key: ephemeral.public_key(),
                signed_pre_key_id: 1,
                kem_pre_key_id: 1,
                one_time_pre_key_id,
                kem_ciphertext,
            };
            let dh4 = one_time_pre_key_id.map_or(Vec::new(), |_| agree(&ephemeral, &one_time.key));
            let input = [
                vec![0xff; 32],
                agree(alice.secret(), &signed.public_key()),
                agree(&ephemeral, bob.identity_key()),
                agree(&ephemeral, &signed.public_key()),
                dh4,
                kem_secret.as_bytes().to_vec(),
            ]
            .concat();
            let info = "Cliquet/1 X25519 ML-KEM-768 SHA-256 AES-256-GCM";
            let expected = kdf::derive::<32>(&[0; 32], &input, info);
            assert_eq!(accept(&bob, &pre_keys, &message).unwrap().as_bytes(), &*expected);
        }
    }
}
