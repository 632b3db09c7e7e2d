//! The account key in WebCrypto: RSASSA-PSS (RFC 8017 section 8.1), 3072 bits, SHA-256, salt of 32 bytes.
//!
//! Owns every call to `crypto.subtle` that concerns an RSA key. Knows nothing of what is signed, nor where the sealed
//! key is kept. The private key's bytes never enter WASM memory: it is generated, leaves WebCrypto only sealed
//! (`wrapKey`), and comes back as a key that signs and refuses export.

use super::random;
use crate::crypto::rsa::{SALT_BYTES, SignError, Signer, Verifier, WrappedAccountKey};
use cliquet_wire::{
    account_key::AccountKey,
    bytes::{Bytes, Signature},
};
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, CryptoKeyPair, SubtleCrypto};

const MODULUS_BITS: u32 = 3072;
/// 65537, big-endian as `publicExponent` wants it.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// Why an operation on an account key failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RsaError {
    /// Browsers show `crypto.subtle` only to pages from https or from this computer.
    #[error("this page may not use WebCrypto: open it over https or on localhost")]
    Missing,
    /// Refused by WebCrypto: a sealed key that does not open, or an algorithm it does not know.
    #[error("WebCrypto refused")]
    Refused,
    /// The public half is not of the one form that the protocol knows.
    #[error("not an account key")]
    WrongForm,
}

/// A freshly generated account key, not sealed yet. Its private half could still leave WebCrypto, so it is kept only
/// as long as sign-up needs to seal it.
#[derive(Debug)]
pub struct NewAccountKey {
    account_key: AccountKey,
    private: CryptoKey,
}

/// An account key that signs. Its private half cannot be exported.
#[derive(Clone, Debug)]
pub struct SigningKey {
    account_key: AccountKey,
    private: CryptoKey,
}

/// Verifies signatures of any account.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebVerifier;

impl NewAccountKey {
    pub async fn generate() -> Result<Self, RsaError> {
        let algorithm = dictionary(&[
            ("name", "RSA-PSS".into()),
            ("modulusLength", MODULUS_BITS.into()),
            ("publicExponent", Uint8Array::from(EXPONENT.as_slice()).into()),
            ("hash", "SHA-256".into()),
        ]);
        let pair: CryptoKeyPair =
            settle(subtle()?.generate_key_with_object(&algorithm, true, &usages(&["sign", "verify"]))).await?;
        let der = bytes(subtle()?.export_key("spki", &pair.get_public_key())).await?;
        let account_key = AccountKey::from_der(&der).map_err(|_| RsaError::WrongForm)?;
        Ok(Self { account_key, private: pair.get_private_key() })
    }

    pub fn account_key(&self) -> &AccountKey {
        &self.account_key
    }

    /// Seals the private half (PKCS #8) by AES-256-GCM with the public half as associated data, and trades the key for
    /// one that refuses export. What was sealed is opened again at once, so a vault that does not open is never sent.
    pub async fn wrap(self, wrapping_key: &[u8; 32]) -> Result<(SigningKey, WrappedAccountKey), RsaError> {
        let key = import_wrapping_key(wrapping_key).await?;
        let nonce = random::bytes();
        let algorithm = sealing(&nonce, &self.account_key);
        let sealed = bytes(subtle()?.wrap_key_with_object("pkcs8", &self.private, &key, &algorithm)).await?;
        let wrapped = WrappedAccountKey::from_parts(&nonce, &sealed);
        Ok((unwrap(&wrapped, &key, self.account_key, false).await?, wrapped))
    }
}

/// Opens a sealed account key and seals it again under another key. In between it lies in WebCrypto alone.
pub async fn rewrap(
    wrapped: &WrappedAccountKey,
    old: &[u8; 32],
    new: &[u8; 32],
    account_key: AccountKey,
) -> Result<WrappedAccountKey, RsaError> {
    let SigningKey { private, account_key } =
        unwrap(wrapped, &import_wrapping_key(old).await?, account_key, true).await?;
    Ok(NewAccountKey { account_key, private }.wrap(new).await?.1)
}

impl SigningKey {
    /// Opens what [`NewAccountKey::wrap`] sealed. Fails when the wrapping key, the nonce, the public half or one bit
    /// differs (C4 of docs/protocol.md), and when the two halves are not of one pair.
    pub async fn unwrap(
        wrapped: &WrappedAccountKey,
        wrapping_key: &[u8; 32],
        account_key: AccountKey,
    ) -> Result<Self, RsaError> {
        unwrap(wrapped, &import_wrapping_key(wrapping_key).await?, account_key, false).await
    }

    /// A key that IndexedDB kept (a `CryptoKey` survives the structured clone without ever showing its bytes).
    pub fn from_stored(private: CryptoKey, account_key: AccountKey) -> Self {
        Self { account_key, private }
    }

    pub fn account_key(&self) -> &AccountKey {
        &self.account_key
    }

    /// What IndexedDB keeps.
    pub fn stored(&self) -> &CryptoKey {
        &self.private
    }

    async fn sign_bytes(&self, bytes: &[u8]) -> Result<Signature, RsaError> {
        let signature = self::bytes(subtle()?.sign_with_object_and_u8_array(&pss(), &self.private, bytes)).await?;
        Bytes::try_from(signature.as_slice()).map_err(|_| RsaError::WrongForm)
    }
}

impl Signer for SigningKey {
    async fn sign(&self, bytes: &[u8]) -> Result<Signature, SignError> {
        self.sign_bytes(bytes).await.map_err(|_| SignError)
    }
}

impl Verifier for WebVerifier {
    async fn verify(&self, key: &AccountKey, bytes: &[u8], signature: &Signature) -> bool {
        verify(key, bytes, signature).await.unwrap_or(false)
    }
}

async fn verify(key: &AccountKey, bytes: &[u8], signature: &Signature) -> Result<bool, RsaError> {
    let der = Uint8Array::from(key.as_der());
    let key: CryptoKey =
        settle(subtle()?.import_key_with_object("spki", &der, &imported(), false, &usages(&["verify"]))).await?;
    let data = Uint8Array::from(bytes);
    let answer = subtle()?.verify_with_object_and_u8_array_and_buffer_source(&pss(), &key, signature.as_ref(), &data);
    let answer = JsFuture::from(answer.map_err(|_| RsaError::Refused)?).await.map_err(|_| RsaError::Refused)?;
    Ok(answer.is_truthy())
}

/// `may_leave`: the key can be sealed again.
async fn unwrap(
    wrapped: &WrappedAccountKey,
    key: &CryptoKey,
    account_key: AccountKey,
    may_leave: bool,
) -> Result<SigningKey, RsaError> {
    let (nonce, sealed) = wrapped.parts().map_err(|_| RsaError::Refused)?;
    let unwrapped = subtle()?.unwrap_key_with_u8_array_and_object_and_object(
        "pkcs8",
        sealed,
        key,
        &sealing(nonce, &account_key),
        &imported(),
        may_leave,
        &usages(&["sign"]),
    );
    let signing = SigningKey { private: settle(unwrapped).await?, account_key };
    // MEGA's lesson (2022): the two halves are shown to belong together before either is used.
    let probe = b"Cliquet/1 account key probe";
    let signature = signing.sign_bytes(probe).await?;
    if verify(&signing.account_key, probe, &signature).await? { Ok(signing) } else { Err(RsaError::Refused) }
}

async fn import_wrapping_key(bytes: &[u8; 32]) -> Result<CryptoKey, RsaError> {
    let raw = Uint8Array::from(bytes.as_slice());
    let imported =
        settle(subtle()?.import_key_with_str("raw", &raw, "AES-GCM", false, &usages(&["wrapKey", "unwrapKey"]))).await;
    raw.fill(0, 0, raw.length());
    imported
}

pub(super) fn subtle() -> Result<SubtleCrypto, RsaError> {
    let crypto = web_sys::window().and_then(|window| window.crypto().ok()).ok_or(RsaError::Missing)?;
    // The binding promises the attribute; an insecure page does not have it.
    let subtle = crypto.subtle();
    if subtle.is_undefined() { Err(RsaError::Missing) } else { Ok(subtle) }
}

async fn settle<T: JsCast>(promise: Result<Promise, JsValue>) -> Result<T, RsaError> {
    let promise = promise.map_err(|_| RsaError::Refused)?;
    JsFuture::from(promise).await.map(JsCast::unchecked_into).map_err(|_| RsaError::Refused)
}

async fn bytes(promise: Result<Promise, JsValue>) -> Result<Vec<u8>, RsaError> {
    Ok(Uint8Array::new(&settle::<JsValue>(promise).await?).to_vec())
}

fn imported() -> Object {
    dictionary(&[("name", "RSA-PSS".into()), ("hash", "SHA-256".into())])
}

fn pss() -> Object {
    dictionary(&[("name", "RSA-PSS".into()), ("saltLength", (SALT_BYTES as u32).into())])
}

fn sealing(nonce: &[u8; 12], account_key: &AccountKey) -> Object {
    dictionary(&[
        ("name", "AES-GCM".into()),
        ("iv", Uint8Array::from(nonce.as_slice()).into()),
        ("additionalData", Uint8Array::from(account_key.as_der()).into()),
    ])
}

pub(super) fn usages(names: &[&str]) -> JsValue {
    names.iter().map(|name| JsValue::from_str(name)).collect::<Array>().into()
}

pub(super) fn dictionary(entries: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in entries {
        // Setting a property of a plain object made here cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object
}
