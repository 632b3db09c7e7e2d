//! Ephemeral envelopes: signals such as "is typing", for devices of a contact that hold a poll now.
//!
//! Owns the rules of who may send them to whom. Cannot read them, keeps none of them, and does not tell whether anyone
//! was there.

use super::messages::{check_contact, check_length};
use crate::{
    body::Body,
    cache::VersionedCache,
    config::sizes,
    database::Database,
    devices,
    error::Error,
    mailbox::{Mailbox, Mailboxes, Offer},
    signed_in::SignedInDevice,
    throttle::Throttle,
};
use cliquet_wire::{
    address::Address,
    ephemeral::{EphemeralEnvelope, SendEphemeral},
    ids::DeviceId,
    limits::{EPHEMERAL_CIPHERTEXT_BYTES_MAX, EPHEMERAL_PER_POST_MAX},
    problem::ProblemCode,
};
use rocket::{Route, State, post, response::status::NoContent, routes};
use std::collections::BTreeSet;

pub fn routes() -> Vec<Route> {
    routes![send]
}

/// An account and the address of a contact that takes its messages, with the devices of that contact. Refusals are not
/// kept.
pub type ContactDevices = VersionedCache<(i64, Address), BTreeSet<DeviceId>>;

/// The checks are those of `POST /messages`, but not every device of the contact must be named.
#[post("/ephemeral", data = "<post>")]
async fn send(
    me: SignedInDevice,
    post: Body<SendEphemeral, { sizes::EPHEMERAL }>,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
    throttle: &State<Throttle>,
    contact_devices: &State<ContactDevices>,
) -> Result<NoContent, Error> {
    throttle.ephemeral_per_account.check(&me.account_id)?;
    let envelopes = post.0.envelopes;
    let (receiver, devices) = check_form(&envelopes, &me)?;
    let found = contact_devices.get(database, (me.account_id, receiver), |connection, (account_id, receiver)| {
        check_contact(connection, *account_id, receiver, None)?;
        Ok::<_, Error>(Some(devices::active(connection, receiver)?.into_iter().collect()))
    });
    let active = found.await?.unwrap_or_default();
    if !devices.is_subset(&active) {
        return Err(ProblemCode::DevicesChanged.into());
    }
    mailboxes.offer(envelopes.iter().map(offer).collect::<Result<_, _>>()?);
    Ok(NoContent)
}

/// What can be said of the envelopes by looking at them alone. Returns whose devices they are for.
fn check_form(
    envelopes: &[EphemeralEnvelope],
    me: &SignedInDevice,
) -> Result<(Address, BTreeSet<DeviceId>), ProblemCode> {
    let receiver = &envelopes.first().ok_or(ProblemCode::Malformed)?.receiver_email;
    if envelopes.len() > EPHEMERAL_PER_POST_MAX {
        return Err(ProblemCode::TooLarge);
    }
    let mut devices = BTreeSet::new();
    for envelope in envelopes {
        if envelope.v != cliquet_wire::VERSION {
            return Err(ProblemCode::Malformed);
        }
        if envelope.sender_email != me.email || envelope.sender_device != me.device {
            return Err(ProblemCode::WrongSender);
        }
        check_length(&envelope.ciphertext, EPHEMERAL_CIPHERTEXT_BYTES_MAX)?;
        if envelope.receiver_email != *receiver || !devices.insert(envelope.receiver_device) {
            return Err(ProblemCode::Malformed);
        }
    }
    if *receiver == me.email {
        return Err(ProblemCode::OwnAddress);
    }
    Ok((receiver.clone(), devices))
}

fn offer(envelope: &EphemeralEnvelope) -> Result<Offer, Error> {
    let json = serde_json::to_string(envelope).map_err(Error::internal)?;
    Ok(Offer { mailbox: envelope.receiver_device, json: json.into() })
}
