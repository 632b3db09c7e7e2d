//! Owns the check of a first message's proof of identity, which it carries itself.

use super::{keys::check_canonical, rsa::Verifier};
use cliquet_wire::{
    account_key::AccountKey,
    certificate::Certificate,
    envelope::{Envelope, FirstMessage},
};

/// Why a first message is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FirstError {
    #[error("not a first message")]
    NotFirst,
    /// Not the key that was pinned for this sender.
    #[error("another account key")]
    AccountKeyChanged,
    /// The certificate is of another e-mail, device or account key than the envelope says.
    #[error("the certificate is another's")]
    WrongSender,
    #[error("the certificate's signature is wrong")]
    BadSignature,
}

/// A first message whose certificate is the sender's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedFirst(Box<FirstMessage>);

impl CheckedFirst {
    /// `pinned` is the account key seen before for the envelope's sender. Whether the device is still on the account's
    /// list is for the caller to know.
    pub async fn check(
        envelope: &Envelope,
        pinned: Option<&AccountKey>,
        verifier: &impl Verifier,
    ) -> Result<Self, FirstError> {
        let first = envelope.first.as_ref().ok_or(FirstError::NotFirst)?;
        let certificate = &first.certificate;
        if pinned.is_some_and(|pinned| *pinned != first.account_key) {
            return Err(FirstError::AccountKeyChanged);
        }
        if certificate.email != envelope.sender_email
            || certificate.device != envelope.sender_device
            || certificate.account_key_hash != first.account_key.hash()
            || check_canonical(&certificate.identity_key).is_err()
        {
            return Err(FirstError::WrongSender);
        }
        if !verifier.verify(&first.account_key, &certificate.signed_bytes(), &certificate.signature).await {
            return Err(FirstError::BadSignature);
        }
        Ok(Self(first.clone()))
    }

    pub fn account_key(&self) -> &AccountKey {
        &self.0.account_key
    }

    pub fn certificate(&self) -> &Certificate {
        &self.0.certificate
    }

    pub(super) fn message(&self) -> &FirstMessage {
        &self.0
    }
}
