//! Owns the bridge from today's random generators to the line that `opaque-ke` and `rsa` speak.

use opaque_ke::rand as rand_core_06;
use rand_core::CryptoRng;

pub(super) struct RandCore06<'a, R>(pub(super) &'a mut R);

impl<R: CryptoRng> rand_core_06::RngCore for RandCore06<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core_06::Error> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: CryptoRng> rand_core_06::CryptoRng for RandCore06<'_, R> {}
