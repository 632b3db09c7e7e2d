//! Sign-up: an account made in this browser. The password only ever meets OPAQUE (RFC 9807), here.
//!
//! Owns the steps and their order: everything that the account needs is on this disk before the server is asked to
//! make it. So an answer that is lost costs nothing: the same press finds the account kept here, and signs in.

use super::{
    failure::Failure,
    form::Form,
    http::{self, HttpError},
    own_device::{self, KeptDevice, NewDevice},
    random, rsa,
    rsa::NewAccountKey,
    sign_in,
    store::Store,
};
use crate::{
    client::fields::Password,
    crypto::{
        password::Registration,
        vault::{self, VaultBody, VaultKeys},
    },
};
use cliquet_wire::{
    address::Address,
    problem::ProblemCode,
    sign_in::{SignUpFinish, SignUpStart, SignUpStarted, SignedIn},
};

/// Takes the form's fields all the way to an account. `told`: see [`Failure::EarlierAccount`].
pub async fn sign_up(form: &Form, told: Option<&Address>) -> Result<(), Failure> {
    let email = form.address()?;
    let password = form.chosen_password()?;
    form.working("working-sign-up");
    rsa::check_available()?;
    let store = Store::open(&email).await?;
    let kept = KeptDevice::find(&store).await?;
    let (is_new, pending) = (kept.is_none(), kept.as_ref().is_some_and(|kept| kept.pending));
    let earlier = match kept {
        Some(kept) if !kept.pending && told == Some(&email) => Earlier::Replace,
        Some(kept) if !kept.pending => Earlier::Tell,
        _ => Earlier::None,
    };
    match make(form, &email, &password, store, earlier).await {
        // The earlier press got through, and only its answer was lost.
        Err(Failure::Server(error)) if pending && error.code() == Some(ProblemCode::AddressTaken) => {
            match sign_in::enter(form, &email, &password, false).await {
                // Someone else was quicker, or this is another password than then.
                Err(Failure::Refused) => Err(Failure::Server(error)),
                entered => entered,
            }
        }
        // Nothing was made, and nothing was here before: leave no trace of the address.
        Err(failure) if is_new && failure.is_final() => {
            // A database that cannot be removed is of no use to anyone, and the next sign-up takes it.
            let _ = Store::erase(&email).await;
            Err(failure)
        }
        made => made,
    }
}

/// What this browser keeps of an account with this address that the server says it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Earlier {
    /// Nothing, or a sign-up that never got through.
    None,
    /// An account: its history must not go without a word.
    Tell,
    /// An account that the person, having been told, gives up.
    Replace,
}

async fn make(
    form: &Form,
    email: &Address,
    password: &Password,
    mut store: Store,
    earlier: Earlier,
) -> Result<(), Failure> {
    let mut rng = random::system();
    let (registration, request) = Registration::start(password.as_bytes(), &mut rng)?;
    let start = SignUpStart { email: email.as_str().to_owned(), invite: form.invite(), request };
    let started: SignUpStarted = http::post("/sign-up/start", &start).await?;
    if started.email != *email {
        return Err(Failure::Server(HttpError::Unreadable));
    }
    match earlier {
        Earlier::None => {}
        Earlier::Tell => return Err(Failure::EarlierAccount(email.clone())),
        Earlier::Replace => {
            store.close();
            Store::erase(email).await?;
            store = Store::open(email).await?;
        }
    }
    form.working("making-keys");
    let registered = registration.finish(password.as_bytes(), &started.response, &mut rng)?;
    let vault_keys = VaultKeys::derive(registered.export_key.as_bytes());
    let (signer, wrapped) = NewAccountKey::generate().await?.wrap(vault_keys.wrapping().as_bytes()).await?;
    let device = NewDevice::first(email.clone(), &signer).await?;
    let device_list = device.device_list();
    let body = VaultBody { counter: device_list.counter, contacts: Vec::new() };
    let vault = vault::seal(&vault_keys, email, signer.account_key(), &wrapped, &body, &mut rng)?;
    device.keep(&store, &signer).await?;
    form.working("working-sign-up");
    let finish = SignUpFinish {
        email: email.clone(),
        invite: form.invite(),
        record: registered.record,
        account_key: signer.account_key().clone(),
        vault,
        device_list,
        device: device.upload(),
    };
    let signed_in: SignedIn = http::post("/sign-up/finish", &finish).await.map_err(|error| match error {
        // Each of these may come after the server has made the account.
        HttpError::Offline | HttpError::TimedOut | HttpError::Unreadable => Failure::AnswerLost,
        HttpError::Problem(_) => Failure::Server(error),
    })?;
    if signed_in.device != Some(device.id()) {
        return Err(Failure::AnswerLost);
    }
    own_device::confirm(&store).await;
    Ok(())
}
