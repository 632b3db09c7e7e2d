//! The sealed history of an account: its devices append to it, a new one reads it back.

use crate::{
    accounts,
    body::Body,
    config::sizes,
    database::{self, Database},
    error::Error,
    history::{self, AddError, Histories, Place},
    now::Now,
    password::Passwords,
    response::HtmlOrJson,
    routes::proof::Checked,
    signed_in::{Changing, SignedIn},
    storage::Room,
    throttle::Throttle,
};
use cliquet_wire::{
    bytes::Digest,
    history::{AddSegment, History, SegmentAdded},
    limits::{SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN},
    problem::ProblemCode,
    proof::Proof,
};
use rocket::{Route, State, delete, get, post, response::status::NoContent, routes};

pub fn routes() -> Vec<Route> {
    routes![add, read, forget]
}

#[post("/history", data = "<body>")]
async fn add(
    signed_in: Room<SignedIn>,
    body: Body<AddSegment, { sizes::SEGMENT }>,
    throttle: &State<Throttle>,
    now: Now,
    database: &State<Database>,
    histories: &State<Histories>,
) -> Result<HtmlOrJson<SegmentAdded>, Error> {
    let (Room(signed_in), AddSegment { id, segment }) = (signed_in, body.0);
    match segment.0.len() {
        0..SEGMENT_BYTES_MIN => return Err(ProblemCode::Malformed.into()),
        SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX => {}
        _ => return Err(ProblemCode::TooLarge.into()),
    }
    throttle.history_per_account.check(&signed_in.account_id)?;
    let owner = owner(database, signed_in.account_id).await?;
    let (quota, now_ms) = (histories.quota, now.0);
    let added =
        histories.database.write(move |transaction| history::add(transaction, &owner, id, &segment, quota, now_ms));
    Ok(HtmlOrJson::new(added.await?).created())
}

/// What was kept before the host turned history off can still be read and deleted.
#[get("/history?<before>&<after>")]
async fn read(
    signed_in: SignedIn,
    before: Option<&str>,
    after: Option<&str>,
    throttle: &State<Throttle>,
    database: &State<Database>,
    histories: &State<Histories>,
) -> Result<HtmlOrJson<History>, Error> {
    let place = place(before, after)?;
    throttle.history_per_account.check(&signed_in.account_id)?;
    let owner = owner(database, signed_in.account_id).await?;
    let page = histories.database.run(move |connection| history::read(connection, &owner, place)).await?;
    let history::Page { segments, more, bytes } = page;
    Ok(HtmlOrJson::new(History { segments, more, bytes, quota: histories.quota }))
}

/// Deletes all segments that are there now, some at a time. A request that failed is sent again. Takes a proof: a sign-in
/// that was stolen deletes nothing.
#[delete("/history", data = "<body>")]
async fn forget(
    changing: Changing<SignedIn>,
    body: Body<Proof, { sizes::SMALL }>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
    histories: &State<Histories>,
) -> Result<NoContent, Error> {
    let Changing(SignedIn { account_id, email, .. }) = changing;
    let (passwords, now_ms) = (Passwords::clone(passwords), now.0);
    let proven = database.run(move |connection| {
        Checked::check(&passwords, &email, body.0, now_ms)?.still_counts(connection, account_id, &email)
    });
    proven.await?;
    let owner = owner(database, account_id).await?;
    let last = histories.database.run(move |connection| history::last_sequence(connection, &owner)).await?;
    while histories.database.write(move |transaction| history::forget(transaction, &owner, last)).await? {}
    Ok(NoContent)
}

fn place(before: Option<&str>, after: Option<&str>) -> Result<Place, ProblemCode> {
    let number = |text: &str| text.parse().map_err(|_| ProblemCode::Malformed);
    match (before, after) {
        (None, None) => Ok(Place::End),
        (Some(before), None) => Ok(Place::Before(number(before)?)),
        (None, Some(after)) => Ok(Place::After(number(after)?)),
        (Some(_), Some(_)) => Err(ProblemCode::Malformed),
    }
}

/// Under which name an account's history is kept.
pub(super) async fn owner(database: &Database, account_id: i64) -> Result<Digest, database::Error> {
    database.run(move |connection| Ok(accounts::account_key(connection, account_id)?.hash())).await
}

impl From<AddError> for Error {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Off => ProblemCode::HistoryOff.into(),
            AddError::Full => ProblemCode::HistoryFull.into(),
            AddError::IdReused => ProblemCode::IdReused.into(),
            AddError::Database(error) => error.into(),
        }
    }
}
