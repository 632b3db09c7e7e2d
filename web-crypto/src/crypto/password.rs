//! Owns the client's steps of OPAQUE (RFC 9807): registration and login, each in two. The password is handed in twice,
//! is never kept, and never leaves the browser; what it gives is the export key, under which the vault is sealed.

use super::rand_core_06::RandCore06;
use cliquet_wire::{
    bytes::Blob,
    opaque::{CONTEXT, Stretching, Suite},
};
use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, Identifiers, RegistrationResponse, errors::ProtocolError,
};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// Why a step was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Wrong password or unknown address: the client cannot know which.
    #[error("wrong password")]
    Wrong,
    /// Not a message of this protocol.
    #[error("malformed answer")]
    Malformed,
    /// The computation itself failed, for example because there was not enough memory.
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

/// By what it holds.
impl ZeroizeOnDrop for ExportKey {}

impl ExportKey {
    /// Leaves no second copy behind.
    fn take(bytes: &mut [u8]) -> Self {
        let key = Self(Zeroizing::new(bytes.to_vec()));
        bytes.zeroize();
        key
    }

    /// The 64 bytes.
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
    /// Seals the vault's root.
    pub export_key: ExportKey,
}

impl Registration {
    /// The blob is the RegistrationRequest.
    ///
    /// # Errors
    /// When the password has more than 65,535 bytes, or its OPRF input is not valid.
    pub fn start(password: &[u8], rng: &mut impl CryptoRng) -> Result<(Self, Blob), PasswordError> {
        let started = ClientRegistration::<Suite>::start(&mut RandCore06(rng), password)?;
        Ok((Self(started.state), Blob(started.message.serialize().to_vec())))
    }

    /// Takes the RegistrationResponse. Slow on purpose: Argon2id.
    ///
    /// # Errors
    /// When the response is not one, or Argon2id fails.
    pub fn finish(
        self,
        password: &[u8],
        response: &Blob,
        stretching: Stretching,
        rng: &mut impl CryptoRng,
    ) -> Result<Registered, PasswordError> {
        let response = RegistrationResponse::deserialize(&response.0).map_err(|_| PasswordError::Malformed)?;
        let argon2 = stretching.argon2();
        let parameters = ClientRegistrationFinishParameters::new(Identifiers::default(), Some(&argon2));
        let mut finished = self.0.finish(&mut RandCore06(rng), password, response, parameters)?;
        Ok(Registered {
            record: Blob(finished.message.serialize().to_vec()),
            export_key: ExportKey::take(&mut finished.export_key),
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
    /// Opens the vault's root.
    pub export_key: ExportKey,
    /// What the password was registered with.
    pub stretching: Stretching,
}

impl Login {
    /// The blob is KE1.
    ///
    /// # Errors
    /// When the password has more than 65,535 bytes, or its OPRF input is not valid.
    pub fn start(password: &[u8], rng: &mut impl CryptoRng) -> Result<(Self, Blob), PasswordError> {
        let started = ClientLogin::<Suite>::start(&mut RandCore06(rng), password)?;
        Ok((Self(started.state), Blob(started.message.serialize().to_vec())))
    }

    /// Takes KE2, and tries these parameters in their order. Slow on purpose: one Argon2id for each that is tried.
    ///
    /// # Errors
    /// [`PasswordError::Wrong`] for a wrong password or an unknown address, others when KE2 is malformed or Argon2id fails.
    pub fn finish(
        self,
        password: &[u8],
        response: &Blob,
        tried: &[Stretching],
        rng: &mut impl CryptoRng,
    ) -> Result<LoggedIn, PasswordError> {
        let response = CredentialResponse::deserialize(&response.0).map_err(|_| PasswordError::Malformed)?;
        for stretching in tried {
            let (state, argon2) = (self.0.clone(), stretching.argon2());
            let parameters = ClientLoginFinishParameters::new(Some(CONTEXT), Identifiers::default(), Some(&argon2));
            match state.finish(&mut RandCore06(rng), password, response.clone(), parameters) {
                Ok(mut finished) => {
                    return Ok(LoggedIn {
                        finalization: Blob(finished.message.serialize().to_vec()),
                        export_key: ExportKey::take(&mut finished.export_key),
                        stretching: *stretching,
                    });
                }
                Err(error) => match error.into() {
                    PasswordError::Wrong => {}
                    error => return Err(error),
                },
            }
        }
        Err(PasswordError::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opaque_ke::{
        CredentialFinalization, CredentialRequest, Identifiers, RegistrationRequest, RegistrationUpload, ServerLogin,
        ServerLoginParameters, ServerRegistration, ServerSetup,
    };
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    const ALICE: &[u8] = b"alice@example.org";

    struct Server {
        setup: ServerSetup<Suite>,
        record: Option<ServerRegistration<Suite>>,
        login: Option<ServerLogin<Suite>>,
        rng: ChaCha20Rng,
    }

    impl Server {
        fn new() -> Self {
            let mut rng = ChaCha20Rng::seed_from_u64(2);
            Self { setup: ServerSetup::new(&mut RandCore06(&mut rng)), record: None, login: None, rng }
        }

        fn register(&mut self, password: &[u8], stretching: Stretching, rng: &mut ChaCha20Rng) -> ExportKey {
            let (registration, request) = Registration::start(password, rng).unwrap();
            let request = RegistrationRequest::deserialize(&request.0).unwrap();
            let response = ServerRegistration::<Suite>::start(&self.setup, request, ALICE).unwrap().message;
            let response = Blob(response.serialize().to_vec());
            let registered = registration.finish(password, &response, stretching, rng).unwrap();
            let upload = RegistrationUpload::deserialize(&registered.record.0).unwrap();
            self.record = Some(ServerRegistration::finish(upload));
            registered.export_key
        }

        fn answer(&mut self, request: &Blob) -> Blob {
            let request = CredentialRequest::deserialize(&request.0).unwrap();
            let started = ServerLogin::start(
                &mut RandCore06(&mut self.rng),
                &self.setup,
                self.record.clone(),
                request,
                ALICE,
                parameters(),
            )
            .unwrap();
            self.login = Some(started.state);
            Blob(started.message.serialize().to_vec())
        }

        fn finish(&mut self, finalization: &Blob) -> bool {
            let finalization = CredentialFinalization::deserialize(&finalization.0).unwrap();
            self.login.take().unwrap().finish(finalization, parameters()).is_ok()
        }
    }

    fn parameters() -> ServerLoginParameters<'static, 'static> {
        ServerLoginParameters { context: Some(CONTEXT), identifiers: Identifiers::default() }
    }

    #[test]
    fn the_right_password_signs_in_and_gives_the_same_export_key_by_whatever_it_was_stretched() {
        for stretching in Stretching::CURRENT.and_older() {
            let (mut server, mut rng) = (Server::new(), ChaCha20Rng::seed_from_u64(3));
            let export_key = server.register(b"correct horse", *stretching, &mut rng);
            assert_eq!(export_key.as_bytes().len(), 64);
            let (login, request) = Login::start(b"correct horse", &mut rng).unwrap();
            let answer = server.answer(&request);
            let logged_in = login.finish(b"correct horse", &answer, Stretching::CURRENT.and_older(), &mut rng).unwrap();
            assert_eq!(logged_in.export_key.as_bytes(), export_key.as_bytes());
            assert_eq!(logged_in.stretching, *stretching);
            assert!(server.finish(&logged_in.finalization));
        }
    }

    #[test]
    fn a_record_opens_only_with_the_parameters_that_it_was_registered_with() {
        let (mut server, mut rng) = (Server::new(), ChaCha20Rng::seed_from_u64(6));
        server.register(b"correct horse", Stretching::V2, &mut rng);
        let (login, request) = Login::start(b"correct horse", &mut rng).unwrap();
        let answer = server.answer(&request);
        let finished = login.finish(b"correct horse", &answer, &[Stretching::V1], &mut rng);
        assert_eq!(finished.err(), Some(PasswordError::Wrong));
    }

    #[test]
    fn a_wrong_password_and_an_unknown_address_look_the_same() {
        let (mut server, mut rng) = (Server::new(), ChaCha20Rng::seed_from_u64(4));
        server.register(b"correct horse", Stretching::CURRENT, &mut rng);
        let mut try_it = |server: &mut Server, password| {
            let (login, request) = Login::start(password, &mut rng).unwrap();
            login.finish(password, &server.answer(&request), Stretching::CURRENT.and_older(), &mut rng).err()
        };
        assert_eq!(try_it(&mut server, b"battery staple"), Some(PasswordError::Wrong));
        server.record = None;
        assert_eq!(try_it(&mut server, b"correct horse"), Some(PasswordError::Wrong));
    }

    #[test]
    fn an_answer_that_is_none_is_malformed() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let (login, request) = Login::start(b"correct horse", &mut rng).unwrap();
        let finished = login.finish(b"correct horse", &request, Stretching::CURRENT.and_older(), &mut rng);
        assert_eq!(finished.err(), Some(PasswordError::Malformed));
        let (registration, _) = Registration::start(b"correct horse", &mut rng).unwrap();
        let nothing = registration.finish(b"correct horse", &Blob::default(), Stretching::CURRENT, &mut rng);
        assert_eq!(nothing.err(), Some(PasswordError::Malformed));
    }
}
