//! The OPAQUE suite that both sides speak: ristretto255, SHA-512, triple Diffie-Hellman, Argon2id in the browser.

use opaque_ke::{
    CipherSuite, Ristretto255, TripleDh,
    argon2::{Algorithm, Argon2, Params, Version},
};

/// The application's context of every sign-in (RFC 9807 section 6.4). The identities are the
/// default ones, the public keys. The credential identifier, from which the OPRF key comes, is random for each record.
pub const CONTEXT: &[u8] = b"Cliquet/1 OPAQUE";

/// The suite (RFC 9807 section 7). The parameters of its key-stretching function are named at every call, see
/// [`Stretching`].
#[derive(Debug)]
pub struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2_010::Sha512>;
    type Ksf = Argon2<'static>;
}

/// The parameters of Argon2id (RFC 9106), by version. A record opens only with those that it was registered with. Only
/// the browser knows them: the server neither stores nor sends a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretching {
    /// 19 MiB, two passes, one lane: OWASP's minimum.
    V1,
    /// 64 MiB, three passes, one lane: RFC 9106's second recommended option, as far as one thread has it. About one second
    /// on a slow phone.
    V2,
}

impl Stretching {
    /// What a password is registered with.
    pub const CURRENT: Self = Self::V2;

    /// This version and the older ones, newest first: what a sign-in tries.
    pub const fn and_older(self) -> &'static [Self] {
        match self {
            Self::V1 => &[Self::V1],
            Self::V2 => &[Self::V2, Self::V1],
        }
    }

    /// The function.
    pub fn argon2(self) -> Argon2<'static> {
        let params = match self {
            Self::V1 => const { params(19 * 1024, 2) },
            Self::V2 => const { params(64 * 1024, 3) },
        };
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
    }
}

/// With one lane. Evaluated when it is compiled.
const fn params(kibibytes: u32, passes: u32) -> Params {
    match Params::new(kibibytes, passes, 1, None) {
        Ok(params) => params,
        // Then this does not compile.
        Err(_) => unreachable!(),
    }
}
