//! Seals what one account gets: an envelope for each of its devices.

use super::job::Part;
use crate::{
    client::{
        content::{Body, Content, ContentError, OwnList},
        conversation::{MessageId, SentEnvelope},
        messenger::{Messenger, Step, StepError},
        outbox::About,
        records::{Store, session_key, simple},
    },
    crypto::EncryptError,
};
use cliquet_wire::{
    envelope::Envelope,
    ids::{DeviceId, EnvelopeId},
};
use rand_core::CryptoRng;

/// Why nothing was encrypted for a device.
pub(super) enum NotEncrypted {
    TooLong,
    /// The session with this key is used up.
    SessionOver(String),
}

impl Messenger {
    /// Encrypts one envelope of each body for each device of the account but this one: a list for each body. A contact request to a device asks
    /// for the envelopes that were lost from it. `time`: of what is said; `now`: of the envelopes.
    pub(super) fn seal(
        &self,
        part: &Part<'_>,
        about: &About,
        (time, now): (u64, u64),
        step: &mut Step,
        rng: &mut impl CryptoRng,
    ) -> Result<Result<Vec<Vec<Envelope>>, NotEncrypted>, StepError> {
        let own = self.directory(self.address()).ok_or(StepError::CannotEncrypt)?;
        let (list, group) = (OwnList::of(&own.device_list), part.group);
        let (sender, device) = (self.address().clone(), self.device());
        let content = |body| Content { sender: sender.clone(), device, time, list, group, body };
        let mut common = Vec::with_capacity(part.bodies.len());
        for body in &part.bodies {
            match content(body.clone()).encode() {
                Ok(encoded) => common.push((matches!(body, Body::ContactRequest), encoded)),
                Err(ContentError::TooLarge) => return Ok(Err(NotEncrypted::TooLong)),
                Err(ContentError::Newer | ContentError::Malformed) => return Err(StepError::CannotEncrypt),
            }
        }
        let gets_it = |device: &DeviceId| part.only.is_none_or(|only| only.contains(device));
        let mut envelopes = vec![Vec::new(); common.len()];
        for device in self.receivers(&part.account) {
            let key = session_key(&part.account, device);
            let known = self.sessions(&key).ok_or(StepError::CannotEncrypt)?;
            let (mut after, mut asked) = (None, None);
            for ((is_request, common), of_body) in common.iter().zip(&mut envelopes) {
                let mut random = [0; 10];
                rng.fill_bytes(&mut random);
                let id = EnvelopeId::from_parts(now, random);
                let sessions = after.as_ref().unwrap_or(&known.sessions);
                let lost = if *is_request { known.to_ask(now) } else { &[] };
                let sealed = if !lost.is_empty() {
                    let asking = content(Body::RetryRequest { envelopes: lost.to_vec() }).encode();
                    sessions.encrypt(id, &asking.map_err(|_| StepError::CannotEncrypt)?, rng)
                } else if !gets_it(&device) {
                    let nothing = content(Body::ContactRequest).encode().map_err(|_| StepError::CannotEncrypt)?;
                    sessions.encrypt(id, &nothing, rng)
                } else {
                    sessions.encrypt(id, common, rng)
                };
                let envelope = match sealed {
                    Ok((sessions, envelope)) => {
                        after = Some(sessions);
                        envelope
                    }
                    Err(EncryptError::TooLong) => return Ok(Err(NotEncrypted::TooLong)),
                    Err(EncryptError::NoSession | EncryptError::Exhausted) => {
                        return Ok(Err(NotEncrypted::SessionOver(key)));
                    }
                };
                asked = asked.or(is_request.then_some(id));
                if let Some(waiting) = about.waiting().filter(|_| gets_it(&device)) {
                    let sent = SentEnvelope { what: waiting, device };
                    step.changes.put(Store::Envelopes, simple(MessageId(id.0)), &sent);
                }
                of_body.push(envelope);
            }
            match (after, asked) {
                (Some(sessions), Some(id)) => known.put_asked(&sessions, id, now, &key, &mut step.changes),
                (Some(sessions), None) => known.put(&sessions, false, &key, &mut step.changes),
                (None, _) => {}
            }
        }
        Ok(Ok(envelopes))
    }
}
