//! A text that can go at once is stored and encrypted in one step: one transaction less before it leaves.

use super::{
    Next,
    line::{Line, What},
};
use crate::client::{
    compose::Composed,
    messenger::{Effect, Messenger, Step, StepError},
    records::{Records, Store},
};
use rand_core::CryptoRng;

impl Messenger {
    /// The step that stores a composed text and puts it into the outbox. `None`: something must be fetched or sent first.
    /// Then commit the composed changes, and [`Messenger::encrypt_next`] does the rest.
    ///
    /// # Errors
    /// When a record cannot be read, or the text cannot be encrypted. It can still be stored.
    pub async fn encrypt_at_once(
        &self,
        composed: &Composed,
        records: &impl Records,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Step>, StepError> {
        let message = &composed.message;
        let Some(peer) = message.conversation.peer().and_then(|peer| self.peer(peer)) else { return Ok(None) };
        let comes_first = self.outbox_is_full()
            || self.is_under_way(&message.conversation)
            || peer.key_changed
            || self.owes_request(peer, now)
            || records.next(Store::ToFold, "").await?.is_some()
            || records.next(Store::ToEncrypt, "").await?.is_some();
        if comes_first {
            return Ok(None);
        }
        let line = Line { key: message.to_encrypt_key(), what: What::Message(Box::new(message.clone())), to: None };
        let Next::Encrypted(encrypted) = self.encrypt_line(line, now, rng)? else { return Ok(None) };
        // Anything else is a refusal, which is marked on a text that is stored already.
        if !encrypted.effects.iter().any(|effect| matches!(effect, Effect::Outbox)) {
            return Ok(None);
        }
        Ok(Some(encrypted.after(&composed.changes)))
    }
}
