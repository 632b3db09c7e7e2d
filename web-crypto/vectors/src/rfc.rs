//! The examples that stand in the norms themselves.

use crate::{Published, Report, Verdict, hex, report::Outcome, same};
use cliquet_web_crypto::crypto::{
    keys::{KeyError, SecretKey},
    vectors::{agree, expand},
};
use cliquet_wire::bytes::Bytes;

/// RFC 7748 sections 5.2 and 6.1.
pub(crate) fn x25519() -> Report {
    let mut report = Report::new("X25519", "RFC 7748");
    let mut add = |case, outcome| {
        report.expect(1);
        report.add(case, Published::Valid, outcome);
    };
    let [scalar, point, shared] = [
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    ]
    .map(key);
    add("section 5.2, first", agreed(scalar, point, shared));
    let [scalar, point, shared] = [
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
    ]
    .map(key);
    add("section 5.2, second", top_bit(scalar, point, shared));
    let once = key("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    add("section 5.2, once", iterated(1, once));
    let thousand = key("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
    add("section 5.2, 1000 times", iterated(1000, thousand));
    let [alice, alice_public, bob, bob_public, shared] = [
        "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
    ]
    .map(key);
    let both = || {
        same("public key", &SecretKey::from_bytes(alice).public_key().0, &alice_public)?;
        same("public key", &SecretKey::from_bytes(bob).public_key().0, &bob_public)?;
        agreed(alice, bob_public, shared)?;
        agreed(bob, alice_public, shared)
    };
    add("section 6.1", both());
    report
}

fn agreed(secret: [u8; 32], point: [u8; 32], shared: [u8; 32]) -> Outcome {
    let found = agree(&SecretKey::from_bytes(secret), &Bytes(point)).map_err(|error| error.to_string())?;
    same("secret", &found, &shared)?;
    Ok((Verdict::Taken, "the same shared secret"))
}

/// The RFC masks the top bit; docs/protocol.md refuses a public key that has it. Both are asserted.
fn top_bit(secret: [u8; 32], point: [u8; 32], shared: [u8; 32]) -> Outcome {
    crate::x25519::arithmetic(secret, &Bytes(point), &shared)?;
    match agree(&SecretKey::from_bytes(secret), &Bytes(point)) {
        Err(KeyError::NotCanonical) => {}
        other => return Err(format!("the top bit is set, and it gave {other:?}")),
    }
    let mut masked = point;
    masked[31] &= 0x7f;
    agreed(secret, masked, shared)?;
    Ok((Verdict::Refused, "the top bit is set; taken without it"))
}

fn iterated(times: usize, expected: [u8; 32]) -> Outcome {
    let (mut scalar, mut point) = ([0; 32], [0; 32]);
    (scalar[0], point[0]) = (9, 9);
    for _ in 0..times {
        let next = agree(&SecretKey::from_bytes(scalar), &Bytes(point)).map_err(|error| error.to_string())?;
        (scalar, point) = (next, scalar);
    }
    same("result", &scalar, &expected)?;
    Ok((Verdict::Taken, "the same result of the iterated test"))
}

fn key(text: &str) -> [u8; 32] {
    hex(text).try_into().unwrap()
}

/// RFC 5869 appendices A.1 to A.3; the others are for SHA-1.
pub(crate) fn hkdf() -> Report {
    let mut report = Report::new("HKDF-SHA-256", "RFC 5869");
    let range = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
    let a_1 = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
    let a_2 = "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
               da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87";
    let a_3 = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
    let cases = [
        ("A.1", range(0, 0x0c), vec![0x0b; 22], range(0xf0, 0xf9), a_1),
        ("A.2", range(0x60, 0xaf), range(0, 0x4f), range(0xb0, 0xff), a_2),
        ("A.3", vec![], vec![0x0b; 22], vec![], a_3),
    ];
    for (case, salt, ikm, info, expected) in cases {
        report.expect(1);
        let expected = hex(expected);
        let found = expand(&salt, &ikm, &info, expected.len()).unwrap_or_default();
        let outcome = same("output", &found, &expected).map(|()| (Verdict::Taken, "the same output"));
        report.add(case, Published::Valid, outcome);
    }
    report
}

/// RFC 4231 sections 4.2 to 4.8; 4.6 is cut to 128 bits.
pub(crate) fn hmac() -> Report {
    let mut report = Report::new("HMAC-SHA-256", "RFC 4231");
    let long = "This is a test using a larger than block-size key and a larger than block-size data. The key needs to \
                be hashed before being used by the HMAC algorithm.";
    let cases: [(&str, Vec<u8>, &[u8], &str); 7] = [
        ("4.2", vec![0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            "4.3",
            b"Jefe".to_vec(),
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        ("4.4", vec![0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        ("4.5", (1..=25).collect(), &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        ("4.6", vec![0x0c; 20], b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
        (
            "4.7",
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        ("4.8", vec![0xaa; 131], long.as_bytes(), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ];
    for (case, key, message, expected) in cases {
        report.expect(1);
        let expected = hex(expected);
        let outcome = crate::hmac::tag(&key, message).and_then(|(tag, why)| {
            same("tag", &tag[..expected.len()], &expected)?;
            Ok((Verdict::Taken, why))
        });
        report.add(case, Published::Valid, outcome);
    }
    report
}
