//! The recovery key of an account: shown again, or made, confirmed by three words, and only then set.

use super::{AccountError, Password, Progress, password_proof::PasswordProof};
use crate::{
    browser::{app::api, platform::service::AccountPlatform},
    crypto::{
        recovery_key::{RecoveryKey, WORDS_CONFIRMED},
        vault,
    },
};
use cliquet_wire::{address::Address, problem::ProblemCode, recovery::SetRecovery};

/// Another device may replace the vault in this very moment. The change is made again at most this often.
const ATTEMPTS: u32 = 4;

/// The key that the account has, once more.
///
/// # Errors
/// [`AccountError::WrongPassword`], or [`AccountError::RecoveryKeyMismatch`] when there is no key.
pub async fn show(
    platform: &impl AccountPlatform,
    email: &Address,
    password: &Password,
    progress: &dyn Fn(Progress),
) -> Result<RecoveryKey, AccountError> {
    progress(Progress::CheckingPassword);
    let proof = PasswordProof::give(platform, email, password, platform.stretching().and_older()).await?;
    let entropy = vault::kept_entropy(proof.owner(), &proof.root, &proof.vault)?;
    Ok(RecoveryKey::from_entropy(entropy))
}

/// A key that is written down but not set yet.
#[derive(Debug)]
pub struct UnconfirmedKey {
    key: RecoveryKey,
    password: Password,
    places: [usize; WORDS_CONFIRMED],
}

impl UnconfirmedKey {
    /// A new key. Nothing is sent before it is confirmed.
    ///
    /// # Errors
    /// [`AccountError::WrongPassword`].
    pub async fn make(
        platform: &impl AccountPlatform,
        email: &Address,
        password: Password,
        progress: &dyn Fn(Progress),
    ) -> Result<Self, AccountError> {
        progress(Progress::CheckingPassword);
        PasswordProof::give(platform, email, &password, platform.stretching().and_older()).await?;
        let mut rng = platform.rng();
        let (key, places) = (RecoveryKey::generate(&mut rng), RecoveryKey::places_to_confirm(&mut rng));
        Ok(Self { key, password, places })
    }

    pub fn key(&self) -> &RecoveryKey {
        &self.key
    }

    /// The places of the words to type back, from 1, in order.
    pub fn places(&self) -> [usize; WORDS_CONFIRMED] {
        self.places
    }

    /// Sets the key, once the words that were typed for the places are its own. From then on it opens the account, and
    /// one before opens nothing.
    ///
    /// # Errors
    /// [`AccountError::RecoveryWords`] when a word is another one. Nothing was sent.
    pub async fn set(
        &self,
        platform: &impl AccountPlatform,
        email: &Address,
        typed: &[String],
        progress: &dyn Fn(Progress),
    ) -> Result<(), AccountError> {
        self.key.confirm(self.places.into_iter().zip(typed.iter().map(String::as_str)))?;
        progress(Progress::SettingRecoveryKey);
        let mut left = ATTEMPTS;
        loop {
            let proof = PasswordProof::give(platform, email, &self.password, platform.stretching().and_older()).await?;
            let (entropy, rng) = (self.key.entropy(), &mut platform.rng());
            let vault = vault::set_recovery_lock(proof.owner(), &proof.root, entropy, &proof.vault, rng)?;
            let set = SetRecovery {
                attempt: proof.attempt,
                finalization: proof.finalization,
                verifier: self.key.proof().verifier(),
                vault,
                replaces: proof.vault.digest(),
            };
            left -= 1;
            match api::send(platform, "PUT", "/recovery", &set).await {
                Err(error) if error.code() == Some(ProblemCode::VaultOutdated) && left > 0 => {}
                done => return Ok(done?),
            }
        }
    }
}
