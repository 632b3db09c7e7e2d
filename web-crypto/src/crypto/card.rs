//! Owns the check of an account's card: every signature, every binding, and that the list is not an older one.

use super::{keys::check_canonical, rsa::Verifier};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    certificate::{AccountCard, Certificate},
    ids::DeviceId,
    limits::DEVICES_MAX,
};

/// What a card's reader should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Not the key that was pinned at first use: the account was made anew, or someone stands between.
    #[error("another account key")]
    AccountKeyChanged,
    /// An older list than one already seen.
    #[error("an older device list")]
    RolledBack,
    /// Another list under the counter of one already seen: someone is shown other devices than this reader was.
    #[error("two device lists under one counter")]
    Forked,
    /// The parts contradict each other: another e-mail, key, order or number of devices.
    #[error("the card contradicts itself")]
    Contradictory,
    #[error("a signature of the card is wrong")]
    BadSignature,
}

/// The last list of an account that was taken. Its e-mail and key are pinned, so the counter and the devices are all it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListSeen<'a> {
    /// 0: none was seen.
    pub counter: u64,
    /// `None`: only the counter is known.
    pub devices: Option<&'a [DeviceId]>,
}

impl From<u64> for ListSeen<'_> {
    fn from(counter: u64) -> Self {
        Self { counter, devices: None }
    }
}

/// A card that may be trusted as far as its account key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedCard(AccountCard);

impl CheckedCard {
    /// `pinned` is the account key seen before, `seen` the last list taken, or its counter alone (0 for none).
    /// The caller compares [`Self::email`] with the address it asked for.
    pub async fn check(
        card: AccountCard,
        pinned: Option<&AccountKey>,
        seen: impl Into<ListSeen<'_>>,
        verifier: &impl Verifier,
    ) -> Result<Self, CardError> {
        let seen = seen.into();
        if pinned.is_some_and(|pinned| *pinned != card.account_key) {
            return Err(CardError::AccountKeyChanged);
        }
        if card.device_list.counter < seen.counter {
            return Err(CardError::RolledBack);
        }
        if card.device_list.counter == seen.counter
            && seen.devices.is_some_and(|devices| devices != card.device_list.devices)
        {
            return Err(CardError::Forked);
        }
        if !is_consistent(&card) {
            return Err(CardError::Contradictory);
        }
        let list = &card.device_list;
        if !verifier.verify(&card.account_key, &list.signed_bytes(), &list.signature).await {
            return Err(CardError::BadSignature);
        }
        for certificate in &card.certificates {
            if !verifier.verify(&card.account_key, &certificate.signed_bytes(), &certificate.signature).await {
                return Err(CardError::BadSignature);
            }
        }
        Ok(Self(card))
    }

    pub fn card(&self) -> &AccountCard {
        &self.0
    }

    pub fn email(&self) -> &Address {
        &self.0.email
    }

    pub fn account_key(&self) -> &AccountKey {
        &self.0.account_key
    }

    pub fn counter(&self) -> u64 {
        self.0.device_list.counter
    }

    pub fn devices(&self) -> impl Iterator<Item = DeviceId> {
        self.0.device_list.devices.iter().copied()
    }

    pub fn certificate(&self, device: DeviceId) -> Option<&Certificate> {
        self.0.certificates.iter().find(|certificate| certificate.device == device)
    }
}

fn is_consistent(card: &AccountCard) -> bool {
    let (list, hash) = (&card.device_list, card.account_key.hash());
    let devices = &list.devices;
    list.email == card.email
        && list.account_key_hash == hash
        && devices.len() <= DEVICES_MAX
        && devices.len() == card.certificates.len()
        && card.certificates.iter().zip(devices).all(|(certificate, device)| {
            certificate.device == *device
                && certificate.email == card.email
                && certificate.account_key_hash == hash
                && certificate.counter <= list.counter
                && check_canonical(&certificate.identity_key).is_ok()
        })
        && card.certificates.iter().enumerate().all(|(place, one)| {
            card.certificates
                .iter()
                .take(place)
                .all(|other| other.device != one.device && other.identity_key != one.identity_key)
        })
}
