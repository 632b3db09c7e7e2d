//! Ephemeral envelopes: signals such as "is typing", for devices of contacts and fellow members that hold a poll now.
//!
//! Owns the rules of who may send them to whom. Cannot read them, keeps none of them, and does not tell whether anyone
//! was there.

use super::messages::{check_contact, check_length};
use crate::{
    body::Body,
    cache::VersionedCache,
    config::{sizes, turns},
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
    limits::{EPHEMERAL_ACCOUNTS_MAX, EPHEMERAL_CIPHERTEXT_BYTES_MAX, EPHEMERAL_PER_POST_MAX},
    problem::ProblemCode,
};
use rocket::{Route, State, post, response::status::NoContent, routes};
use std::collections::{BTreeMap, BTreeSet};

pub fn routes() -> Vec<Route> {
    routes![send]
}

/// An account and the address of somebody who takes its messages, with the devices of that one. Refusals are not kept.
pub type ReceiverDevices = VersionedCache<(i64, Address), BTreeSet<DeviceId>>;

/// The checks are those of `POST /messages`, but not every device of a receiver must be named, and receivers who cannot be
/// reached are left out if there are others.
#[post("/ephemeral", data = "<post>")]
async fn send(
    me: SignedInDevice,
    post: Body<SendEphemeral, { sizes::EPHEMERAL }>,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
    throttle: &State<Throttle>,
    receiver_devices: &State<ReceiverDevices>,
) -> Result<NoContent, Error> {
    let SendEphemeral { envelopes, tokens } = post.0;
    throttle.ephemeral_per_account.check_up_to(&me.account_id, turns(envelopes.len()))?;
    let receivers = check_form(&envelopes, &me)?;
    if tokens.keys().any(|account| !receivers.contains_key(account)) {
        return Err(ProblemCode::Malformed.into());
    }
    let (mut reached, mut refused) = (BTreeSet::new(), None::<Error>);
    for (receiver, devices) in receivers {
        let token = tokens.get(&receiver).cloned();
        let found = receiver_devices.get(
            database,
            (me.account_id, receiver.clone()),
            move |connection, (account_id, receiver)| {
                check_contact(connection, *account_id, receiver, token.as_ref())?;
                Ok::<_, Error>(Some(devices::active(connection, receiver)?.into_iter().collect()))
            },
        );
        match found.await {
            Ok(Some(active)) if devices.is_subset(&active) => drop(reached.insert(receiver)),
            Ok(_) => refused = Some(ProblemCode::DevicesChanged.into()),
            Err(error @ Error::Refused(_)) => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    if reached.is_empty()
        && let Some(error) = refused
    {
        return Err(error);
    }
    let reached = envelopes.iter().filter(|envelope| reached.contains(&envelope.receiver_email));
    mailboxes.offer(reached.map(offer).collect::<Result<_, _>>()?);
    Ok(NoContent)
}

/// What can be said of the envelopes by looking at them alone. Returns which devices of whom they are for.
fn check_form(
    envelopes: &[EphemeralEnvelope],
    me: &SignedInDevice,
) -> Result<BTreeMap<Address, BTreeSet<DeviceId>>, ProblemCode> {
    if envelopes.is_empty() {
        return Err(ProblemCode::Malformed);
    }
    if envelopes.len() > EPHEMERAL_PER_POST_MAX {
        return Err(ProblemCode::TooLarge);
    }
    let mut receivers: BTreeMap<Address, BTreeSet<DeviceId>> = BTreeMap::new();
    for envelope in envelopes {
        if envelope.v != cliquet_wire::VERSION {
            return Err(ProblemCode::Malformed);
        }
        if envelope.sender_email != me.email || envelope.sender_device != me.device {
            return Err(ProblemCode::WrongSender);
        }
        check_length(&envelope.ciphertext, EPHEMERAL_CIPHERTEXT_BYTES_MAX)?;
        if envelope.receiver_email == me.email {
            return Err(ProblemCode::OwnAddress);
        }
        if !receivers.entry(envelope.receiver_email.clone()).or_default().insert(envelope.receiver_device) {
            return Err(ProblemCode::Malformed);
        }
    }
    if receivers.len() > EPHEMERAL_ACCOUNTS_MAX {
        return Err(ProblemCode::TooLarge);
    }
    Ok(receivers)
}

fn offer(envelope: &EphemeralEnvelope) -> Result<Offer, Error> {
    let json = serde_json::to_string(envelope).map_err(Error::internal)?;
    Ok(Offer { mailbox: envelope.receiver_device, json: json.into() })
}
