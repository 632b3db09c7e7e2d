//! Owns every derivation of a key from another. Knows nothing of messages.

use super::keys::Key;
use cliquet_primitives::{hkdf_sha_256, hmac_sha_256};
use zeroize::Zeroizing;

/// HKDF-SHA-256 (RFC 5869).
pub(super) fn derive<const N: usize>(salt: &[u8], ikm: &[u8], info: &str) -> Zeroizing<[u8; N]> {
    // RFC 5869 section 2.3: at most 255 blocks.
    const { assert!(N <= 255 * 32) }
    let mut output = Zeroizing::new([0; N]);
    match hkdf_sha_256(salt, ikm, info.as_bytes(), output.as_mut_slice()) {
        Some(()) => output,
        None => unreachable!(),
    }
}

/// One 32-byte key.
pub(super) fn derive_key(salt: &[u8], ikm: &[u8], info: &str) -> Key {
    Key::from_bytes(*derive::<32>(salt, ikm, info))
}

/// KDF_RK (Double Ratchet section 3.1): the next root key, and a chain's first key.
pub(super) fn root_step(root: &Key, shared: &[u8; 32]) -> (Key, Key) {
    let output = derive::<64>(root.as_bytes(), shared, "Cliquet/1 root");
    let (next, chain) = halves(&output);
    (Key::from_bytes(next), Key::from_bytes(chain))
}

fn halves(bytes: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let (mut first, mut second) = ([0; 32], [0; 32]);
    first.iter_mut().chain(&mut second).zip(bytes).for_each(|(to, from)| *to = *from);
    (first, second)
}

/// KDF_CK (Double Ratchet section 5.2): the next chain key, and this message's key.
pub(super) fn chain_step(chain: &Key) -> (Key, Key) {
    let [next, message] = hmac_sha_256(chain.as_bytes(), [&[2], &[1]]).map(Key::from_bytes);
    (next, message)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::crypto) fn hex(text: &str) -> Vec<u8> {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap() as u8;
        text.as_bytes().chunks(2).map(|pair| digit(&pair[0]) << 4 | digit(&pair[1])).collect()
    }

    #[test]
    fn derives_as_rfc_5869_appendix_a_3_says() {
        let expected = hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
        assert_eq!(derive::<42>(&[], &[0x0b; 22], "").as_slice(), expected);
    }

    #[test]
    fn a_chain_steps_by_hmac_sha_256() {
        let chain = Key::from_bytes(std::array::from_fn(|at| at as u8));
        let (next, message) = chain_step(&chain);
        assert_eq!(
            message.as_bytes().as_slice(),
            hex("9b4c8120a4823a95f47cde17a244f4507244ee6e3957d1fab9fa29b44d3829b7")
        );
        assert_eq!(next.as_bytes().as_slice(), hex("4304c22c84a53755ab08ead8d97a8d429be5efa480682d7ad1da27f73e1fbe1d"));
    }

    #[test]
    fn a_root_step_is_one_hkdf_of_64_bytes() {
        let root = Key::from_bytes([1; 32]);
        let (next, chain) = root_step(&root, &[2; 32]);
        let whole = derive::<64>(&[1; 32], &[2; 32], "Cliquet/1 root");
        assert_eq!([next.as_bytes().as_slice(), chain.as_bytes()].concat(), whole.as_slice());
    }
}
