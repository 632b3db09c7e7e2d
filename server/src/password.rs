//! The server's side of OPAQUE (RFC 9807).
//!
//! Owns the set-up and the sign-ins under way. Never sees a password. Knows nothing of accounts or HTTP.

use crate::{clock::DAY_MS, database, device_challenge::DeviceChallenge};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Bytes, PublicKey},
    opaque::{CONTEXT, Suite},
};
use opaque_ke::{
    CredentialFinalization, CredentialRequest, Identifiers, RegistrationRequest, RegistrationUpload, ServerLogin,
    ServerLoginParameters, ServerRegistration, ServerSetup, rand,
};
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest as _, Sha256};
use std::{fmt, sync::Arc, time::Duration};
use uuid::Uuid;

/// A browser needs under a second between the two steps; a slow phone, a few. After this the attempt is gone.
const ATTEMPT_LIFE: Duration = Duration::from_secs(60);
/// Attempts under way at once, about 300 bytes each. Past it the least used make room, so that memory is bounded.
const ATTEMPTS_MAX: u64 = 20_000;

/// From the proof of the old password to the new record: a slow phone stretches the new one twice meanwhile.
const CHANGE_LIFE: Duration = Duration::from_secs(5 * 60);
/// How long an address without an account keeps its name. Accounts get another when their password changes, so that a
/// change tells nothing (S1).
const UNKNOWN_NAME_MS: u64 = 180 * DAY_MS;

/// Where the set-up is kept among the server's secrets.
const SETUP_NAME: &str = "opaque-setup";

/// Why a step did not go on. It says nothing of whether the address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The bytes are no message of this step.
    #[error("not a message of this step")]
    Malformed,
    /// Wrong password, unknown address, or an attempt that expired or was used: deliberately one.
    #[error("refused")]
    Refused,
}

/// Keys of the server (RFC 9807 section 6.1) and the attempts under way. Clones share both.
#[derive(Clone)]
pub struct Passwords {
    setup: Arc<ServerSetup<Suite>>,
    attempts: moka::sync::Cache<Uuid, Arc<Attempt>>,
    changes: moka::sync::Cache<Uuid, Arc<ProvenChange>>,
    /// Names the addresses without an account.
    unknown_key: [u8; 32],
}

/// A change of password whose old one was proven.
#[derive(Debug)]
pub struct ProvenChange {
    pub proven: Proven,
    /// The name of the record to be.
    pub credential: Credential,
    begun_ms: u64,
}

/// By which name OPAQUE knows a record: its credential identifier, from which the function's key comes. Random for every
/// record, so that nobody has it evaluated before there is a password.
pub type Credential = Bytes<32>;

/// What is kept of an account's password.
#[derive(Clone, Debug)]
pub struct Record {
    pub record: Vec<u8>,
    /// A [`Credential`]; in old rows the address.
    pub credential: Vec<u8>,
}

struct Attempt {
    email: Address,
    /// SHA-256 of the record it began with.
    record: Option<[u8; 32]>,
    begun_ms: u64,
    state: ServerLogin<Suite>,
    challenge: DeviceChallenge,
}

/// The first step's answer, and the name under which the second step finds its state.
#[derive(Debug)]
pub struct Started {
    pub attempt: Uuid,
    pub response: Blob,
    /// For a browser that goes on as a device.
    pub challenge: PublicKey,
}

/// A sign-in whose password was proven.
pub struct Finished {
    pub proven: Proven,
    attempt: Arc<Attempt>,
}

impl Finished {
    /// What a device of the account proves itself by.
    pub fn challenge(&self) -> &DeviceChallenge {
        &self.attempt.challenge
    }
}

/// Whose password was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    pub email: Address,
    record: Option<[u8; 32]>,
}

impl Proven {
    /// Whether it was proven against this record. A password that was changed between the two steps no longer counts.
    pub fn is_of(&self, record: &[u8]) -> bool {
        self.record == Some(Sha256::digest(record).into())
    }
}

impl Passwords {
    /// Reads the set-up, or makes it at the first start. Called once, with no other writer of it.
    pub fn load(connection: &Connection) -> Result<Self, database::Error> {
        let stored: Option<Vec<u8>> = connection
            .query_row("SELECT value FROM server_secrets WHERE name = ?1", [SETUP_NAME], |row| row.get(0))
            .optional()?;
        let setup = match stored {
            Some(bytes) => ServerSetup::deserialize(&bytes).map_err(database::Error::unreadable)?,
            None => {
                let setup = ServerSetup::<Suite>::new(&mut SystemRandom::probe()?);
                connection.execute(
                    "INSERT INTO server_secrets (name, value) VALUES (?1, ?2)",
                    rusqlite::params![SETUP_NAME, setup.serialize().as_slice()],
                )?;
                setup
            }
        };
        let attempts = moka::sync::Cache::builder().max_capacity(ATTEMPTS_MAX).time_to_live(ATTEMPT_LIFE).build();
        let changes = moka::sync::Cache::builder().max_capacity(ATTEMPTS_MAX).time_to_live(CHANGE_LIFE).build();
        let unknown_key = Sha256::new().chain_update("Cliquet/1 unknown address").chain_update(setup.serialize());
        let unknown_key = unknown_key.finalize().into();
        Ok(Self { setup: Arc::new(setup), attempts, changes, unknown_key })
    }

    /// RegistrationResponse to a RegistrationRequest, for a record of a new name. Keeps nothing.
    pub fn start_registration(&self, request: &Blob) -> Result<(Blob, Credential), PasswordError> {
        let request = RegistrationRequest::deserialize(&request.0).map_err(|_| PasswordError::Malformed)?;
        let mut credential = [0; 32];
        getrandom::fill(&mut credential).map_err(|_| PasswordError::Refused)?;
        let started = ServerRegistration::<Suite>::start(&self.setup, request, &credential)
            .map_err(|_| PasswordError::Malformed)?;
        Ok((Blob(started.message.serialize().to_vec()), Bytes(credential)))
    }

    /// The same for somebody who has proven the old password. The name by which the change is finished, and the answer.
    pub fn start_change(&self, proven: Proven, request: &Blob, now_ms: u64) -> Result<(Uuid, Blob), PasswordError> {
        let (response, credential) = self.start_registration(request)?;
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|_| PasswordError::Refused)?;
        let change = uuid::Builder::from_random_bytes(name).into_uuid();
        self.changes.insert(change, Arc::new(ProvenChange { proven, credential, begun_ms: now_ms }));
        Ok((change, response))
    }

    /// The change of this name and address. It is used up whatever the answer.
    pub fn finish_change(
        &self,
        change: Uuid,
        email: &Address,
        now_ms: u64,
    ) -> Result<Arc<ProvenChange>, PasswordError> {
        let change = self.changes.remove(&change).ok_or(PasswordError::Refused)?;
        let is_in_time = now_ms.abs_diff(change.begun_ms) <= CHANGE_LIFE.as_millis() as u64;
        if is_in_time && change.proven.email == *email { Ok(change) } else { Err(PasswordError::Refused) }
    }

    /// The name of an address without an account: for a time always the same, then another, like an account's.
    fn unknown_name(&self, email: &Address, now_ms: u64) -> [u8; 32] {
        let hash = |more: &[u8]| -> [u8; 32] {
            let hash = Sha256::new().chain_update(self.unknown_key).chain_update(email.as_str()).chain_update([0]);
            hash.chain_update(more).finalize().into()
        };
        let offset = hash(b"offset").iter().take(6).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        hash(&(now_ms.saturating_add(offset % UNKNOWN_NAME_MS) / UNKNOWN_NAME_MS).to_be_bytes())
    }

    /// Checks the form of a RegistrationRecord. What is returned is what to store.
    pub fn finish_registration(record: &Blob) -> Result<Vec<u8>, PasswordError> {
        let record = RegistrationUpload::<Suite>::deserialize(&record.0).map_err(|_| PasswordError::Malformed)?;
        Ok(ServerRegistration::finish(record).serialize().to_vec())
    }

    /// KE2 to a KE1. Without a record it takes the same path with a fake one (RFC 9807 section 10.9).
    pub fn start_sign_in(
        &self,
        email: &Address,
        known: Option<&Record>,
        request: &Blob,
        now_ms: u64,
    ) -> Result<Started, PasswordError> {
        let request = CredentialRequest::deserialize(&request.0).map_err(|_| PasswordError::Malformed)?;
        let mut random = SystemRandom::probe().map_err(|_| PasswordError::Refused)?;
        // A record that does not read would be a fault of ours; it must not tell that the address is known.
        let digest = known.map(|known| Sha256::digest(&known.record).into());
        let record = known.and_then(|known| ServerRegistration::deserialize(&known.record).ok());
        let unknown = self.unknown_name(email, now_ms);
        let credential = known.map_or(unknown.as_slice(), |known| known.credential.as_slice());
        let started = ServerLogin::start(&mut random, &self.setup, record, request, credential, parameters())
            .map_err(|_| PasswordError::Malformed)?;
        let mut name = [0; 16];
        rand::RngCore::fill_bytes(&mut random, &mut name);
        let attempt = uuid::Builder::from_random_bytes(name).into_uuid();
        // Whether or not the address is known, and a device will be named (S1).
        let device = DeviceChallenge::generate().map_err(|_| PasswordError::Refused)?;
        let (response, challenge) = (Blob(started.message.serialize().to_vec()), device.public_key());
        let (email, state) = (email.clone(), started.state);
        let kept = Attempt { email, record: digest, begun_ms: now_ms, state, challenge: device };
        self.attempts.insert(attempt, Arc::new(kept));
        Ok(Started { attempt, response, challenge })
    }

    /// Whose password the KE3 proves. The attempt is used up whatever the answer, and its challenge with it.
    pub fn finish_sign_in(&self, attempt: Uuid, finalization: &Blob, now_ms: u64) -> Result<Finished, PasswordError> {
        let attempt = self.attempts.remove(&attempt).ok_or(PasswordError::Refused)?;
        // `remove` also returns what has expired and was not swept yet.
        if now_ms.abs_diff(attempt.begun_ms) > ATTEMPT_LIFE.as_millis() as u64 {
            return Err(PasswordError::Refused);
        }
        let finalization =
            CredentialFinalization::deserialize(&finalization.0).map_err(|_| PasswordError::Malformed)?;
        attempt.state.clone().finish(finalization, parameters()).map_err(|_| PasswordError::Refused)?;
        Ok(Finished { proven: Proven { email: attempt.email.clone(), record: attempt.record }, attempt })
    }
}

fn parameters() -> ServerLoginParameters<'static, 'static> {
    ServerLoginParameters { context: Some(CONTEXT), identifiers: Identifiers::default() }
}

impl fmt::Debug for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Finished(…)")
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(…)")
    }
}

/// The system's randomness for opaque-ke, which speaks an older line of `rand_core` than the rest.
struct SystemRandom;

impl SystemRandom {
    /// Fails where the system has no randomness, so that the infallible methods below do not have to.
    fn probe() -> Result<Self, getrandom::Error> {
        getrandom::fill(&mut [0; 1])?;
        Ok(Self)
    }
}

impl rand::RngCore for SystemRandom {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    // A generator that worked a moment ago and no longer does leaves nothing to go on with: stop this request.
    #[allow(clippy::expect_used)]
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system gives randomness");
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl rand::CryptoRng for SystemRandom {}
