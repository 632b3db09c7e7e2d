//! Owns a device's identity: its identity key, and the certificate that its account signed.

use super::{
    cbor::{self, LoadError, Record},
    keys::SecretKey,
    rsa::{SignError, Signer},
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::{Bytes, PublicKey, Signature},
    certificate::{Certificate, DeviceList},
    ids::DeviceId,
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

/// The three parts do not belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate is not of this key and this account")]
pub struct IdentityError;

/// This device. Its secret is wiped when dropped.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct OwnIdentity {
    #[n(0)]
    identity: SecretKey,
    #[n(1)]
    account_key: AccountKey,
    #[n(2)]
    certificate: Certificate,
}

/// Neither the secret nor the e-mail.
impl fmt::Debug for OwnIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnIdentity").field("device", &self.certificate.device).finish_non_exhaustive()
    }
}

impl OwnIdentity {
    /// This device, from its parts.
    ///
    /// # Errors
    /// When the certificate has another identity key, or another account key's hash. Its signature is not verified.
    pub fn new(identity: SecretKey, account_key: AccountKey, certificate: Certificate) -> Result<Self, IdentityError> {
        if certificate.identity_key == identity.public_key() && certificate.account_key_hash == account_key.hash() {
            Ok(Self { identity, account_key, certificate })
        } else {
            Err(IdentityError)
        }
    }

    /// A new device, certified by the account key. `counter` is that of the device list by which it enters.
    ///
    /// # Errors
    /// When the account key cannot sign.
    pub async fn create(
        email: Address,
        account_key: AccountKey,
        created_ms: u64,
        counter: u64,
        signer: &impl Signer,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, SignError> {
        let identity = SecretKey::generate(rng);
        let mut device = [0; 16];
        rng.fill_bytes(&mut device);
        let mut certificate = Certificate {
            email,
            account_key_hash: account_key.hash(),
            device: DeviceId::from_random(device),
            identity_key: identity.public_key(),
            created: created_ms,
            counter,
            signature: Bytes([0; 384]),
        };
        certificate.signature = signer.sign(&certificate.signed_bytes()).await?;
        Ok(Self { identity, account_key, certificate })
    }

    /// The account's address.
    pub fn email(&self) -> &Address {
        &self.certificate.email
    }

    /// This device's id.
    pub fn device(&self) -> DeviceId {
        self.certificate.device
    }

    /// The public key of this device's account.
    pub fn account_key(&self) -> &AccountKey {
        &self.account_key
    }

    /// This device's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The public half of this device's identity key.
    pub fn identity_key(&self) -> &PublicKey {
        &self.certificate.identity_key
    }

    pub(super) fn secret(&self) -> &SecretKey {
        &self.identity
    }

    /// The record: `[version, body]` in CBOR. It holds the identity key's secret.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    /// The device that [`Self::save`] wrote.
    ///
    /// # Errors
    /// For a record of a later version, and for one that is damaged or whose parts do not fit.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        let loaded: Self = cbor::load(bytes)?;
        Self::new(loaded.identity, loaded.account_key, loaded.certificate).map_err(|_| LoadError::Damaged)
    }
}

impl Record for OwnIdentity {
    const VERSION: u32 = 1;
}

/// A device list as the account key signs it. `signed_ms`: now, in milliseconds since 1970.
///
/// # Errors
/// When the account key cannot sign.
pub async fn sign_device_list(
    email: Address,
    account_key: &AccountKey,
    counter: u64,
    devices: Vec<DeviceId>,
    signed_ms: u64,
    signer: &impl Signer,
) -> Result<DeviceList, SignError> {
    let (account_key_hash, signature): (_, Signature) = (account_key.hash(), Bytes([0; 384]));
    let mut list = DeviceList { email, account_key_hash, counter, devices, signed: signed_ms, signature };
    list.signature = signer.sign(&list.signed_bytes()).await?;
    Ok(list)
}
