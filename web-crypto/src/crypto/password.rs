//! Owns the client's steps of OPAQUE (RFC 9807): registration and login, each in two. The password is handed in twice,
//! is never kept, and never leaves the browser; what it gives is the export key, under which the vault is sealed.

use super::rand_core_06::RandCore06;
use cliquet_wire::{
    bytes::Blob,
    opaque::{CONTEXT, Suite},
};
use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, Identifiers, RegistrationResponse, errors::ProtocolError,
};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

/// Why a step was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Wrong password or unknown address: nobody can tell which.
    #[error("wrong password")]
    Wrong,
    /// Not a message of this protocol.
    #[error("malformed answer")]
    Malformed,
    /// The computation itself failed, for want of memory for instance.
    #[error("the computation failed")]
    Failed,
}

impl From<ProtocolError> for PasswordError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::InvalidLoginError => Self::Wrong,
            ProtocolError::LibraryError(_) => Self::Failed,
            _ => Self::Malformed,
        }
    }
}

/// 64 secret bytes that only the password gives.
pub struct ExportKey(Zeroizing<Vec<u8>>);

impl ExportKey {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ExportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExportKey(…)")
    }
}

/// A registration between its two steps.
pub struct Registration(ClientRegistration<Suite>);

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registration(…)")
    }
}

/// What a registration gives.
#[derive(Debug)]
pub struct Registered {
    /// RegistrationRecord, for `SignUpFinish`.
    pub record: Blob,
    pub export_key: ExportKey,
}

impl Registration {
    /// The blob is the RegistrationRequest.
    pub fn start(password: &[u8], rng: &mut impl CryptoRng) -> Result<(Self, Blob), PasswordError> {
        let started = ClientRegistration::<Suite>::start(&mut RandCore06(rng), password)?;
        Ok((Self(started.state), Blob(started.message.serialize().to_vec())))
    }

    /// Takes the RegistrationResponse. Slow on purpose: Argon2id.
    pub fn finish(
        self,
        password: &[u8],
        response: &Blob,
        rng: &mut impl CryptoRng,
    ) -> Result<Registered, PasswordError> {
        let response = RegistrationResponse::deserialize(&response.0).map_err(|_| PasswordError::Malformed)?;
        let parameters = ClientRegistrationFinishParameters::default();
        let finished = self.0.finish(&mut RandCore06(rng), password, response, parameters)?;
        Ok(Registered {
            record: Blob(finished.message.serialize().to_vec()),
            export_key: ExportKey(Zeroizing::new(finished.export_key.to_vec())),
        })
    }
}

/// A login between its two steps.
pub struct Login(ClientLogin<Suite>);

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

/// What a login gives.
#[derive(Debug)]
pub struct LoggedIn {
    /// KE3, for `SignInFinish`.
    pub finalization: Blob,
    pub export_key: ExportKey,
}

impl Login {
    /// The blob is KE1.
    pub fn start(password: &[u8], rng: &mut impl CryptoRng) -> Result<(Self, Blob), PasswordError> {
        let started = ClientLogin::<Suite>::start(&mut RandCore06(rng), password)?;
        Ok((Self(started.state), Blob(started.message.serialize().to_vec())))
    }

    /// Takes KE2. Slow on purpose: Argon2id.
    pub fn finish(self, password: &[u8], response: &Blob, rng: &mut impl CryptoRng) -> Result<LoggedIn, PasswordError> {
        let response = CredentialResponse::deserialize(&response.0).map_err(|_| PasswordError::Malformed)?;
        let parameters = ClientLoginFinishParameters::new(Some(CONTEXT), Identifiers::default(), None);
        let finished = self.0.finish(&mut RandCore06(rng), password, response, parameters)?;
        Ok(LoggedIn {
            finalization: Blob(finished.message.serialize().to_vec()),
            export_key: ExportKey(Zeroizing::new(finished.export_key.to_vec())),
        })
    }
}
