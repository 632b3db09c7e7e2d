//! Sign-in: the password proves itself by OPAQUE (RFC 9807) and opens the vault; then this browser is, or becomes, a
//! device of the account.
//!
//! Owns the steps and their order. What the server says about the account is believed only as far as the vault, which
//! only the password opens, vouches for it.

use super::{
    failure::Failure,
    form::Form,
    http::{self, HttpError},
    own_device::{self, KeptDevice, NewDevice},
    random,
    rsa::{self, SigningKey, WebVerifier},
    store::{ACCOUNT_KEY, Store},
};
use crate::{
    client::fields::Password,
    crypto::{
        CheckedCard,
        password::{LoggedIn, Login},
        vault::{self, OpenVault, VaultBody, VaultKeys},
    },
};
use cliquet_wire::{
    address::Address,
    certificate::AccountCard,
    devices::RegisterDevice,
    ids::DeviceId,
    problem::ProblemCode,
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignedIn, Vault},
};
use uuid::Uuid;

/// Takes the form's fields all the way to a signed-in device. `told`: see [`Failure::EarlierAccount`].
pub async fn sign_in(form: &Form, told: Option<&Address>) -> Result<(), Failure> {
    let email = form.address()?;
    let password = form.given_password()?;
    rsa::check_available()?;
    enter(form, &email, &password, told == Some(&email)).await
}

pub(super) async fn enter(form: &Form, email: &Address, password: &Password, may_replace: bool) -> Result<(), Failure> {
    form.working("working-sign-in");
    let (attempt, logged_in) = log_in(email, password).await?;
    // Only now: a wrong guess leaves no storage behind.
    let mut store = Store::open(email).await?;
    let kept = KeptDevice::find(&store).await?;
    let finish = SignInFinish {
        attempt,
        finalization: logged_in.finalization,
        device: kept.as_ref().map(|kept| kept.own.device()),
    };
    let signed_in: SignedIn = http::post("/sign-in/finish", &finish).await.map_err(refused)?;
    let device = signed_in.device;
    let account = match Account::check(email, signed_in, VaultKeys::derive(logged_in.export_key.as_bytes())).await {
        Ok(account) => account,
        Err(failure) => return leave(failure).await,
    };
    let settled = match &kept {
        Some(kept) if kept.own.account_key() != account.card.account_key() => {
            if !may_replace && !kept.pending {
                return leave(Failure::EarlierAccount(email.clone())).await;
            }
            store.close();
            Store::erase(email).await?;
            store = Store::open(email).await?;
            account.register(form, &store).await
        }
        Some(kept) if device == Some(kept.own.device()) => account.resume(&store, kept.own.device()).await,
        _ => account.register(form, &store).await,
    };
    match settled {
        Ok(()) => Ok(()),
        Err(failure) => leave(failure).await,
    }
}

async fn log_in(email: &Address, password: &Password) -> Result<(Uuid, LoggedIn), Failure> {
    let mut rng = random::system();
    let (login, request) = Login::start(password.as_bytes(), &mut rng)?;
    let start = SignInStart { email: email.as_str().to_owned(), request };
    let started: SignInStarted = http::post("/sign-in/start", &start).await.map_err(refused)?;
    if started.email != *email {
        return Err(Failure::Server(HttpError::Unreadable));
    }
    Ok((started.attempt, login.finish(password.as_bytes(), &started.response, &mut rng)?))
}

/// The server's refusal and the password's own are one.
fn refused(error: HttpError) -> Failure {
    if error.code() == Some(ProblemCode::SignInRefused) { Failure::Refused } else { Failure::Server(error) }
}

/// A sign-in that cannot go on is ended, so that no page takes it for one.
async fn leave(failure: Failure) -> Result<(), Failure> {
    // If even this is lost, the sign-in speaks for no device and ends by itself.
    let _ = http::call("POST", "/sign-out").await;
    Err(failure)
}

/// The account as its vault vouches for it.
#[derive(Debug)]
struct Account {
    card: CheckedCard,
    keys: VaultKeys,
    vault: OpenVault,
}

impl Account {
    async fn check(email: &Address, signed_in: SignedIn, keys: VaultKeys) -> Result<Self, Failure> {
        if signed_in.card.email != *email {
            return Err(Failure::CardRefused);
        }
        let vault = vault::open(&keys, email, &signed_in.card.account_key, &signed_in.vault)?;
        let card = CheckedCard::check(signed_in.card, None, vault.body.counter, &WebVerifier).await?;
        Ok(Self { card, keys, vault })
    }

    /// This browser was a device already, and still is.
    async fn resume(&self, store: &Store, device: DeviceId) -> Result<(), Failure> {
        if self.card.certificate(device).is_none() {
            return Err(Failure::CardRefused);
        }
        if store.key(ACCOUNT_KEY).await?.is_none() {
            let signer = self.signer().await?;
            store.commit_with_keys(&[], &[(ACCOUNT_KEY, signer.stored())]).await?;
        }
        own_device::confirm(store).await;
        Ok(())
    }

    /// This browser becomes a device.
    async fn register(mut self, form: &Form, store: &Store) -> Result<(), Failure> {
        form.working("making-keys");
        let signer = self.signer().await?;
        let device_list = match self.try_register(store, &signer).await {
            // Another device came or went in this very moment.
            Err(Failure::Server(error)) if error.code() == Some(ProblemCode::ListOutdated) => {
                let card: AccountCard = http::get(&format!("/contacts/{}", self.card.email())).await?;
                let (pinned, counter) = (self.card.account_key(), self.card.counter());
                self.card = CheckedCard::check(card, Some(pinned), counter, &WebVerifier).await?;
                self.try_register(store, &signer).await?
            }
            registered => registered?,
        };
        own_device::confirm(store).await;
        self.remember(device_list).await;
        Ok(())
    }

    async fn try_register(&self, store: &Store, signer: &SigningKey) -> Result<u64, Failure> {
        let device = NewDevice::next(&self.card, signer).await?;
        device.keep(store, signer).await?;
        let register = RegisterDevice { device_list: device.device_list(), device: device.upload() };
        let card: AccountCard = http::post("/devices", &register).await?;
        if card.device_list == register.device_list { Ok(card.device_list.counter) } else { Err(Failure::CardRefused) }
    }

    async fn signer(&self) -> Result<SigningKey, Failure> {
        let (wrapped, wrapping_key) = (&self.vault.wrapped, self.keys.wrapping().as_bytes());
        // The vault opened, so this key is the one that was sealed; a failure is the vault's.
        let account_key = self.card.account_key().clone();
        SigningKey::unwrap(wrapped, wrapping_key, account_key).await.map_err(|_| Failure::VaultRefused)
    }

    /// Keeps the list's counter in the vault, so that an older list is recognised by the next new device as well.
    async fn remember(&self, counter: u64) {
        let body = VaultBody { counter, ..self.vault.body.clone() };
        let (email, account_key) = (self.card.email(), self.card.account_key());
        let sealed = vault::seal(&self.keys, email, account_key, &self.vault.wrapped, &body, &mut random::system());
        if let Ok(vault) = sealed {
            // The vault as it was still opens, and only knows an older counter: not worth failing for.
            let _ = http::put::<Vault>("/vault", &Vault { vault }).await;
        }
    }
}
