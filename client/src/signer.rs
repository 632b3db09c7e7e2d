//! The account's RSA key in this program.

use cliquet_web_crypto::{
    browser::platform::service::AccountSigner,
    crypto::{
        keys::Key,
        rsa::{SignError, Signer, WrappedAccountKey, native::NativeSigner},
    },
};
use cliquet_wire::{account_key::AccountKey, bytes::Signature};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::rc::Rc;

/// A private account key and its public half.
#[derive(Debug)]
pub(crate) struct AccountKeys(NativeSigner<UnwrapErr<SysRng>>);

/// One that several hold.
#[derive(Debug)]
pub(crate) struct SharedKeys(pub(crate) Rc<AccountKeys>);

impl AccountKeys {
    /// Takes a second or more. `None`: it cannot be made.
    pub(crate) fn generate() -> Option<Self> {
        NativeSigner::generate(UnwrapErr(SysRng)).ok().map(Self)
    }

    /// `None`: it was wrapped under another key, or is another account's.
    pub(crate) fn unwrap(wrapped: &WrappedAccountKey, wrapping: &Key, public: &AccountKey) -> Option<Self> {
        NativeSigner::unwrap(wrapped, public, wrapping, UnwrapErr(SysRng)).ok().map(Self)
    }

    /// `None`: it cannot be encoded.
    pub(crate) fn wrap(&self, wrapping: &Key) -> Option<WrappedAccountKey> {
        self.0.wrap(wrapping, &mut UnwrapErr(SysRng)).ok()
    }

    pub(crate) fn public(&self) -> &AccountKey {
        self.0.account_key()
    }
}

impl Signer for AccountKeys {
    async fn sign(&self, bytes: &[u8]) -> Result<Signature, SignError> {
        self.0.sign(bytes).await
    }
}

impl Signer for SharedKeys {
    async fn sign(&self, bytes: &[u8]) -> Result<Signature, SignError> {
        self.0.sign(bytes).await
    }
}

impl AccountSigner for AccountKeys {
    fn account_key(&self) -> &AccountKey {
        self.public()
    }
}
