//! The list of an account's devices, opened by the password alone: whoever types it may take devices off it.
//!
//! Owns a sign-in that speaks for no device and lasts as long as one press, the check of what the server shows, and the
//! signing of the next list. Knows nothing of pages.

use super::{
    failure::Failure,
    platform::{
        http,
        webcrypto::{SigningKey, WebVerifier},
    },
    sign_in::log_in,
};
use crate::{
    client::fields::Password,
    crypto::{
        CheckedCard, ListSeen,
        identity::sign_device_list,
        vault::{self, Owner, VaultError, VaultKeys},
    },
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    certificate::AccountCard,
    devices::{Device, Devices, RevokeDevice},
    ids::DeviceId,
    problem::ProblemCode,
    sign_in::{SignInFinish, SignedIn},
};

/// One's own devices as the vault vouches for them, with the key that signs the next list.
#[derive(Debug)]
pub struct Roster {
    card: CheckedCard,
    signer: SigningKey,
}

impl Roster {
    /// Signs in, as no device. The caller ends it, see [`sign_out`]; what fails here has ended.
    /// `before`: the card that was checked on an earlier press.
    pub async fn open(email: &Address, password: &Password, before: Option<&CheckedCard>) -> Result<Self, Failure> {
        let (attempt, logged_in) = log_in(email, password).await?;
        let opened = async {
            let finish = SignInFinish { attempt, finalization: logged_in.finalization, device: None };
            let signed_in: SignedIn = http::post("/sign-in/finish", &finish).await?;
            Self::vouched_for(email, logged_in.export_key.as_bytes(), signed_in, before).await
        };
        let opened = opened.await;
        if opened.is_err() {
            sign_out().await;
        }
        opened
    }

    /// What the server says is believed as far as the vault, which only the password opens, vouches for it; as in
    /// `account.rs`.
    async fn vouched_for(
        email: &Address,
        export_key: &[u8],
        signed_in: SignedIn,
        before: Option<&CheckedCard>,
    ) -> Result<Self, Failure> {
        let owner = Owner { email, account_key: &signed_in.card.account_key };
        let keys = VaultKeys::derive(&vault::root_by_password(owner, export_key, &signed_in.vault)?);
        let vault = vault::open(owner, &keys.body, 0, &signed_in.vault)?;
        let counter = vault.body.counter.max(before.map_or(0, CheckedCard::counter));
        let account_key = signed_in.card.account_key.clone();
        let pinned = before.map_or(&account_key, CheckedCard::account_key);
        let card = checked(signed_in.card, email, pinned, counter.into()).await?;
        // The vault opened, so this key is the one that was sealed; a failure is the vault's.
        let signer = SigningKey::unwrap(&vault.wrapped, keys.wrapping.as_bytes(), account_key).await;
        Ok(Self { card, signer: signer.map_err(|_| VaultError::Altered)? })
    }

    pub fn card(&self) -> &CheckedCard {
        &self.card
    }

    /// Those that the account certified, as their owner calls them.
    pub async fn devices(&self) -> Result<Vec<Device>, Failure> {
        let Devices { mut devices, .. } = http::get("/devices").await?;
        devices.retain(|device| self.card.certificate(device.id).is_some());
        Ok(devices)
    }

    /// Takes a device off the account. One that is off it already is no failure.
    pub async fn remove(&mut self, device: DeviceId) -> Result<(), Failure> {
        let removed = self.try_remove(device).await;
        let Err(Failure::Server(error)) = &removed else { return removed };
        if error.code() != Some(ProblemCode::ListOutdated) {
            return removed;
        }
        // A device came or went meanwhile.
        let email = self.card.email();
        let card: AccountCard = http::get(&["/contacts/", email.as_str()].concat()).await?;
        self.card = checked(card, email, self.card.account_key(), self.card.counter().into()).await?;
        self.try_remove(device).await
    }

    async fn try_remove(&mut self, device: DeviceId) -> Result<(), Failure> {
        let card = &self.card;
        if card.certificate(device).is_none() {
            return Ok(());
        }
        let (email, account_key) = (card.email().clone(), card.account_key());
        // A counter that cannot grow was not counted by honest devices.
        let counter = card.counter().checked_add(1).ok_or(Failure::CardRefused)?;
        let left: Vec<DeviceId> = card.devices().filter(|known| *known != device).collect();
        let device_list = sign_device_list(email.clone(), account_key, counter, left.clone(), &self.signer)
            .await
            .map_err(|_| Failure::WebCrypto)?;
        let path = ["/devices/", &device.text(), "/revoke"].concat();
        let answer: AccountCard = http::post(&path, &RevokeDevice { device_list }).await?;
        let seen = ListSeen { counter, devices: Some(&left) };
        self.card = checked(answer, &email, account_key, seen).await?;
        Ok(())
    }
}

/// Ends a sign-in that speaks for no device, so that no page takes it for one. If even this is lost, it ends by itself.
pub async fn sign_out() {
    let _ = http::call("POST", "/sign-out").await;
}

async fn checked(
    card: AccountCard,
    email: &Address,
    pinned: &AccountKey,
    seen: ListSeen<'_>,
) -> Result<CheckedCard, Failure> {
    if card.email != *email {
        return Err(Failure::CardRefused);
    }
    CheckedCard::check(card, Some(pinned), seen, &WebVerifier).await.map_err(|_| Failure::CardRefused)
}
