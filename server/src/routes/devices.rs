//! One's own devices and sign-ins.

use crate::{
    accounts,
    body::Body,
    config::sizes,
    database::{self, Database},
    devices::{self, ChangeError, CheckedDevice, CheckedList, DeviceName},
    error::Error,
    mailbox::{Mailbox as _, Mailboxes},
    now::Now,
    pre_keys::{self, CheckedUpload, PublishError},
    response::HtmlOrJson,
    sign_ins,
    signatures::Verification,
    signed_in::{Changing, SignedIn, SignedInDevice},
    storage::Room,
};
use cliquet_wire::{
    certificate::DeviceDirectory,
    devices::{Devices, RegisterDevice, RenameDevice, RenewDeviceList, RevokeDevice},
    ids::{DeviceId, SignInId},
    pre_keys::{PreKeyStock, PreKeyUpload},
    problem::ProblemCode,
};
use rocket::{Route, State, delete, get, post, put, response::status::NoContent, routes};
use rusqlite::Connection;

pub fn routes() -> Vec<Route> {
    routes![list, register, revoke, renew_list, rename, stock, publish, end_sign_in]
}

#[get("/devices")]
async fn list(signed_in: SignedIn, now: Now, database: &State<Database>) -> Result<HtmlOrJson<Devices>, Error> {
    let now_ms = now.0;
    let devices = database.run(move |connection| owned(connection, &signed_in, now_ms));
    Ok(HtmlOrJson::new(devices.await?).page("devices.html").fragment("fragments/devices.html"))
}

fn owned(connection: &Connection, signed_in: &SignedIn, now_ms: u64) -> Result<Devices, database::Error> {
    Ok(Devices {
        devices: devices::owned(connection, signed_in.account_id, signed_in.device)?,
        sign_ins: sign_ins::list(connection, signed_in.account_id, signed_in.sign_in_id, now_ms)?,
    })
}

/// Adds a device and binds this sign-in to it. A sign-in that has one already is refused: sign in again.
#[post("/devices", data = "<body>")]
async fn register(
    changing: Room<Changing<SignedIn>>,
    body: Body<RegisterDevice, { sizes::DEVICE }>,
    now: Now,
    database: &State<Database>,
) -> Result<HtmlOrJson<DeviceDirectory>, Error> {
    let Room(Changing(signed_in)) = changing;
    let RegisterDevice { device_list, device } = body.0;
    let SignedIn { account_id, email, device: already, sign_in_id } = signed_in;
    if already.is_some() {
        return Err(ProblemCode::DeviceLimit.into());
    }
    let now_ms = now.0;
    let directory = database.change(move |connection| {
        let account_key = accounts::account_key(connection, account_id)?;
        let device = CheckedDevice::check(&email, &account_key, device_list, device)?;
        database::write(connection, |transaction| {
            devices::register(transaction, account_id, &device, now_ms)?;
            if !sign_ins::bind(transaction, sign_in_id, device.id())? {
                return Err(ProblemCode::SignedOut.into());
            }
            Ok::<_, Error>(devices::directory(transaction, account_id)?)
        })
    });
    Ok(HtmlOrJson::new(directory.await?).created().compressible())
}

#[post("/devices/<id>/revoke", data = "<body>")]
async fn revoke(
    changing: Changing<SignedIn>,
    id: &str,
    body: Body<RevokeDevice, { sizes::SMALL }>,
    now: Now,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
) -> Result<HtmlOrJson<DeviceDirectory>, Error> {
    let Changing(signed_in) = changing;
    let id: DeviceId = id.parse().map_err(|_| ProblemCode::UnknownDevice)?;
    let RevokeDevice { device_list } = body.0;
    let SignedIn { account_id, email, .. } = signed_in;
    let now_ms = now.0;
    let directory = database.change(move |connection| {
        let account_key = accounts::account_key(connection, account_id)?;
        let list = CheckedList::check(&email, &account_key, device_list)?;
        database::write(connection, |transaction| {
            devices::revoke(transaction, account_id, id, &list, now_ms)?;
            Ok::<_, ChangeError>(devices::directory(transaction, account_id)?)
        })
    });
    let directory = directory.await?;
    // What waits for the device is of no use to anyone now. Whether it goes does not undo the revocation: envelopes
    // that stay reach nobody, since its sign-ins are gone, and age away.
    mailboxes.end_wait(id);
    if let Err(error) = mailboxes.delete(id).await {
        tracing::warn!(cause = %error, "the mailbox of a revoked device stays until its envelopes age away");
    }
    Ok(HtmlOrJson::new(directory))
}

/// Takes a later list with the same devices. Contacts hear of it from the account's devices, and then ask for it.
#[put("/devices/list", data = "<body>")]
async fn renew_list(
    changing: Changing<SignedInDevice>,
    body: Body<RenewDeviceList, { sizes::SMALL }>,
    database: &State<Database>,
) -> Result<HtmlOrJson<DeviceDirectory>, Error> {
    let Changing(SignedInDevice { account_id, email, .. }) = changing;
    let RenewDeviceList { device_list } = body.0;
    let directory = database.change(move |connection| {
        let account_key = accounts::account_key(connection, account_id)?;
        let list = CheckedList::check(&email, &account_key, device_list)?;
        database::write(connection, |transaction| {
            devices::renew_list(transaction, account_id, &list)?;
            Ok::<_, ChangeError>(devices::directory(transaction, account_id)?)
        })
    });
    Ok(HtmlOrJson::new(directory.await?))
}

#[put("/devices/<id>/name", data = "<body>")]
async fn rename(
    changing: Changing<SignedIn>,
    id: &str,
    body: Body<RenameDevice, { sizes::SMALL }>,
    now: Now,
    database: &State<Database>,
) -> Result<HtmlOrJson<Devices>, Error> {
    let Changing(signed_in) = changing;
    let id: DeviceId = id.parse().map_err(|_| ProblemCode::UnknownDevice)?;
    let name = DeviceName::check(&body.0.name)?;
    let now_ms = now.0;
    let devices = database.change(move |connection| {
        database::write(connection, |transaction| {
            devices::rename(transaction, signed_in.account_id, id, &name)?;
            Ok::<_, ChangeError>(owned(transaction, &signed_in, now_ms)?)
        })
    });
    Ok(HtmlOrJson::new(devices.await?).fragment("fragments/devices.html"))
}

#[get("/devices/self/pre-keys")]
async fn stock(signed_in: SignedInDevice, database: &State<Database>) -> Result<HtmlOrJson<PreKeyStock>, Error> {
    let stock = database.run(move |connection| pre_keys::stock(connection, signed_in.device)).await?;
    Ok(HtmlOrJson::new(stock.ok_or(ProblemCode::NoDevice)?))
}

#[put("/devices/self/pre-keys", data = "<body>")]
async fn publish(
    changing: Room<Changing<SignedInDevice>>,
    body: Body<PreKeyUpload, { sizes::DEVICE }>,
    database: &State<Database>,
) -> Result<HtmlOrJson<PreKeyStock>, Error> {
    let Room(Changing(signed_in)) = changing;
    let upload = body.0;
    let SignedInDevice { account_id, device, .. } = signed_in;
    let stock = database.change(move |connection| {
        let account_key = accounts::account_key(connection, account_id)?;
        let checked = CheckedUpload::check(&Verification::with(&account_key)?, &account_key.hash(), device, upload)?;
        database::write(connection, |transaction| {
            // Revoked a moment ago: nothing may be published for it any more.
            if !devices::is_active(transaction, account_id, device)? {
                return Err(ProblemCode::NoDevice.into());
            }
            pre_keys::publish(transaction, &checked)?;
            pre_keys::stock(transaction, device)?.ok_or(Error::from(ProblemCode::NoDevice))
        })
    });
    Ok(HtmlOrJson::new(stock.await?))
}

#[delete("/sign-ins/<id>")]
async fn end_sign_in(
    signed_in: SignedIn,
    id: &str,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
) -> Result<NoContent, Error> {
    let id: SignInId = id.parse().map_err(|_| ProblemCode::NotFound)?;
    let ended = database.write(move |transaction| sign_ins::end(transaction, signed_in.account_id, id)).await?;
    // A poll that is held for it ends now (S3); another sign-in of the same device just polls again.
    if let Some(device) = ended.ok_or(ProblemCode::NotFound)? {
        mailboxes.end_wait(device);
    }
    Ok(NoContent)
}

impl From<crate::signatures::BadSignature> for Error {
    fn from(_: crate::signatures::BadSignature) -> Self {
        ProblemCode::BadSignature.into()
    }
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::BadSignature(error) => error.into(),
            ChangeError::ListOutdated => ProblemCode::ListOutdated.into(),
            ChangeError::Malformed => ProblemCode::Malformed.into(),
            ChangeError::TooMany => ProblemCode::DeviceLimit.into(),
            ChangeError::Unknown => ProblemCode::UnknownDevice.into(),
            ChangeError::KeyReused => ProblemCode::KeyReused.into(),
            ChangeError::Database(error) => error.into(),
        }
    }
}

impl From<PublishError> for Error {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::BadSignature(error) => error.into(),
            PublishError::KeyReused => ProblemCode::KeyReused.into(),
            PublishError::NotCanonical => ProblemCode::Malformed.into(),
            PublishError::TooMany => ProblemCode::TooLarge.into(),
            PublishError::Database(error) => error.into(),
        }
    }
}
