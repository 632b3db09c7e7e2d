//! Owns searching for what must not be there: a secret as it is, or in the disguises that data commonly wears.

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
use memchr::memmem;

/// A secret and its disguises.
pub(crate) fn disguises(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = secret.iter().map(|byte| format!("%{byte:02X}")).collect();
    // JSON arrays of numbers are how careless code writes bytes.
    let numbers = secret.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    let mut found = vec![secret.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes(), percent.into_bytes()];
    found.push(numbers.into_bytes());
    // In the middle of other bytes, base64 shows one of three faces; the characters at both ends mix with neighbours.
    for offset in 0..3 {
        let shifted = secret.get(offset..).unwrap_or_default();
        let whole = shifted.get(..shifted.len() / 3 * 3).unwrap_or_default();
        found.push(Base64Unpadded::encode_string(whole).into_bytes());
        found.push(Base64UrlUnpadded::encode_string(whole).into_bytes());
    }
    found.retain(|disguise| disguise.len() >= 8);
    found
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memmem::find(haystack, needle).is_some()
}

pub(crate) fn shows(haystack: &[u8], secret: &[u8]) -> bool {
    disguises(secret).iter().any(|disguise| contains(haystack, disguise))
}

#[test]
fn a_secret_is_found_in_its_disguises_wherever_it_lies() {
    let secret = b"a canary that sings";
    for lead in ["", "x", "xy", "xyz"] {
        let lying = [lead.as_bytes(), secret, b" end"].concat();
        for text in [
            lying.clone(),
            Base64Unpadded::encode_string(&lying).into_bytes(),
            Base64UrlUnpadded::encode_string(&lying).into_bytes(),
            lying.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes(),
        ] {
            assert!(shows(&text, secret), "{}", String::from_utf8_lossy(&text));
        }
    }
    assert!(!shows(b"a canary that sinks, and nothing else at all", secret));
}
