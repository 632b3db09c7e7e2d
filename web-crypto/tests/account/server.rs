//! A server in memory: as much of it as the account flows meet, with faults on request.

use cliquet_primitives::{hkdf_sha_256, hmac_sha_256};
use cliquet_web_crypto::browser::platform::error::HttpError;
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, Bytes, Digest, PublicKey},
    certificate::{Certificate, DeviceDirectory, DeviceList},
    device_proof::{Claim, DeviceProof},
    devices::{Device, Devices, RegisterDevice, RevokeDevice},
    ids::DeviceId,
    opaque::{CONTEXT, Suite},
    password::{ChangePassword, PasswordStarted, StartPassword},
    problem::{Problem, ProblemCode},
    proof::Proof,
    recovery::{FinishRecovery, ProveRecovery, RecoveryStarted, SetRecovery, StartRecovery},
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignUpFinish, SignUpStart, SignUpStarted, SignedIn, SignedUp},
    vault::{self, EarlierVault, EarlierVaults, ReplaceVault, Vault},
};
use opaque_ke::{
    CredentialFinalization, CredentialRequest, Identifiers, RegistrationRequest, RegistrationUpload, ServerLogin,
    ServerLoginParameters, ServerRegistration, ServerSetup,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{cell::RefCell, collections::BTreeMap};
use uuid::Uuid;
use x25519_dalek::StaticSecret;

/// When a device was added, as this server says it and no certificate does.
pub(crate) const UNSIGNED_CREATED_MS: u64 = 1;

/// What happens to the next request of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It never arrives.
    Lost,
    /// It is served, and the answer never arrives.
    AnswerLost,
    Refused(ProblemCode),
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    record: Vec<u8>,
    pub(crate) account_key: AccountKey,
    pub(crate) vault: Blob,
    pub(crate) list: DeviceList,
    pub(crate) certificates: Vec<Certificate>,
    /// The vaults that were replaced since the locks changed, newest first.
    pub(crate) earlier: Vec<Blob>,
    recovery: Option<Digest>,
}

impl Account {
    fn directory(&self, email: &Address) -> DeviceDirectory {
        DeviceDirectory {
            email: email.clone(),
            account_key: self.account_key.clone(),
            device_list: self.list.clone(),
            certificates: self.certificates.clone(),
        }
    }

    /// `number`: nothing for the list, else a slash and when the wanted one was replaced.
    fn earlier(&self, number: &str) -> String {
        let Some(replaced) = number.strip_prefix('/') else {
            let dated = |(place, vault): (usize, &Blob)| EarlierVault {
                replaced: (self.earlier.len() - place) as u64,
                bytes: vault.0.len() as u64,
            };
            return write(&EarlierVaults { vaults: self.earlier.iter().enumerate().map(dated).collect() });
        };
        let replaced: usize = replaced.parse().unwrap();
        write(&Vault { vault: self.earlier[self.earlier.len() - replaced].clone() })
    }
}

struct Attempt {
    email: String,
    login: ServerLogin<Suite>,
    challenge: StaticSecret,
}

struct State {
    setup: ServerSetup<Suite>,
    rng: Rng06,
    accounts: BTreeMap<String, Account>,
    attempts: BTreeMap<Uuid, Attempt>,
    /// One cookie jar is enough: one browser asks at a time.
    signed_in: Option<(String, Option<DeviceId>)>,
    faults: Vec<(String, Fault)>,
    /// What the next sign-in is challenged with, instead of an honest key.
    challenge: Option<PublicKey>,
    /// A change of password that was proven.
    change: Option<Uuid>,
    /// Of each password that was registered again, whether other sign-ins ended.
    registered_again: Vec<bool>,
}

/// This server names every record alike: nobody guesses here.
const CREDENTIAL: Bytes<32> = Bytes([0; 32]);

pub(crate) struct Server(RefCell<State>);

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

impl Server {
    pub(crate) fn start() -> Self {
        let mut rng = Rng06(ChaCha20Rng::seed_from_u64(0));
        let setup = ServerSetup::<Suite>::new(&mut rng);
        let (accounts, attempts) = (BTreeMap::new(), BTreeMap::new());
        let (signed_in, change, faults, registered_again) = Default::default();
        let challenge = None;
        Self(RefCell::new(State {
            setup,
            rng,
            accounts,
            attempts,
            signed_in,
            faults,
            challenge,
            change,
            registered_again,
        }))
    }

    /// The next request of this path, or of this method and path, meets the fault.
    pub(crate) fn fail_once(&self, path: &str, fault: Fault) {
        self.0.borrow_mut().faults.push((path.to_owned(), fault));
    }

    pub(crate) fn account(&self, email: &Address) -> Option<Account> {
        self.0.borrow().accounts.get(email.as_str()).cloned()
    }

    pub(crate) fn alter(&self, email: &Address, alter: impl FnOnce(&mut Account)) {
        alter(self.0.borrow_mut().accounts.get_mut(email.as_str()).unwrap());
    }

    pub(crate) fn remove_account(&self, email: &Address) {
        self.0.borrow_mut().accounts.remove(email.as_str());
    }

    /// Whether somebody is signed in, and as which device.
    pub(crate) fn signed_in(&self) -> Option<Option<DeviceId>> {
        self.0.borrow().signed_in.as_ref().map(|(_, device)| *device)
    }

    /// The next sign-in is challenged with this key.
    pub(crate) fn challenge_with(&self, challenge: PublicKey) {
        self.0.borrow_mut().challenge = Some(challenge);
    }

    /// Of each password that was registered again since the last call, whether other sign-ins ended.
    pub(crate) fn registered_again(&self) -> Vec<bool> {
        std::mem::take(&mut self.0.borrow_mut().registered_again)
    }

    pub(crate) fn exchange(&self, method: &str, path: &str, body: Option<&str>) -> Result<String, HttpError> {
        let mut state = self.0.borrow_mut();
        let request = [method, " ", path].concat();
        let fault =
            state.faults.iter().position(|(of, _)| of == path || *of == request).map(|at| state.faults.remove(at).1);
        match fault {
            Some(Fault::Lost) => return Err(HttpError::Offline),
            Some(Fault::Refused(code)) => return Err(problem(code)),
            Some(Fault::AnswerLost) | None => {}
        }
        let answer = state.serve(method, path, body).map_err(problem);
        if fault.is_some() { Err(HttpError::Offline) } else { answer }
    }
}

fn problem(code: ProblemCode) -> HttpError {
    let (kind, title, detail) = ("/problems#".to_owned(), code.as_str().to_owned(), String::new());
    let accounts = Vec::new();
    HttpError::Problem(Box::new(Problem {
        kind,
        code,
        status: code.status(),
        title,
        detail,
        retry_after: None,
        accounts,
    }))
}

fn read<T: DeserializeOwned>(body: Option<&str>) -> T {
    serde_json::from_str(body.unwrap()).unwrap()
}

fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

impl State {
    fn serve(&mut self, method: &str, path: &str, body: Option<&str>) -> Result<String, ProblemCode> {
        match (method, path) {
            ("POST", "/sign-up/start") => {
                let SignUpStart { email, request, .. } = read(body);
                if self.accounts.contains_key(&email) {
                    return Err(ProblemCode::AddressTaken);
                }
                let response = self.start_registration(&email, &request);
                Ok(write(&SignUpStarted { email: Address::parse(&email).unwrap(), response, credential: CREDENTIAL }))
            }
            ("POST", "/sign-up/finish") => {
                let SignUpFinish { email, record, account_key, vault, device_list, device, .. } = read(body);
                if self.accounts.contains_key(email.as_str()) {
                    return Err(ProblemCode::AddressTaken);
                }
                let id = device.certificate.device;
                let (record, certificates) = (finish_registration(&record), vec![device.certificate]);
                let (list, earlier, recovery) = (device_list, Vec::new(), None);
                let account = Account { record, account_key, vault, list, certificates, earlier, recovery };
                self.accounts.insert(email.as_str().to_owned(), account);
                self.signed_in = Some((email.as_str().to_owned(), Some(id)));
                Ok(write(&SignedUp { device: id }))
            }
            ("POST", "/sign-in/start") => {
                let SignInStart { email, request } = read(body);
                let record = self.accounts.get(&email).map(|account| account.record.as_slice());
                let record = record.map(|record| ServerRegistration::deserialize(record).unwrap());
                let request = CredentialRequest::deserialize(&request.0).unwrap();
                let identifier = email.as_bytes();
                let started =
                    ServerLogin::start(&mut self.rng, &self.setup, record, request, identifier, parameters()).unwrap();
                let attempt = uuid::Builder::from_random_bytes(random(&mut self.rng)).into_uuid();
                let challenge = StaticSecret::from(random(&mut self.rng));
                let honest = Bytes(x25519_dalek::PublicKey::from(&challenge).to_bytes());
                let public = self.challenge.take().unwrap_or(honest);
                let response = Blob(started.message.serialize().to_vec());
                let address = Address::parse(&email).unwrap();
                self.attempts.insert(attempt, Attempt { email, login: started.state, challenge });
                Ok(write(&SignInStarted { email: address, attempt, response, challenge: public }))
            }
            ("POST", "/sign-in/finish") => {
                let SignInFinish { attempt, finalization, device } = read(body);
                let Attempt { email, challenge, .. } = self.prove(attempt, &finalization)?;
                let account = &self.accounts[&email];
                let device = match device {
                    Some(DeviceProof { device, proof }) if account.list.devices.contains(&device) => {
                        let certificate = account.certificates.iter().find(|it| it.device == device).unwrap();
                        if proof != expected_proof(&challenge, certificate, attempt, &finalization) {
                            return Err(ProblemCode::DeviceRefused);
                        }
                        Some(device)
                    }
                    _ => None,
                };
                let signed_in = SignedIn {
                    directory: account.directory(&Address::parse(&email).unwrap()),
                    vault: account.vault.clone(),
                    device,
                };
                self.signed_in = Some((email, device));
                Ok(write(&signed_in))
            }
            ("POST", "/sign-out") => {
                self.signed_in = None;
                Ok(String::new())
            }
            ("POST", "/recovery/start") => {
                let StartRecovery { email, proof, request } = read(body);
                let account = self.accounts.get(&email).filter(|it| it.recovery == Some(proof.verifier())).cloned();
                let account = account.ok_or(ProblemCode::RecoveryRefused)?;
                let response = self.start_registration(&email, &request);
                let email = Address::parse(&email).unwrap();
                Ok(write(&RecoveryStarted {
                    directory: account.directory(&email),
                    vault: account.vault,
                    email,
                    response,
                    credential: CREDENTIAL,
                }))
            }
            ("POST", path) if path.starts_with("/recovery/earlier") => {
                let ProveRecovery { email, proof } = read(body);
                let account = self.accounts.get(email.as_str()).filter(|it| it.recovery == Some(proof.verifier()));
                let account = account.ok_or(ProblemCode::RecoveryRefused)?;
                Ok(account.earlier(path.strip_prefix("/recovery/earlier").unwrap()))
            }
            ("POST", "/recovery/finish") => {
                let FinishRecovery { email, record, vault, replaces, .. } = read(body);
                let account = self.accounts.get_mut(email.as_str()).unwrap();
                replace_vault(account, vault, replaces)?;
                account.record = finish_registration(&record);
                Ok(String::new())
            }
            _ => self.serve_signed_in(method, path, body),
        }
    }

    fn serve_signed_in(&mut self, method: &str, path: &str, body: Option<&str>) -> Result<String, ProblemCode> {
        let (email, this) = self.signed_in.clone().ok_or(ProblemCode::SignedOut)?;
        let address = Address::parse(&email).unwrap();
        match (method, path) {
            ("PUT", "/vault") => {
                let ReplaceVault { vault, replaces, proof } = read(body);
                let is_proven = match proof {
                    Some(Proof::Password { attempt, finalization }) => {
                        self.prove(attempt, &finalization)?.email == email
                    }
                    Some(Proof::RecoveryKey(_)) | None => false,
                };
                let account = self.accounts.get_mut(&email).unwrap();
                // Devices change the body alone.
                if !is_proven && vault::head(&vault) != vault::head(&account.vault) {
                    return Err(ProblemCode::ProofNeeded);
                }
                replace_vault(account, vault, replaces)?;
                return Ok(String::new());
            }
            ("PUT", "/password") => {
                let ChangePassword { change, record, vault, replaces, end_sign_ins } = read(body);
                if self.change.take() != Some(change) {
                    return Err(ProblemCode::PasswordRefused);
                }
                let account = self.accounts.get_mut(&email).unwrap();
                let (before, mut earlier) = (account.vault.clone(), account.earlier.clone());
                replace_vault(account, vault, replaces)?;
                if !end_sign_ins {
                    earlier.insert(0, before);
                    account.earlier = earlier;
                }
                account.record = finish_registration(&record);
                self.registered_again.push(end_sign_ins);
                return Ok(String::new());
            }
            ("POST", "/password/start") => {
                let StartPassword { attempt, finalization, request } = read(body);
                self.prove(attempt, &finalization)?;
                let response = self.start_registration(&email, &request);
                self.change = Some(attempt);
                return Ok(write(&PasswordStarted { change: attempt, response }));
            }
            ("PUT", "/recovery") => {
                let SetRecovery { attempt, finalization, verifier, vault, replaces } = read(body);
                self.prove(attempt, &finalization)?;
                let account = self.accounts.get_mut(&email).unwrap();
                replace_vault(account, vault, replaces)?;
                account.recovery = Some(verifier);
                return Ok(String::new());
            }
            _ => {}
        }
        let account = self.accounts.get_mut(&email).unwrap();
        match (method, path) {
            ("GET", "/vault") => Ok(write(&Vault { vault: account.vault.clone() })),
            ("GET", path) if path.starts_with("/vault/earlier") => {
                Ok(account.earlier(path.strip_prefix("/vault/earlier").unwrap()))
            }
            ("GET", "/devices") => {
                let device = |id: &DeviceId| Device {
                    id: *id,
                    name: "Browser".to_owned(),
                    created: UNSIGNED_CREATED_MS,
                    last_seen: 0,
                    this: this == Some(*id),
                };
                let devices = account.list.devices.iter().map(device).collect();
                Ok(write(&Devices { devices, sign_ins: Vec::new() }))
            }
            ("POST", "/devices") => {
                let RegisterDevice { device_list, device } = read(body);
                next_list(account, device_list)?;
                self.signed_in = Some((email, Some(device.certificate.device)));
                account.certificates.push(device.certificate);
                Ok(write(&account.directory(&address)))
            }
            ("GET", path) if path.strip_prefix("/contacts/") == Some(&email) => Ok(write(&account.directory(&address))),
            ("POST", path) if path.ends_with("/revoke") => {
                let RevokeDevice { device_list } = read(body);
                next_list(account, device_list)?;
                let listed = account.list.devices.clone();
                account.certificates.retain(|certificate| listed.contains(&certificate.device));
                Ok(write(&account.directory(&address)))
            }
            _ => panic!("{method} {path} is not served"),
        }
    }

    fn start_registration(&self, email: &str, request: &Blob) -> Blob {
        let request = RegistrationRequest::deserialize(&request.0).unwrap();
        let started = ServerRegistration::<Suite>::start(&self.setup, request, email.as_bytes()).unwrap();
        Blob(started.message.serialize().to_vec())
    }

    /// Whose password it was.
    fn prove(&mut self, attempt: Uuid, finalization: &Blob) -> Result<Attempt, ProblemCode> {
        let attempt = self.attempts.remove(&attempt).ok_or(ProblemCode::SignInRefused)?;
        let finalization = CredentialFinalization::deserialize(&finalization.0).unwrap();
        attempt.login.clone().finish(finalization, parameters()).map_err(|_| ProblemCode::SignInRefused)?;
        Ok(attempt)
    }
}

/// HMAC-SHA-256 under a key that only the server and the certified device can compute.
fn expected_proof(secret: &StaticSecret, certificate: &Certificate, attempt: Uuid, finalization: &Blob) -> Digest {
    let challenge = Bytes(x25519_dalek::PublicKey::from(secret).to_bytes());
    let shared = secret.diffie_hellman(&x25519_dalek::PublicKey::from(certificate.identity_key.0));
    let mut key = [0; 32];
    hkdf_sha_256(&[0; 32], shared.as_bytes(), b"Cliquet/1 device proof key", &mut key).unwrap();
    let claim = Claim { certificate, challenge: &challenge, attempt, finalization };
    let [proof] = hmac_sha_256(&key, [claim.authenticated_bytes().as_slice()]);
    Bytes(proof)
}

fn parameters() -> ServerLoginParameters<'static, 'static> {
    ServerLoginParameters { context: Some(CONTEXT), identifiers: Identifiers::default() }
}

fn finish_registration(record: &Blob) -> Vec<u8> {
    ServerRegistration::<Suite>::finish(RegistrationUpload::deserialize(&record.0).unwrap()).serialize().to_vec()
}

fn replace_vault(account: &mut Account, vault: Blob, replaces: Digest) -> Result<(), ProblemCode> {
    if account.vault.digest() != replaces {
        return Err(ProblemCode::VaultOutdated);
    }
    if vault::head(&vault) != vault::head(&account.vault) {
        account.earlier.clear();
    }
    let replaced = std::mem::replace(&mut account.vault, vault);
    if vault::head(&replaced) == vault::head(&account.vault) {
        account.earlier.insert(0, replaced);
    }
    Ok(())
}

fn next_list(account: &mut Account, list: DeviceList) -> Result<(), ProblemCode> {
    if list.counter != account.list.counter + 1 {
        return Err(ProblemCode::ListOutdated);
    }
    account.list = list;
    Ok(())
}

fn random<const N: usize>(rng: &mut Rng06) -> [u8; N] {
    let mut bytes = [0; N];
    opaque_ke::rand::RngCore::fill_bytes(rng, &mut bytes);
    bytes
}
