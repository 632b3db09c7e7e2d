//! The system's randomness, as the pure layers take it.

use getrandom::SysRng;
use rand_core::{CryptoRng, UnwrapErr};

/// A computer without randomness stops the program: there is nothing safe to do instead.
pub(crate) fn system() -> impl CryptoRng {
    UnwrapErr(SysRng)
}
