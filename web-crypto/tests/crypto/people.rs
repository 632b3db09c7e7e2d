//! Alice, Bob, and Mallory who attacks: each an account with one device, all from seeds.

use cliquet_web_crypto::crypto::{
    CheckedBundle, CheckedDirectory, CheckedPreKeyMessage, DecryptError, Decrypted, OwnIdentity, PreKeySecrets,
    Session, Sessions,
    identity::sign_device_list,
    rsa::{
        Signer as _,
        native::{NativeSigner, NativeVerifier},
    },
};
use cliquet_wire::{
    bytes::Signature,
    certificate::DeviceDirectory,
    envelope::Envelope,
    ids::EnvelopeId,
    pre_keys::{PreKeyBundle, PreKeyUpload},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

pub(crate) const NOW_SECONDS: u64 = 1_800_000_000;

/// Nothing native ever waits.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a native future waits"),
    }
}

pub(crate) struct Person {
    pub(crate) own: OwnIdentity,
    pub(crate) signer: NativeSigner<ChaCha20Rng>,
    pub(crate) pre_keys: PreKeySecrets,
    pub(crate) published: PreKeyUpload,
    pub(crate) sessions: Sessions,
    pub(crate) rng: ChaCha20Rng,
}

pub(crate) fn alice(seed: u64) -> Person {
    Person::new("alice@example.org", include_bytes!("../keys/alice.der"), seed)
}

pub(crate) fn bob(seed: u64) -> Person {
    Person::new("bob@example.org", include_bytes!("../keys/bob.der"), seed.wrapping_add(1 << 32))
}

pub(crate) fn mallory(seed: u64) -> Person {
    Person::new("mallory@example.org", include_bytes!("../keys/mallory.der"), seed.wrapping_add(2 << 32))
}

impl Person {
    pub(crate) fn new(email: &str, key: &[u8], seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let signer = NativeSigner::from_pkcs8(key, ChaCha20Rng::seed_from_u64(rng.next_u64())).unwrap();
        let account_key = signer.account_key().clone();
        let own = ready(OwnIdentity::create(email.parse().unwrap(), account_key, 1, 1, &signer, &mut rng)).unwrap();
        let pre_keys = PreKeySecrets::generate(NOW_SECONDS, &mut rng);
        let published = ready(pre_keys.upload_all(&own, &signer)).unwrap();
        Self { own, signer, pre_keys, published, sessions: Sessions::default(), rng }
    }

    /// Another device of the same account.
    pub(crate) fn second_device(&self, seed: u64) -> Self {
        let key = match self.own.email().as_str() {
            "alice@example.org" => include_bytes!("../keys/alice.der").as_slice(),
            "bob@example.org" => include_bytes!("../keys/bob.der"),
            _ => include_bytes!("../keys/mallory.der"),
        };
        Self::new(self.own.email().as_str(), key, seed)
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Signature {
        ready(self.signer.sign(bytes)).unwrap()
    }

    pub(crate) fn directory(&self) -> DeviceDirectory {
        let (email, account_key) = (self.own.email().clone(), self.own.account_key().clone());
        let list = sign_device_list(email.clone(), &account_key, 1, vec![self.own.device()], 1, &self.signer);
        let device_list = ready(list).unwrap();
        DeviceDirectory { email, account_key, device_list, certificates: vec![self.own.certificate().clone()] }
    }

    pub(crate) fn checked_directory(&self) -> CheckedDirectory {
        ready(CheckedDirectory::check(self.directory(), None, 0, &NativeVerifier)).unwrap()
    }

    /// What the server would hand out: one-time keys one by one, at last without.
    pub(crate) fn claim(&mut self) -> PreKeyBundle {
        let one_time = (!self.published.one_time.is_empty()).then(|| self.published.one_time.remove(0));
        PreKeyBundle { one_time, ..self.bundle_without_one_time() }
    }

    pub(crate) fn bundle_without_one_time(&self) -> PreKeyBundle {
        PreKeyBundle {
            certificate: self.own.certificate().clone(),
            signed: self.published.signed.clone().unwrap(),
            kem: self.published.kem.clone().unwrap(),
            one_time: None,
        }
    }

    pub(crate) fn checked_bundle(&mut self) -> CheckedBundle {
        let bundle = self.claim();
        ready(CheckedBundle::check(bundle, &self.checked_directory(), &NativeVerifier)).unwrap()
    }

    /// Begins a session with `peer`, with a one-time key if there is one.
    pub(crate) fn begin(&mut self, peer: &mut Person) {
        self.begin_with(&peer.checked_bundle());
    }

    pub(crate) fn begin_with(&mut self, bundle: &CheckedBundle) {
        let session = Session::initiate(&self.own, bundle, &mut self.rng).unwrap();
        self.sessions = self.sessions.begin(session);
    }

    pub(crate) fn envelope_id(&mut self) -> EnvelopeId {
        let mut random = [0; 10];
        self.rng.fill_bytes(&mut random);
        EnvelopeId::from_parts(NOW_SECONDS * 1000, random)
    }

    pub(crate) fn encrypt(&mut self, text: &str) -> Envelope {
        let id = self.envelope_id();
        let (sessions, envelope) = self.sessions.encrypt(id, text.as_bytes(), &mut self.rng).unwrap();
        self.sessions = sessions;
        envelope
    }

    /// What opening would give, and nothing stored.
    pub(crate) fn try_decrypt(&mut self, envelope: &Envelope) -> Result<Decrypted, DecryptError> {
        let first = match envelope.pre_key_message {
            Some(_) => ready(CheckedPreKeyMessage::check(envelope, None, &NativeVerifier)).ok(),
            None => None,
        };
        self.sessions.decrypt(&self.own, &self.pre_keys, first.as_ref(), envelope, &mut self.rng)
    }

    pub(crate) fn decrypt(&mut self, envelope: &Envelope) -> Result<String, DecryptError> {
        let opened = self.try_decrypt(envelope)?;
        self.sessions = opened.sessions;
        if let Some(used) = opened.used_one_time {
            self.pre_keys.forget(used);
        }
        Ok(String::from_utf8(opened.content.to_vec()).unwrap())
    }

    pub(crate) fn dump(&self) -> (Vec<u8>, Vec<u8>) {
        (self.sessions.save().to_vec(), self.pre_keys.save().to_vec())
    }
}

/// Alice and Bob after one message each way.
pub(crate) fn acquainted(seed: u64) -> (Person, Person) {
    let (mut alice, mut bob) = (alice(seed), bob(seed));
    alice.begin(&mut bob);
    exchange(&mut alice, &mut bob);
    (alice, bob)
}

/// One message there and one back.
pub(crate) fn exchange(one: &mut Person, other: &mut Person) {
    let there = one.encrypt("there");
    assert_eq!(other.decrypt(&there).as_deref(), Ok("there"));
    let back = other.encrypt("back");
    assert_eq!(one.decrypt(&back).as_deref(), Ok("back"));
}
