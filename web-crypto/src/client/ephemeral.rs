//! Signals that are useless a moment later: "is typing", "is here". They change no record, wait for nothing, and may
//! be dropped by anybody on the way.

use super::{
    messenger::{Messenger, StepError},
    peer::Trust,
};
use crate::crypto::{cbor, ephemeral};
use cliquet_wire::{address::Address, ephemeral::EphemeralEnvelope};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;

/// A signal counts if its time differs from this device's clock by at most this, in milliseconds, so that a server cannot
/// hold it back for longer.
pub const SIGNAL_LIFE_MS: u64 = 30_000;

/// What a device signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Signal {
    /// Kind 0: somebody is writing to the receiver.
    #[n(0)]
    Typing,
    /// Kind 1: nobody is any more.
    #[n(1)]
    StoppedTyping,
    /// Kind 2: somebody looks at the conversation with the receiver.
    #[n(2)]
    Present,
    /// Kind 3: nobody does any more.
    #[n(3)]
    Left,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Content {
    #[n(0)]
    signal: Signal,
    /// By the sender's clock, in milliseconds since 1970.
    #[n(1)]
    time: u64,
}

impl cbor::Record for Content {
    const VERSION: u32 = 1;
}

impl Messenger {
    /// The body of `POST /ephemeral`, for the contact's devices. Empty when its devices are not known: a signal fetches
    /// nothing.
    ///
    /// # Errors
    /// When the account is not a contact, or shows another key.
    pub fn signal(
        &self,
        address: &Address,
        signal: Signal,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<EphemeralEnvelope>, StepError> {
        let peer = self.peer(address).filter(|peer| peer.trust == Trust::Added && !peer.key_changed);
        peer.ok_or(StepError::NoContact)?;
        let Some(directory) = self.directory(address) else { return Ok(Vec::new()) };
        let content = cbor::save(&Content { signal, time: now });
        let encrypt = |certificate| ephemeral::encrypt(self.own(), certificate, &content, &mut *rng);
        directory.certificates.iter().map(encrypt).collect::<Result<_, _>>().map_err(|_| StepError::CannotEncrypt)
    }

    /// What a contact's device signals. `None`: it is of nobody who was added, too old, of an unknown kind, or not
    /// authentic.
    pub fn heard(&self, envelope: &EphemeralEnvelope, now: u64) -> Option<Signal> {
        let address = &envelope.sender_email;
        self.peer(address).filter(|peer| peer.trust == Trust::Added && !peer.key_changed)?;
        let certificates = &self.directory(address)?.certificates;
        let certificate = certificates.iter().find(|certificate| certificate.device == envelope.sender_device)?;
        let content: Content = cbor::load(&ephemeral::decrypt(self.own(), certificate, envelope).ok()?).ok()?;
        (content.time.abs_diff(now) <= SIGNAL_LIFE_MS).then_some(content.signal)
    }
}
