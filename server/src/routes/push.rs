//! Where a device is told that something waits while no page is open on it.

use crate::{
    body::Body,
    config::sizes,
    database::{self, Database},
    error::Error,
    push::{Push, subscriptions},
    response::HtmlOrJson,
    signed_in::{Changing, SignedInDevice},
};
use cliquet_wire::{
    problem::ProblemCode,
    push::{PushOffer, PushSubscription},
};
use rocket::{Route, State, delete, get, put, response::status::NoContent, routes};

pub fn routes() -> Vec<Route> {
    routes![offer, subscribe, unsubscribe]
}

#[get("/push")]
fn offer(_me: SignedInDevice, push: &State<Push>) -> HtmlOrJson<PushOffer> {
    HtmlOrJson::new(PushOffer { key: push.key() })
}

/// An address that is refused takes the place of the one before all the same: the browser has no longer that one either.
#[put("/push", data = "<body>")]
async fn subscribe(
    changing: Changing<SignedInDevice>,
    body: Body<PushSubscription, { sizes::SMALL }>,
    push: &State<Push>,
    database: &State<Database>,
) -> Result<NoContent, Error> {
    let Changing(me) = changing;
    let endpoint = push.endpoint(&body.0.endpoint).ok_or(ProblemCode::PushOff)?;
    let refused = endpoint.is_err();
    let change = database.write(move |transaction| match endpoint {
        Ok(endpoint) => subscriptions::set(transaction, me.device, &endpoint),
        Err(_) => subscriptions::forget(transaction, me.device),
    });
    change.await?;
    if refused { Err(ProblemCode::PushEndpointRefused.into()) } else { Ok(NoContent) }
}

#[delete("/push")]
async fn unsubscribe(changing: Changing<SignedInDevice>, database: &State<Database>) -> Result<NoContent, Error> {
    let Changing(me) = changing;
    database.write::<_, database::Error, _>(move |transaction| subscriptions::forget(transaction, me.device)).await?;
    Ok(NoContent)
}
