//! How long to wait before another attempt.

use rand_core::CryptoRng;

/// The wait after the first failure.
pub const FIRST_MS: u32 = 1_000;
/// The longest wait: a person who comes back to a mended network should not wait for longer.
pub const MAX_MS: u32 = 30_000;

/// The wait after so many failures in a row, in milliseconds. Doubles with each; a random time in the upper half of the
/// span, so that clients do not come back all at once.
pub fn wait_ms(failures: u32, rng: &mut impl CryptoRng) -> u32 {
    let span = FIRST_MS.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(MAX_MS);
    span / 2 + rng.next_u32() % (span / 2)
}
