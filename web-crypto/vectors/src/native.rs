//! RSASSA-PSS by the `rsa` crate, as native clients and the server have it.

use crate::{Report, rsa_pss};
use cliquet_web_crypto::crypto::rsa::{Verifier, native::NativeVerifier};
use rsa::{
    RsaPublicKey,
    pkcs8::DecodePublicKey as _,
    pss::{Signature, VerifyingKey},
    sha2::Sha256,
    signature::Verifier as _,
};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

#[derive(Clone, Copy, Debug)]
struct Rsa;

impl rsa_pss::Primitive for Rsa {
    async fn verify(&self, key: &[u8], salt_bytes: usize, bytes: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKey::from_public_key_der(key).unwrap();
        let Ok(signature) = Signature::try_from(signature) else { return false };
        VerifyingKey::<Sha256>::new_with_salt_len(key, salt_bytes).verify(bytes, &signature).is_ok()
    }
}

/// Every report, in the order of [`crate::CASES`].
pub fn all() -> Vec<Report> {
    let mut reports = crate::arithmetic();
    reports.push(ready(rsa_pss::primitive(&Rsa)));
    reports.push(account_keys(&NativeVerifier));
    reports
}

pub fn account_keys(verifier: &impl Verifier) -> Report {
    ready(rsa_pss::account_keys(verifier))
}

/// Nothing native ever waits.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a native future waits"),
    }
}
