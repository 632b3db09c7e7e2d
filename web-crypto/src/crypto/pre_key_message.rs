//! Owns the check of the proof of identity that a pre-key message carries.

use super::{keys::check_canonical, rsa::Verifier};
use cliquet_wire::{
    account_key::AccountKey,
    certificate::Certificate,
    envelope::{Envelope, PreKeyMessage},
};

/// Why a pre-key message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PreKeyMessageError {
    /// The envelope has none.
    #[error("not a pre-key message")]
    NotAPreKeyMessage,
    /// Not the key that was pinned for this sender.
    #[error("another account key")]
    AccountKeyChanged,
    /// The certificate is of another e-mail, device or account key than the envelope says.
    #[error("the certificate is another's")]
    WrongSender,
    /// By the account key, over the certificate.
    #[error("the certificate's signature is wrong")]
    BadSignature,
}

/// A pre-key message whose certificate is the sender's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPreKeyMessage(Box<PreKeyMessage>);

impl CheckedPreKeyMessage {
    /// Checks an envelope's pre-key message. `pinned` is the account key seen before for the envelope's sender. Whether the device is still on the account's
    /// list is for the caller to know.
    ///
    /// # Errors
    /// What is wrong with the message.
    pub async fn check(
        envelope: &Envelope,
        pinned: Option<&AccountKey>,
        verifier: &impl Verifier,
    ) -> Result<Self, PreKeyMessageError> {
        let message = envelope.pre_key_message.as_ref().ok_or(PreKeyMessageError::NotAPreKeyMessage)?;
        let certificate = &message.certificate;
        if pinned.is_some_and(|pinned| *pinned != message.account_key) {
            return Err(PreKeyMessageError::AccountKeyChanged);
        }
        if certificate.email != envelope.sender_email
            || certificate.device != envelope.sender_device
            || certificate.account_key_hash != message.account_key.hash()
            || check_canonical(&certificate.identity_key).is_err()
        {
            return Err(PreKeyMessageError::WrongSender);
        }
        if !verifier.verify(&message.account_key, &certificate.signed_bytes(), &certificate.signature).await {
            return Err(PreKeyMessageError::BadSignature);
        }
        Ok(Self(message.clone()))
    }

    /// The sender's account key.
    pub fn account_key(&self) -> &AccountKey {
        &self.0.account_key
    }

    /// The certificate of the sending device.
    pub fn certificate(&self) -> &Certificate {
        &self.0.certificate
    }

    pub(super) fn message(&self) -> &PreKeyMessage {
        &self.0
    }
}
