//! Owns the workloads over Cliquet's sessions, at the level of vodozemac's `Session`: bytes in, the new state and the
//! unencoded envelope out, padding included; and back. Knows nothing of clocks.
//!
//! Signatures by account keys are left out on both sides: Cliquet's are WebCrypto's work, vodozemac leaves them to its
//! caller. So the signer here signs nothing and the verifier believes everything.

mod group;

use bench_turns::{CONTENT, Workloads};
use cliquet_web_crypto::crypto::{
    CheckedBundle, CheckedDirectory, CheckedPreKeyMessage, OwnIdentity, PreKeySecrets, Session,
    identity::sign_device_list,
    rsa::{SignError, Signer, Verifier},
};
use cliquet_wire::{
    account_key::AccountKey,
    bytes::{Bytes, Signature},
    certificate::DeviceDirectory,
    envelope::Envelope,
    ids::EnvelopeId,
    pre_keys::PreKeyBundle,
};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Any time after 1970 serves.
const NOW_SECONDS: u64 = 1_800_000_000;
/// An account key's DER before and after its modulus (wire/src/account_key.rs).
const HEAD: [u8; 33] = [
    0x30, 0x82, 0x01, 0xa2, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    0x03, 0x82, 0x01, 0x8f, 0x00, 0x30, 0x82, 0x01, 0x8a, 0x02, 0x82, 0x01, 0x81, 0x00,
];
const TAIL: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];

struct Believing;

impl Signer for Believing {
    async fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        Ok(Bytes([0; 384]))
    }
}

impl Verifier for Believing {
    async fn verify(&self, _: &AccountKey, _: &[u8], _: &Signature) -> bool {
        true
    }
}

fn ready<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// One that only has the form of an account key.
fn account_key(fill: u8) -> Option<AccountKey> {
    AccountKey::from_der(&[HEAD.as_slice(), &[fill | 0x81; 384], &TAIL].concat()).ok()
}

struct Person {
    own: OwnIdentity,
    pre_keys: PreKeySecrets,
}

impl Person {
    fn new(email: &str, fill: u8) -> Option<Self> {
        let rng = &mut UnwrapErr(SysRng);
        let own = ready(OwnIdentity::create(email.parse().ok()?, account_key(fill)?, 1, 1, &Believing, rng))?.ok()?;
        Some(Self { own, pre_keys: PreKeySecrets::generate(NOW_SECONDS, rng) })
    }

    fn bundle(&self) -> Option<CheckedBundle> {
        let (own, email, key) = (&self.own, self.own.email().clone(), self.own.account_key().clone());
        let list = ready(sign_device_list(email.clone(), &key, 1, vec![own.device()], 1, &Believing))?.ok()?;
        let certificates = vec![own.certificate().clone()];
        let directory = DeviceDirectory { email, account_key: key, device_list: list, certificates };
        let directory = ready(CheckedDirectory::check(directory, None, 0, &Believing))?.ok()?;
        let upload = ready(self.pre_keys.upload_all(own, &Believing))?.ok()?;
        let bundle = PreKeyBundle {
            certificate: own.certificate().clone(),
            signed: upload.signed?,
            kem: upload.kem?,
            one_time: upload.one_time.into_iter().next(),
        };
        ready(CheckedBundle::check(bundle, &directory, &Believing))?.ok()
    }
}

/// Alice and Bob, acquainted, and what is under way from her to him.
pub struct Pair {
    alice: Person,
    bob: Person,
    bundle: CheckedBundle,
    from: Session,
    to: Session,
    under_way: Vec<Envelope>,
    /// How many set-ups are prepared; nothing needs to be made for them here.
    prepared: usize,
    /// Made when it is first needed.
    group: Option<group::Group>,
}

/// Its id is the caller's to choose, so none is drawn here.
fn send(session: &mut Session) -> Option<Envelope> {
    let id = EnvelopeId::from_parts(NOW_SECONDS * 1000, [7; 10]);
    let (next, envelope) = session.encrypt(id, &CONTENT, &mut UnwrapErr(SysRng)).ok()?;
    *session = next;
    Some(envelope)
}

fn receive(session: &mut Session, envelope: &Envelope) -> Option<()> {
    let (next, content) = session.decrypt(envelope, &mut UnwrapErr(SysRng)).ok()?;
    *session = next;
    (content.len() == CONTENT.len()).then_some(())
}

/// A session begun with `bundle` and its pre-key message, opened at the other side.
fn set_up(alice: &Person, bob: &Person, bundle: &CheckedBundle) -> Option<(Session, Session)> {
    let rng = &mut UnwrapErr(SysRng);
    let mut from = Session::initiate(&alice.own, bundle, rng).ok()?;
    let first = send(&mut from)?;
    let checked = ready(CheckedPreKeyMessage::check(&first, None, &Believing))?.ok()?;
    let accepted = Session::accept(&bob.own, &bob.pre_keys, &checked, &first, rng).ok()?;
    Some((from, accepted.session))
}

impl Workloads for Pair {
    fn begin() -> Option<Self> {
        let (alice, bob) = (Person::new("alice@example.org", 1)?, Person::new("bob@example.org", 2)?);
        let bundle = bob.bundle()?;
        let (mut from, mut to) = set_up(&alice, &bob, &bundle)?;
        receive(&mut from, &send(&mut to)?)?;
        receive(&mut to, &send(&mut from)?)?;
        Some(Self { alice, bob, bundle, from, to, under_way: Vec::new(), prepared: 0, group: None })
    }

    fn seal(&mut self, count: usize) -> Option<()> {
        for _ in 0..count {
            let envelope = send(&mut self.from)?;
            self.under_way.push(envelope);
        }
        Some(())
    }

    fn open(&mut self) -> Option<()> {
        for envelope in &self.under_way {
            receive(&mut self.to, envelope)?;
        }
        self.under_way.clear();
        Some(())
    }

    fn ping_pong(&mut self, count: usize) -> Option<()> {
        for _ in 0..count {
            receive(&mut self.to, &send(&mut self.from)?)?;
            receive(&mut self.from, &send(&mut self.to)?)?;
        }
        Some(())
    }

    fn prepare(&mut self, count: usize) -> Option<()> {
        // Nothing has to be made: an accepted pre-key message uses up nothing before its caller says so.
        self.prepared = count;
        Some(())
    }

    fn set_up(&mut self) -> Option<()> {
        for _ in 0..self.prepared {
            set_up(&self.alice, &self.bob, &self.bundle)?;
        }
        self.prepared = 0;
        Some(())
    }

    fn write(&mut self) -> Option<()> {
        if self.group.is_none() {
            self.group = Some(group::Group::begin()?);
        }
        self.group.as_mut()?.write()
    }

    fn say(&mut self) -> Option<()> {
        self.group.as_mut()?.say()
    }

    fn keep(&mut self) -> Option<()> {
        self.group.as_mut()?.keep()
    }
}

bench_turns::exports!(crate::Pair);
