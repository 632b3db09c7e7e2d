//! Contacts: looked up by SQL, added, blocked; and the claim of what is needed to write to them first.

use crate::{
    accounts,
    body::Body,
    config::sizes,
    contacts::{self, ChangeError},
    database::{self, Database},
    deleted_accounts, delivery_tokens, devices,
    error::Error,
    mailbox::{Mailbox as _, Mailboxes},
    now::Now,
    pre_keys,
    response::HtmlOrJson,
    routes::messages::check_contact,
    signed_in::{Changing, SignedIn, SignedInDevice},
    storage::Room,
    throttle::Throttle,
};
use cliquet_wire::{
    address::Address,
    certificate::DeviceDirectory,
    contacts::{AddContact, AskDirectory, Bundles, ClaimBundles, Contacts},
    delivery_token::DeliveryToken,
    ids::DeviceId,
    limits::DEVICES_MAX,
    pre_keys::PreKeyBundle,
    problem::ProblemCode,
};
use rocket::{Route, State, delete, get, post, put, response::status::NoContent, routes};
use rusqlite::Connection;
use std::collections::BTreeSet;

pub fn routes() -> Vec<Route> {
    routes![list, add, search, directory, ask_directory, remove, claim, decline, block, unblock]
}

#[get("/contacts")]
async fn list(signed_in: SignedIn, database: &State<Database>) -> Result<HtmlOrJson<Contacts>, Error> {
    let contacts = database.run(move |connection| {
        let SignedIn { account_id, .. } = signed_in;
        let deleted = deleted_accounts::former_contacts(connection, account_id)?;
        Ok::<_, database::Error>(Contacts { contacts: contacts::list(connection, account_id)?, deleted })
    });
    Ok(HtmlOrJson::new(contacts.await?).fragment("fragments/contacts.html"))
}

#[post("/contacts", data = "<body>")]
async fn add(
    changing: Room<Changing<SignedIn>>,
    body: Body<AddContact, { sizes::SMALL }>,
    throttle: &State<Throttle>,
    now: Now,
    database: &State<Database>,
) -> Result<HtmlOrJson<DeviceDirectory>, Error> {
    let Room(Changing(signed_in)) = changing;
    let email = parse(&body.0.email)?;
    let other = look_up(&signed_in, email, throttle, database).await?;
    let SignedIn { account_id, .. } = signed_in;
    if other == account_id {
        return Err(ProblemCode::OwnAddress.into());
    }
    let known = database.run(move |connection| {
        let is_answer = contacts::has_added(connection, other, account_id)?;
        Ok::<_, database::Error>(is_answer || contacts::has_added(connection, account_id, other)?)
    });
    if !known.await? {
        throttle.request_per_account.check(&account_id)?;
    }
    let now_ms = now.0;
    let directory = database.write(move |transaction| {
        contacts::add(transaction, account_id, other, now_ms)?;
        let directory = devices::directory(transaction, other)?;
        deleted_accounts::forget_contact(transaction, account_id, &directory.email)?;
        Ok::<_, Error>(directory)
    });
    Ok(HtmlOrJson::new(directory.await?).created())
}

/// What the form of "add contact" shows before adding.
#[get("/contacts/search?<email>")]
async fn search(
    signed_in: SignedIn,
    email: &str,
    throttle: &State<Throttle>,
    database: &State<Database>,
) -> Result<HtmlOrJson<DeviceDirectory>, Error> {
    let other = look_up(&signed_in, parse(email)?, throttle, database).await?;
    if other == signed_in.account_id {
        return Err(ProblemCode::OwnAddress.into());
    }
    let directory = database.run(move |connection| devices::directory(connection, other)).await?;
    Ok(HtmlOrJson::new(directory).fragment("fragments/search_result.html"))
}

/// Also one's own.
#[get("/contacts/<email>", rank = 2)]
async fn directory(
    signed_in: SignedIn,
    email: &str,
    throttle: &State<Throttle>,
    database: &State<Database>,
) -> Result<HtmlOrJson<DeviceDirectory>, Error> {
    let other = look_up(&signed_in, parse(email)?, throttle, database).await?;
    Ok(HtmlOrJson::new(database.run(move |connection| devices::directory(connection, other)).await?))
}

/// The same for a bearer of the account's delivery token, who may write to it and so looks it up as freely as a contact.
/// A post, because a path stands in logs. With another token it is the look-up of a stranger, and answered as that.
#[post("/contacts/<email>/directory", data = "<body>")]
async fn ask_directory(
    signed_in: SignedIn,
    email: &str,
    body: Body<AskDirectory, { sizes::SMALL }>,
    throttle: &State<Throttle>,
    database: &State<Database>,
) -> Result<HtmlOrJson<DeviceDirectory>, Error> {
    let other = look_up_with(&signed_in, parse(email)?, Some(body.0.token), throttle, database).await?;
    Ok(HtmlOrJson::new(database.run(move |connection| devices::directory(connection, other)).await?))
}

/// Removing a contact that does not exist succeeds.
#[delete("/contacts/<email>")]
async fn remove(changing: Changing<SignedIn>, email: &str, database: &State<Database>) -> Result<NoContent, Error> {
    let Changing(signed_in) = changing;
    let email = parse(email)?;
    database
        .write(move |transaction| {
            deleted_accounts::forget_contact(transaction, signed_in.account_id, &email)?;
            match accounts::find(transaction, &email)? {
                Some(other) => contacts::remove(transaction, signed_in.account_id, other),
                None => Ok(()),
            }
        })
        .await?;
    Ok(NoContent)
}

/// Declining a request that does not exist succeeds. What its sender has posted and no device has fetched goes too.
#[put("/contacts/<email>/decline")]
async fn decline(
    changing: Changing<SignedIn>,
    email: &str,
    now: Now,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
) -> Result<NoContent, Error> {
    let Changing(signed_in) = changing;
    let (email, now_ms) = (parse(email)?, now.0);
    let declined = database.write(move |transaction| {
        let Some(other) = accounts::find(transaction, &email)? else { return Ok(None) };
        let declined = contacts::decline(transaction, signed_in.account_id, other, now_ms)?;
        let devices = devices::active(transaction, &signed_in.email)?;
        Ok::<_, database::Error>(declined.then_some((other, devices)))
    });
    if let Some((other, devices)) = declined.await? {
        for device in devices {
            mailboxes.drop_sender(device, other).await?;
        }
    }
    Ok(NoContent)
}

#[put("/contacts/<email>/block")]
async fn block(
    changing: Changing<SignedIn>,
    email: &str,
    throttle: &State<Throttle>,
    now: Now,
    database: &State<Database>,
) -> Result<NoContent, Error> {
    let Changing(signed_in) = changing;
    let other = look_up(&signed_in, parse(email)?, throttle, database).await?;
    let SignedIn { account_id, .. } = signed_in;
    if other == account_id {
        return Err(ProblemCode::OwnAddress.into());
    }
    let now_ms = now.0;
    database.write(move |transaction| contacts::block(transaction, account_id, other, now_ms)).await?;
    Ok(NoContent)
}

/// Unblocking an account that is not blocked succeeds.
#[delete("/contacts/<email>/block")]
async fn unblock(changing: Changing<SignedIn>, email: &str, database: &State<Database>) -> Result<NoContent, Error> {
    let Changing(signed_in) = changing;
    let email = parse(email)?;
    database
        .write(move |transaction| match accounts::find(transaction, &email)? {
            Some(other) => contacts::unblock(transaction, signed_in.account_id, other),
            None => Ok(()),
        })
        .await?;
    Ok(NoContent)
}

/// One bundle for each named device, of a contact, of an account whose delivery token came too, or of one's own others. A
/// stranger and an unknown address are refused alike (S1).
#[post("/contacts/<email>/bundles", data = "<body>")]
async fn claim(
    signed_in: SignedInDevice,
    email: &str,
    body: Body<ClaimBundles, { sizes::SMALL }>,
    throttle: &State<Throttle>,
    database: &State<Database>,
) -> Result<HtmlOrJson<Bundles>, Error> {
    let email = parse(email)?;
    let ClaimBundles { devices: named, token } = body.0;
    let distinct: BTreeSet<_> = named.iter().collect();
    if named.is_empty() || named.len() > DEVICES_MAX || distinct.len() != named.len() {
        return Err(ProblemCode::Malformed.into());
    }
    let count = u32::try_from(named.len()).unwrap_or(u32::MAX);
    let SignedInDevice { account_id, device, .. } = signed_in;
    throttle.claim_per_requester.check_n(&account_id, count)?;
    let claim = Claim { account_id, device, email, named, token };
    // Before anything of the target's is spent: who may not write to it learns and uses up nothing.
    let (claim, other) = database
        .run(move |connection| {
            let other = claim.check(connection)?;
            Ok::<_, Error>((claim, other))
        })
        .await?;
    throttle.claim_per_pair.check_n(&(account_id, other), count)?;
    // Past this limit the stock is spared and nobody is refused (K7).
    let with_one_time = throttle.one_time_per_target.check_n(&other, count).is_ok();
    let bundles = database.write(move |transaction| {
        // It may have changed meanwhile.
        claim.check(transaction)?;
        let named = claim.named;
        let bundles = named.iter().map(|named| {
            let certificate = devices::certificate(transaction, *named)?;
            let claimed = pre_keys::claim(transaction, *named, with_one_time)?.ok_or(ProblemCode::DevicesChanged)?;
            let pre_keys::Claimed { signed, kem, one_time } = claimed;
            Ok(PreKeyBundle { certificate, signed, kem, one_time })
        });
        Ok::<_, Error>(Bundles { bundles: bundles.collect::<Result<_, Error>>()? })
    });
    Ok(HtmlOrJson::new(bundles.await?))
}

/// What is asked of whom, and by whom.
struct Claim {
    account_id: i64,
    device: DeviceId,
    email: Address,
    named: Vec<DeviceId>,
    token: Option<DeliveryToken>,
}

impl Claim {
    /// Whose bundles they are, if they may be handed out.
    fn check(&self, connection: &Connection) -> Result<i64, Error> {
        let other = match accounts::find(connection, &self.email)? {
            Some(own) if own == self.account_id => own,
            _ => check_contact(connection, self.account_id, &self.email, self.token.as_ref())?,
        };
        let active = devices::active(connection, &self.email)?;
        if self.named.iter().any(|named| *named == self.device || !active.contains(named)) {
            return Err(ProblemCode::DevicesChanged.into());
        }
        Ok(other)
    }
}

fn parse(typed: &str) -> Result<Address, ProblemCode> {
    Address::parse(typed).map_err(|_| ProblemCode::InvalidAddress)
}

/// The account of this address. Looking up people one does not know yet is limited: it tells who is here. An account that
/// had added a deleted one is told of the deletion.
async fn look_up(signed_in: &SignedIn, email: Address, throttle: &Throttle, database: &Database) -> Result<i64, Error> {
    look_up_with(signed_in, email, None, throttle, database).await
}

/// Nor does it tell anything new to who has the account's delivery token.
async fn look_up_with(
    signed_in: &SignedIn,
    email: Address,
    token: Option<DeliveryToken>,
    throttle: &Throttle,
    database: &Database,
) -> Result<i64, Error> {
    let account_id = signed_in.account_id;
    let found = database.run(move |connection| match accounts::find(connection, &email)? {
        Some(other) => {
            let is_known = contacts::are_known(connection, account_id, other)?
                || match &token {
                    Some(token) => delivery_tokens::admits(connection, token, account_id, other)?,
                    None => false,
                };
            Ok(Some((other, is_known)))
        }
        None if deleted_accounts::was_contact(connection, account_id, &email)? => {
            Err(ProblemCode::AccountDeleted.into())
        }
        None => Ok::<_, Error>(None),
    });
    let found = found.await?;
    if !matches!(found, Some((_, true))) {
        throttle.look_up_per_account.check(&account_id)?;
    }
    let (other, _) = found.ok_or(ProblemCode::UnknownAccount)?;
    Ok(other)
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Full => ProblemCode::ContactLimit.into(),
            ChangeError::Database(error) => error.into(),
        }
    }
}
