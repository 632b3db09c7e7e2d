//! The browser's randomness (`crypto.getRandomValues`), as the pure layers take it.

use getrandom::SysRng;
use rand_core::{CryptoRng, Rng, UnwrapErr};

/// A browser without randomness stops the page: there is nothing safe to do instead.
pub fn system() -> impl CryptoRng {
    UnwrapErr(SysRng)
}

pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    system().fill_bytes(&mut bytes);
    bytes
}
