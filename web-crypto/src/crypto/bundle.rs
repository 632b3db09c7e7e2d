//! Owns the check of a pre-key bundle: nothing in it reaches a Diffie-Hellman before every signature was verified.

use super::{device_directory::CheckedDirectory, kem, keys::check_canonical, rsa::Verifier};
use cliquet_wire::{account_key::AccountKey, pre_keys::PreKeyBundle};

/// Why a bundle is refused. Nothing is stored and nothing is sent then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Its certificate is not one of the directory's: fetch the directory again.
    #[error("not a device of this account")]
    UnknownDevice,
    /// By the account key, over the signed pre-key or the ML-KEM pre-key.
    #[error("a signature of the bundle is wrong")]
    BadSignature,
    /// An X25519 key that is not canonical, or an ML-KEM key that is not reduced.
    #[error("a key of the bundle is wrong")]
    BadKey,
}

/// A bundle whose device is on the checked directory and whose pre-keys are signed by the directory's account key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedBundle {
    account_key: AccountKey,
    bundle: PreKeyBundle,
}

impl CheckedBundle {
    /// Checks the bundle of a device in `directory`.
    ///
    /// # Errors
    /// What is wrong with the bundle. The signatures are verified before any key is looked at.
    pub async fn check(
        bundle: PreKeyBundle,
        directory: &CheckedDirectory,
        verifier: &impl Verifier,
    ) -> Result<Self, BundleError> {
        if directory.certificate(bundle.certificate.device) != Some(&bundle.certificate) {
            return Err(BundleError::UnknownDevice);
        }
        let (account_key, device) = (directory.account_key(), bundle.certificate.device);
        let hash = account_key.hash();
        let (signed, kem_key) = (&bundle.signed, &bundle.kem);
        if !verifier.verify(account_key, &signed.signed_bytes(&hash, device), &signed.signature).await
            || !verifier.verify(account_key, &kem_key.signed_bytes(&hash, device), &kem_key.signature).await
        {
            return Err(BundleError::BadSignature);
        }
        let one_time_is_canonical =
            bundle.one_time.as_ref().is_none_or(|one_time| check_canonical(&one_time.key).is_ok());
        if check_canonical(&signed.key).is_err() || !one_time_is_canonical || kem::check(&kem_key.key).is_err() {
            return Err(BundleError::BadKey);
        }
        Ok(Self { account_key: account_key.clone(), bundle })
    }

    /// The bundle as it was sent.
    pub fn bundle(&self) -> &PreKeyBundle {
        &self.bundle
    }

    /// The key of the account that the device belongs to.
    pub fn account_key(&self) -> &AccountKey {
        &self.account_key
    }
}
