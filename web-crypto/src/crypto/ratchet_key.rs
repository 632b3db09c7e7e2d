//! Owns a device's own ratchet key. Its public half costs as much as an agreement, so it is computed once, by the first
//! message that carries it, and saved with the state: each message is sent from a state that was loaded.

use super::keys::SecretKey;
use cliquet_wire::bytes::PublicKey;
use minicbor::{Decode, Encode};

/// The two halves, which only change together.
#[derive(Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct RatchetKey {
    #[n(0)]
    secret: SecretKey,
    #[n(1)]
    public: Option<PublicKey>,
}

impl RatchetKey {
    pub(super) fn new(secret: SecretKey) -> Self {
        Self { secret, public: None }
    }

    pub(super) fn secret(&self) -> &SecretKey {
        &self.secret
    }

    pub(super) fn public(&mut self) -> PublicKey {
        *self.public.get_or_insert_with(|| self.secret.public_key())
    }

    pub(super) fn copy(&self) -> Self {
        Self { secret: self.secret.copy(), public: self.public }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::cbor;

    #[test]
    fn the_public_half_is_the_secrets_own_however_often_it_is_asked_for_and_copied() {
        let secret = SecretKey::from_bytes([7; 32]);
        let mut key = RatchetKey::new(secret.copy());
        assert_eq!(key.public(), secret.public_key());
        assert_eq!(key.copy().public(), secret.public_key());
        assert_eq!(
            RatchetKey::new(SecretKey::from_bytes([8; 32])).copy().public(),
            SecretKey::from_bytes([8; 32]).public_key()
        );
    }

    #[test]
    fn the_public_half_is_saved_once_it_was_computed() {
        let mut key = RatchetKey::new(SecretKey::from_bytes([7; 32]));
        let loaded = |key: &RatchetKey| cbor::decode::<RatchetKey>(&cbor::encode(key)).unwrap().public;
        assert_eq!(loaded(&key), None);
        let public = key.public();
        assert_eq!(loaded(&key), Some(public));
    }
}
