//! What a change of the account needs beside a tab: the account key, and a server that knows the password.

use crate::{
    fake::{Answer, Disk, Tab},
    stage::{Signer, problem, signer},
};
use cliquet_web_crypto::{
    browser::platform::{
        error::{HttpError, StoreError},
        service::{AccountPlatform, AccountSigner, Clock, Crypto, DeviceStorage, Http, Kept, LockedStorage, Write},
    },
    crypto::{
        keys::Key,
        password::Registration,
        rsa::{
            SignError, WrappedAccountKey,
            native::{NativeSigner, NativeVerifier},
        },
    },
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, Bytes, Signature},
    opaque::{CONTEXT, Stretching, Suite},
    problem::ProblemCode,
    proof::Proof,
    sign_in::{SignInStart, SignInStarted},
};
use opaque_ke::{
    CredentialFinalization, CredentialRequest, Identifiers, RegistrationRequest, RegistrationUpload, ServerLogin,
    ServerLoginParameters, ServerRegistration, ServerSetup,
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use rand_core::{CryptoRng, SeedableRng as _};
use std::sync::OnceLock;
use uuid::Uuid;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// The flows that take the password, in this tab.
pub(crate) struct Account(pub(crate) Tab);

impl Clock for Account {
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }
}

impl Http for Account {
    async fn request(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        self.0.request(method, path, body).await
    }
}

impl Crypto for Account {
    type Verifier = NativeVerifier;

    fn verifier(&self) -> &NativeVerifier {
        &NativeVerifier
    }

    fn rng(&self) -> impl CryptoRng {
        self.0.rng()
    }
}

pub(crate) struct TestKey(Signer);

impl cliquet_web_crypto::crypto::rsa::Signer for TestKey {
    async fn sign(&self, bytes: &[u8]) -> Result<Signature, SignError> {
        self.0.sign(bytes).await
    }
}

impl AccountSigner for TestKey {
    fn account_key(&self) -> &AccountKey {
        self.0.account_key()
    }
}

impl DeviceStorage for Disk {
    type Signer = TestKey;

    async fn commit_with_key(&self, _: &[Write<'_>], _: &TestKey) -> Result<(), StoreError> {
        Err(StoreError::Refused)
    }

    async fn has_key(&self) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn store_key(&self) -> &Key {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(|| Key::from_bytes([0; 32]))
    }

    async fn lock(&self, _: &[u8]) -> Result<(), StoreError> {
        Err(StoreError::Refused)
    }

    async fn free(&self) -> Result<(), StoreError> {
        Err(StoreError::Refused)
    }

    fn close(&self) {}
}

/// No browser here has a passphrase.
pub(crate) enum Locked {}

impl LockedStorage for Locked {
    type Store = Disk;
    type Signer = TestKey;

    fn locked(&self) -> &[u8] {
        match *self {}
    }

    fn open(self, _: Key, _: TestKey) -> Disk {
        match self {}
    }

    fn close(&self) {}
}

impl AccountPlatform for Account {
    type Store = Disk;
    type Locked = Locked;
    type Signer = TestKey;

    fn stretching(&self) -> Stretching {
        Stretching::V1
    }

    async fn painted(&self) {}

    async fn open_store(&self, _: &Address) -> Result<Kept<Disk, Locked>, StoreError> {
        Ok(Kept::Open(self.0.disk().clone()))
    }

    async fn erase_store(&self, _: &Address) -> Result<(), StoreError> {
        Err(StoreError::Refused)
    }

    async fn make_account_key(&self, _: &Key) -> Result<(TestKey, WrappedAccountKey), SignError> {
        Err(SignError)
    }

    async fn unwrap_account_key(
        &self,
        wrapped: &WrappedAccountKey,
        wrapping: &Key,
        account_key: &AccountKey,
    ) -> Result<TestKey, SignError> {
        let rng = ChaCha20Rng::seed_from_u64(9);
        NativeSigner::unwrap(wrapped, account_key, wrapping, rng).map(TestKey).map_err(|_| SignError)
    }

    async fn rewrap_account_key(
        &self,
        wrapped: &WrappedAccountKey,
        old: &Key,
        new: &Key,
        account_key: &AccountKey,
    ) -> Result<WrappedAccountKey, SignError> {
        let TestKey(key) = self.unwrap_account_key(wrapped, old, account_key).await?;
        key.wrap(new, &mut ChaCha20Rng::seed_from_u64(10)).map_err(|_| SignError)
    }
}

/// An account key that signs, as a browser keeps it.
pub(crate) fn signing_key(account: usize) -> Signer {
    let (key, wrapping) = (signer(account), Key::from_bytes([8; 32]));
    let wrapped = key.wrap(&wrapping, &mut ChaCha20Rng::seed_from_u64(11)).unwrap();
    NativeSigner::unwrap(&wrapped, key.account_key(), &wrapping, ChaCha20Rng::seed_from_u64(12)).unwrap()
}

/// The part of a server that knows one password.
pub(crate) struct Passwords {
    rng: Rng06,
    setup: ServerSetup<Suite>,
    record: ServerRegistration<Suite>,
    attempt: Option<(Uuid, ServerLogin<Suite>)>,
    pub(crate) export_key: Vec<u8>,
}

/// This server names every record alike: nobody guesses here.
const CREDENTIAL: &[u8] = b"alice";

impl Passwords {
    pub(crate) fn register() -> Self {
        let mut rng = Rng06(ChaCha20Rng::seed_from_u64(13));
        let setup = ServerSetup::<Suite>::new(&mut rng);
        let mut own = ChaCha20Rng::seed_from_u64(14);
        let (registration, request) = Registration::start(PASSWORD.as_bytes(), &mut own).unwrap();
        let request = RegistrationRequest::deserialize(&request.0).unwrap();
        let response = ServerRegistration::<Suite>::start(&setup, request, CREDENTIAL).unwrap().message;
        let response = Blob(response.serialize().to_vec());
        let registered = registration.finish(PASSWORD.as_bytes(), &response, Stretching::V1, &mut own).unwrap();
        let record = ServerRegistration::finish(RegistrationUpload::deserialize(&registered.record.0).unwrap());
        Self { rng, setup, record, attempt: None, export_key: registered.export_key.as_bytes().to_vec() }
    }

    /// `POST /sign-in/start`.
    pub(crate) fn start(&mut self, start: &SignInStart) -> SignInStarted {
        let request = CredentialRequest::deserialize(&start.request.0).unwrap();
        let record = Some(self.record.clone());
        let started =
            ServerLogin::start(&mut self.rng, &self.setup, record, request, CREDENTIAL, parameters()).unwrap();
        let attempt = Uuid::from_u128(self.rng.0.next_u64().into());
        self.attempt = Some((attempt, started.state));
        let email = Address::parse(&start.email).unwrap();
        // No device proves itself here.
        let challenge = Bytes([9; 32]);
        SignInStarted { email, attempt, challenge, response: Blob(started.message.serialize().to_vec()) }
    }

    pub(crate) fn check(&mut self, proof: Proof) -> Result<(), HttpError> {
        let refused = || HttpError::Problem(Box::new(problem(ProblemCode::SignInRefused)));
        let Proof::Password { attempt, finalization } = proof else { return Err(refused()) };
        let (started, login) = self.attempt.take().ok_or_else(refused)?;
        let finalization = CredentialFinalization::deserialize(&finalization.0).unwrap();
        let proven = login.finish(finalization, parameters()).is_ok();
        if proven && started == attempt { Ok(()) } else { Err(refused()) }
    }
}

fn parameters() -> ServerLoginParameters<'static, 'static> {
    ServerLoginParameters { context: Some(CONTEXT), identifiers: Identifiers::default() }
}

/// The random generator of the line that `opaque-ke` speaks.
struct Rng06(ChaCha20Rng);

impl opaque_ke::rand::RngCore for Rng06 {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), opaque_ke::rand::Error> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl opaque_ke::rand::CryptoRng for Rng06 {}
