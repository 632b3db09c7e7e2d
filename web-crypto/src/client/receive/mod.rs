//! Receives deliveries: decrypts, checks and keeps each in one step with the new ratchet state and the cursor (D4).
//!
//! Every delivery moves the cursor on, or the mailbox would stop at it for ever. One that cannot be shown leaves a notice
//! in its conversation, if there is one.

mod arrived;
mod in_group;
mod retry;
mod unknown;

pub use unknown::{STRANGERS_CONTENTS_MAX, UNKNOWN_CONTENTS_MAX, UnknownContent};

use super::{
    conversation::{DeliveryStatus, Failure, MessageId, Notice},
    messenger::{Ignored, Messenger, Step, StepError},
    peer::{Contact, Peer, Trust, note, sessions::PeerSessions},
    records::{Records, Store, session_key, simple},
};
use crate::crypto::{CheckedPreKeyMessage, DecryptError, Decrypted, PreKeyMessageError, rsa::Verifier};
use cliquet_wire::{account_key::AccountKey, certificate::Certificate, envelope::Envelope, poll::Delivery};
use rand_core::CryptoRng;

/// A decrypted envelope.
struct Found {
    opened: Decrypted,
    /// From the proof in a pre-key message. It was verified.
    proof: Option<(AccountKey, Certificate)>,
}

/// Why an envelope was not decrypted.
enum Closed {
    Duplicate,
    Misdirected,
    /// Signed by another account key than the pinned one, with this hash.
    KeyChanged([u8; 32]),
    NewerVersion,
    CannotOpen,
}

impl Messenger {
    /// Receives one delivery of a poll; call it in their order. Commit and apply the step before the next poll, whose cursor
    /// acknowledges it.
    ///
    /// # Errors
    /// When a record cannot be read. A bad envelope is not an error: it leaves a notice or is ignored.
    pub async fn receive(
        &self,
        delivery: &Delivery,
        records: &impl Records,
        verifier: &impl Verifier,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        if delivery.cursor <= self.cursor() {
            step.ignore(Ignored::Duplicate);
            return Ok(step);
        }
        step.put_cursor(delivery.cursor);
        let Some(envelope) = &delivery.envelope else {
            if let Some(id) = delivery.expired {
                let name = simple(MessageId(id.0));
                self.mark_own(&name, DeliveryStatus::Failed(Failure::Expired), records, &mut step).await?;
                // Once: after the message was sent again, an earlier notice about it means nothing.
                step.changes.delete(Store::MessageKeys, name);
            }
            return Ok(step);
        };
        let known = self.peer(&envelope.sender_email);
        if known.is_some_and(|peer| peer.trust == Trust::Blocked) {
            step.ignore(Ignored::Blocked);
            return Ok(step);
        }
        match self.decrypt(envelope, known, verifier, rng).await {
            Ok(found) => self.keep(found, envelope, (records, verifier), now, step).await,
            Err(Closed::Duplicate) => {
                step.ignore(Ignored::Duplicate);
                Ok(step)
            }
            Err(Closed::Misdirected) => {
                step.ignore(Ignored::Misdirected);
                Ok(step)
            }
            Err(Closed::KeyChanged(hash)) => {
                match self.contact(&envelope.sender_email) {
                    Some(contact) if !contact.is_own() => self.key_changed(contact, &hash, now, &mut step),
                    _ => step.ignore(Ignored::CannotOpen),
                }
                Ok(step)
            }
            Err(Closed::NewerVersion) => Ok(self.cannot_open(envelope, Notice::NewerVersion, now, step)),
            Err(Closed::CannotOpen) => Ok(self.cannot_open(envelope, Notice::CannotOpen, now, step)),
        }
    }

    /// Decrypts with a kept session, or accepts the session of a pre-key message.
    async fn decrypt(
        &self,
        envelope: &Envelope,
        known: Option<&Peer>,
        verifier: &impl Verifier,
        rng: &mut impl CryptoRng,
    ) -> Result<Found, Closed> {
        if envelope.v != cliquet_wire::VERSION {
            return Err(Closed::NewerVersion);
        }
        let to_us = envelope.receiver_email == *self.address() && envelope.receiver_device == self.device();
        let from_us = envelope.sender_email == *self.address() && envelope.sender_device == self.device();
        if !to_us || from_us {
            return Err(Closed::Misdirected);
        }
        let none = PeerSessions::default();
        let kept = self.sessions(&session_key(&envelope.sender_email, envelope.sender_device)).unwrap_or(&none);
        let mut checked_message = None;
        if kept.is_lowered(envelope) {
            return Err(Closed::CannotOpen);
        }
        if kept.sessions.needs_check(self.own(), envelope) {
            let pinned = known.map(|peer| &peer.account_key);
            let checked =
                match (CheckedPreKeyMessage::check(envelope, pinned, verifier).await, &envelope.pre_key_message) {
                    (Ok(checked), _) => checked,
                    (Err(PreKeyMessageError::AccountKeyChanged), Some(message)) => {
                        return Err(Closed::KeyChanged(message.account_key.hash().0));
                    }
                    (Err(_), _) => return Err(Closed::CannotOpen),
                };
            if known.is_some_and(|peer| removed(peer, checked.certificate())) {
                return Err(Closed::CannotOpen);
            }
            checked_message = Some(checked);
        }
        let proof =
            checked_message.as_ref().map(|message| (message.account_key().clone(), message.certificate().clone()));
        match kept.sessions.decrypt(self.own(), self.pre_keys(), checked_message.as_ref(), envelope, rng) {
            Ok(opened) => Ok(Found { opened, proof }),
            Err(DecryptError::Duplicate) if kept.is_no_repetition(envelope) => Err(Closed::CannotOpen),
            Err(DecryptError::Duplicate) => Err(Closed::Duplicate),
            Err(DecryptError::OtherVersion) => Err(Closed::NewerVersion),
            Err(DecryptError::Misdirected) => Err(Closed::Misdirected),
            Err(
                DecryptError::Refused
                | DecryptError::TooFarAhead
                | DecryptError::NoSession
                | DecryptError::MissingPreKey
                | DecryptError::NotChecked,
            ) => Err(Closed::CannotOpen),
        }
    }

    /// Leaves a notice in the conversation, and begins a new session with that device, at most once a minute (D9).
    fn cannot_open(&self, envelope: &Envelope, notice: Notice, now: u64, mut step: Step) -> Step {
        let Some(mut contact) = self.contact(&envelope.sender_email) else {
            step.ignore(Ignored::Stranger);
            return step;
        };
        let key = session_key(contact.address(), envelope.sender_device);
        // Even when it was a pre-key message: its pre-key may be gone, and its sender would go on using that session.
        let listed = contact.peer.listed.as_ref().is_some_and(|devices| devices.contains(&envelope.sender_device));
        if notice == Notice::CannotOpen && listed && contact.peer.is_answered() {
            let none = PeerSessions::default();
            let kept = self.sessions(&key).unwrap_or(&none);
            contact.owed.contact_request |= kept.renew(envelope.id, now, &key, &mut step.changes);
        }
        self.say(&mut contact, notice, envelope, now, &mut step);
        self.put_contact(contact, &mut step);
        step
    }

    /// Leaves a notice in the conversation, but not twice in a row, so that a flood of bad envelopes fills no storage.
    fn say(&self, contact: &mut Contact, notice: Notice, envelope: &Envelope, now: u64, step: &mut Step) {
        if contact.is_own() || contact.conversation.ends_with(notice) {
            step.ignore(Ignored::CannotOpen);
            return;
        }
        note(contact, MessageId(envelope.id.0), notice, now, step);
    }
}

/// Whether the certificate's device was removed (C2): it was added at or before the accepted list, which does not name it.
fn removed(peer: &Peer, certificate: &Certificate) -> bool {
    let listed = peer.listed.as_ref();
    certificate.counter <= peer.counter && listed.is_some_and(|devices| !devices.contains(&certificate.device))
}
