//! A second client talks with ours. It is written in Python, with libraries of its own, from docs/protocol.md alone: where it and
//! ours agree, the document says enough.
//!
//! `cargo xtask test` brings its environment into `target/second-client`; `--without second-client` leaves this out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod files;
mod in_group;
mod statements;
#[path = "../support/mod.rs"]
mod support;

use cliquet_server::device_challenge::{DeviceChallenge, NotProven};
use cliquet_web_crypto::{
    client::{
        content::{Body, Content, OwnList},
        conversation::{Event, MessageId},
    },
    crypto::{
        CheckedBundle, CheckedDirectory, CheckedPreKeyMessage, OwnIdentity, PreKeySecrets, Session, Sessions,
        identity::sign_device_list,
        rsa::native::{NativeSigner, NativeVerifier},
    },
};
use cliquet_wire::{
    bytes::{Blob, Bytes},
    certificate::DeviceDirectory,
    device_proof::{Claim, DeviceProof},
    envelope::Envelope,
    ids::EnvelopeId,
    pre_keys::{PreKeyBundle, PreKeyUpload},
};
use getrandom::SysRng;
use rand_core::{Rng as _, UnwrapErr};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};
use uuid::Uuid;

const NOW_MS: u64 = 1_780_315_200_000;

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// A Python program of this folder.
fn program(name: &str) -> Command {
    let root: PathBuf = [env!("CARGO_MANIFEST_DIR"), ".."].iter().collect();
    let python = root.join("target/second-client/bin/python");
    assert!(
        python.exists(),
        "the second client's environment is not there: `cargo xtask test` brings it, or leave this out: \
         `cargo xtask test --without second-client`"
    );
    let mut command = Command::new(python);
    command.arg(root.join("server/tests/second_client").join(name));
    command
}

/// The Python client, as a process that answers line by line.
struct Second {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Second {
    fn start(email: &str) -> Self {
        let mut process = program("client.py").arg(email).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, to, from }
    }

    fn ask(&mut self, command: &Value) -> Value {
        writeln!(self.to, "{command}").unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the second client ended at {}", command["do"]))
    }

    fn show<T: DeserializeOwned>(&mut self, what: &str) -> T {
        serde_json::from_value(self.ask(&json!({ "do": "show" }))[what].take()).unwrap()
    }

    fn begin(&mut self, directory: &DeviceDirectory, bundle: &PreKeyBundle) -> Result<(), String> {
        let answer = self.ask(&json!({ "do": "begin", "directory": directory, "bundle": bundle }));
        answer.get("refused").map_or(Ok(()), |why| Err(why.to_string()))
    }

    fn encrypt(&mut self, text: &str) -> Envelope {
        serde_json::from_value(self.ask(&json!({ "do": "encrypt", "text": text }))["envelopes"][0].take()).unwrap()
    }

    fn decrypt(&mut self, envelope: &Envelope) -> Option<String> {
        self.ask(&json!({ "do": "decrypt", "envelope": envelope }))["text"].as_str().map(str::to_owned)
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Our client: its cryptography and its content.
struct Ours {
    own: OwnIdentity,
    signer: NativeSigner<UnwrapErr<SysRng>>,
    pre_keys: PreKeySecrets,
    published: PreKeyUpload,
    sessions: Sessions,
}

impl Ours {
    async fn new() -> Self {
        let pkcs8 = include_bytes!("../../../web-crypto/tests/keys/alice.der");
        let signer = NativeSigner::from_pkcs8(pkcs8, rng()).unwrap();
        let (email, key) = ("alice@example.org".parse().unwrap(), signer.account_key().clone());
        let own = OwnIdentity::create(email, key, NOW_MS, 1, &signer, &mut rng()).await.unwrap();
        let pre_keys = PreKeySecrets::generate(NOW_MS / 1000, &mut rng());
        let published = pre_keys.upload_all(&own, &signer).await.unwrap();
        Self { own, signer, pre_keys, published, sessions: Sessions::default() }
    }

    async fn directory(&self) -> DeviceDirectory {
        let (email, account_key) = (self.own.email().clone(), self.own.account_key().clone());
        let devices = vec![self.own.device()];
        let list = sign_device_list(email.clone(), &account_key, 1, devices, NOW_MS, &self.signer);
        let device_list = list.await.unwrap();
        DeviceDirectory { email, account_key, device_list, certificates: vec![self.own.certificate().clone()] }
    }

    fn bundle(&self, with_one_time: bool) -> PreKeyBundle {
        PreKeyBundle {
            certificate: self.own.certificate().clone(),
            signed: self.published.signed.clone().unwrap(),
            kem: self.published.kem.clone().unwrap(),
            one_time: self.published.one_time.first().filter(|_| with_one_time).cloned(),
        }
    }

    async fn begin(&mut self, second: &mut Second, with_one_time: bool) {
        let directory = CheckedDirectory::check(second.show("directory"), None, 0, &NativeVerifier).await.unwrap();
        let mut bundle: PreKeyBundle = second.show("bundle");
        bundle.one_time.take_if(|_| !with_one_time);
        let bundle = CheckedBundle::check(bundle, &directory, &NativeVerifier).await.unwrap();
        self.sessions = self.sessions.begin(Session::initiate(&self.own, &bundle, &mut rng()).unwrap());
    }

    fn encrypt(&mut self, text: &str) -> Envelope {
        let mut random = [0; 10];
        rng().fill_bytes(&mut random);
        let body = Body::Event {
            id: MessageId::from_parts(NOW_MS, random),
            event: Event::Text { text: text.into(), quote: None, seconds: None, attachment: None },
        };
        let (sender, device) = (self.own.email().clone(), self.own.device());
        let list = OwnList { counter: 1, hash: Bytes([0; 32]) };
        let content = Content { sender, device, time: NOW_MS, list, group: None, body }.encode().unwrap();
        let id = EnvelopeId::from_parts(NOW_MS, random);
        let (sessions, envelope) = self.sessions.encrypt(id, &content, &mut rng()).unwrap();
        self.sessions = sessions;
        envelope
    }

    async fn decrypt(&mut self, envelope: &Envelope) -> Option<String> {
        let first = match envelope.pre_key_message {
            Some(_) => Some(CheckedPreKeyMessage::check(envelope, None, &NativeVerifier).await.ok()?),
            None => None,
        };
        let opened = self.sessions.decrypt(&self.own, &self.pre_keys, first.as_ref(), envelope, &mut rng()).ok()?;
        self.sessions = opened.sessions;
        let content = Content::decode(&opened.content).unwrap();
        assert_eq!((&content.sender, content.device), (&envelope.sender_email, envelope.sender_device));
        match content.body {
            Body::Event { event: Event::Text { text, .. }, .. } => Some(text),
            other => panic!("{other:?}"),
        }
    }
}

/// Turns of the ratchet each way, several in a row, out of order and across a turn.
async fn talk(ours: &mut Ours, second: &mut Second) {
    for round in 0..4 {
        let late = second.encrypt("late");
        for n in 0..=round {
            let said = format!("Salut 👋 {round} {n} {}", "é".repeat(100 * n));
            let envelope = second.encrypt(&said);
            assert_eq!(ours.decrypt(&envelope).await, Some(said));
        }
        let ours_late = ours.encrypt("late, too");
        for n in 0..=round {
            let said = format!("back {round} {n}");
            let envelope = ours.encrypt(&said);
            assert_eq!(second.decrypt(&envelope), Some(said));
        }
        if round % 2 == 0 {
            // After the other side's next chain has begun.
            let turned = second.encrypt("turned");
            assert_eq!(ours.decrypt(&turned).await.as_deref(), Some("turned"));
            let turned = ours.encrypt("turned, too");
            assert_eq!(second.decrypt(&turned).as_deref(), Some("turned, too"));
        }
        assert_eq!(ours.decrypt(&late).await.as_deref(), Some("late"));
        assert_eq!(second.decrypt(&ours_late).as_deref(), Some("late, too"));
        assert_eq!((ours.decrypt(&late).await, second.decrypt(&ours_late)), (None, None), "once");
    }
}

#[test]
fn the_second_client_proves_its_device_to_our_server() {
    let mut second = Second::start("bob@example.org");
    let certificate = second.show::<PreKeyBundle>("bundle").certificate;
    let (challenge, attempt, finalization) =
        (DeviceChallenge::generate().unwrap(), Uuid::from_u128(7), Blob(vec![5; 64]));
    let key = challenge.public_key();
    let command = json!({ "do": "prove", "challenge": key, "attempt": attempt, "finalization": finalization });
    let proof: DeviceProof = serde_json::from_value(second.ask(&command)["device"].take()).unwrap();
    assert_eq!(proof.device, certificate.device);
    let claim = Claim { certificate: &certificate, challenge: &key, attempt, finalization: &finalization };
    assert_eq!(challenge.check(&claim, &proof.proof), Ok(()));
    let other = Claim { attempt: Uuid::from_u128(8), ..claim };
    assert_eq!(challenge.check(&other, &proof.proof), Err(NotProven));
}

#[rocket::async_test]
async fn ours_begins_and_the_second_client_answers() {
    for with_one_time in [true, false] {
        let (mut ours, mut second) = (Ours::new().await, Second::start("bob@example.org"));
        ours.begin(&mut second, with_one_time).await;
        let first = ours.encrypt("first");
        assert_eq!(first.pre_key_message.as_ref().unwrap().one_time_pre_key_id.is_some(), with_one_time);
        let again = ours.encrypt("still first");
        let mut altered = again.clone();
        altered.pre_key_message.as_mut().unwrap().kem_ciphertext.0[7] ^= 1;
        assert_eq!(second.decrypt(&altered), None);
        assert_eq!(second.decrypt(&again).as_deref(), Some("still first"));
        assert_eq!(second.decrypt(&first).as_deref(), Some("first"));
        talk(&mut ours, &mut second).await;
    }
}

#[rocket::async_test]
async fn the_second_client_begins_and_ours_answers() {
    for with_one_time in [true, false] {
        let (mut ours, mut second) = (Ours::new().await, Second::start("bob@example.org"));
        let (directory, bundle) = (ours.directory().await, ours.bundle(with_one_time));
        let mut forged = bundle.clone();
        forged.kem.signature.0[7] ^= 1;
        assert!(second.begin(&directory, &forged).is_err());
        second.begin(&directory, &bundle).unwrap();
        let first = second.encrypt("first");
        let again = second.encrypt("still first");
        assert_eq!(ours.decrypt(&again).await.as_deref(), Some("still first"));
        assert_eq!(ours.decrypt(&first).await.as_deref(), Some("first"));
        talk(&mut ours, &mut second).await;
        assert!(second.encrypt("later").pre_key_message.is_none());
    }
}
