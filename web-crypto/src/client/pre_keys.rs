//! Keeping the stock of pre-keys on the server.

use super::messenger::{Messenger, Step, StepError};
use crate::crypto::rsa::Signer;
use cliquet_wire::pre_keys::{PreKeyStock, PreKeyUpload};
use rand_core::CryptoRng;

impl Messenger {
    /// After `GET /devices/self/pre-keys`: whether there is anything for `replenish_pre_keys` to do.
    ///
    /// # Errors
    /// When the server names pre-keys that this device cannot have made.
    pub fn pre_keys_due(&self, stock: &PreKeyStock, now: u64) -> Result<bool, StepError> {
        self.pre_keys().check(stock).map_err(|_| StepError::PreKeysInvented)?;
        Ok(self.pre_keys().is_due(stock, now / 1000))
    }

    /// After `GET /devices/self/pre-keys`: what is due, if anything is. Commit and apply the step, and only then upload
    /// (`PUT /devices/self/pre-keys`), or someone could write to a key that this device has lost.
    ///
    /// # Errors
    /// When the account key is not available, and when the server names pre-keys that this device cannot have made.
    pub async fn replenish_pre_keys(
        &self,
        stock: &PreKeyStock,
        now: u64,
        signer: &impl Signer,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<(Step, PreKeyUpload)>, StepError> {
        let mut pre_keys = self.pre_keys().copy();
        let mut step = self.step();
        let behind = pre_keys.catch_up(stock, now / 1000, rng).map_err(|_| StepError::PreKeysInvented)?;
        if behind {
            // An older state never sends (D8).
            for key in self.session_keys() {
                if let Some(sessions) = self.sessions(key) {
                    sessions.end(key, &mut step.changes);
                }
            }
        }
        let fresh = pre_keys.refill(if behind { 0 } else { stock.one_time_left }, rng);
        pre_keys.rotate(now / 1000, rng);
        let mut upload =
            pre_keys.upload(self.own(), Some(stock), fresh, signer).await.map_err(|_| StepError::CannotSign)?;
        upload.withdraws_below = upload.one_time.first().filter(|_| behind).map(|first| first.id);
        if upload == PreKeyUpload::default() {
            return Ok(None);
        }
        step.put_pre_keys(&pre_keys);
        Ok(Some((step, upload)))
    }
}
