//! The OPAQUE suite that both sides speak: ristretto255, SHA-512, triple Diffie-Hellman, Argon2id in the browser.

use opaque_ke::{CipherSuite, Ristretto255, TripleDh, argon2::Argon2};

/// The application's context of every sign-in (RFC 9807 section 6.4). The identities are the
/// default ones, the public keys. The credential identifier, from which the OPRF key comes, is random for each record.
pub const CONTEXT: &[u8] = b"Cliquet/1 OPAQUE";

/// The suite (RFC 9807 section 7). The key-stretching function is Argon2id with 19 MiB, two passes and one lane, the
/// crate's defaults.
#[derive(Debug)]
pub struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2_010::Sha512>;
    type Ksf = Argon2<'static>;
}
