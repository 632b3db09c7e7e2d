//! The page of admins: accounts, invites, what the server holds, what was done, and a word to everybody.
//!
//! Owns what an admin may do. No contacts and no texts are shown, and nothing is deleted: that is for who can use the command
//! line, so that a stolen sign-in destroys nothing.

mod page;
mod qr_code;

use self::page::{AdminPage, MadeInvite, Sources};
use crate::{
    accounts,
    admin::Admin,
    announcement::ANNOUNCEMENT_CHARS_MAX,
    audit::Actor,
    clock::DAY_MS,
    config::Config,
    database::{self, Database},
    devices,
    error::Error,
    hosting,
    invites::USES_MAX,
    mailbox::{Mailbox as _, Mailboxes},
    now::Now,
    response::HtmlOrJson,
    signed_in::Changing,
    token::Token,
};
use cliquet_wire::{address::Address, problem::ProblemCode};
use rocket::{FromForm, Route, State, form::Form, get, post, response::Redirect, routes, uri};

pub fn routes() -> Vec<Route> {
    routes![show, create_invite, revoke_invite, suspend, resume, announce]
}

#[get("/admin")]
async fn show(admin: Admin, sources: Sources<'_>, now: Now) -> Result<HtmlOrJson<AdminPage>, Error> {
    Ok(answer(sources.page(admin.email, now.0, None).await?))
}

#[derive(Debug, FromForm)]
struct NewInvite {
    /// For how many accounts it is good.
    uses: u32,
}

/// The link is shown this once: it is in the answer, and not kept.
#[post("/admin/invites", data = "<form>")]
async fn create_invite(
    changing: Changing<Admin>,
    form: Form<NewInvite>,
    sources: Sources<'_>,
    config: &State<Config>,
    database: &State<Database>,
    now: Now,
) -> Result<HtmlOrJson<AdminPage>, Error> {
    let Changing(admin) = changing;
    let (uses, days, now_ms) = (form.uses, config.invite_days, now.0);
    if !(1..=USES_MAX).contains(&uses) {
        return Err(ProblemCode::Malformed.into());
    }
    let token = Token::generate().map_err(Error::internal)?;
    let made = MadeInvite::new(&sources.address(), &token, uses, days);
    let by = admin.email.clone();
    let expires_ms = now_ms.saturating_add(u64::from(days) * DAY_MS);
    let create = database.write::<_, database::Error, _>(move |transaction| {
        hosting::create_invite(transaction, Actor::Admin(&by), (&token, uses), now_ms, expires_ms)
    });
    create.await?;
    Ok(answer(sources.page(admin.email, now_ms, Some(made)).await?).created())
}

#[post("/admin/invites/<number>/revoke")]
async fn revoke_invite(
    changing: Changing<Admin>,
    number: i64,
    database: &State<Database>,
    now: Now,
) -> Result<Redirect, Error> {
    let Changing(admin) = changing;
    let revoke = database.write::<_, database::Error, _>(move |transaction| {
        hosting::revoke_invite(transaction, Actor::Admin(&admin.email), number, now.0)
    });
    if revoke.await? { Ok(back()) } else { Err(ProblemCode::NotFound.into()) }
}

/// Ends the polls that are held for it, too.
#[post("/admin/accounts/<email>/suspend")]
async fn suspend(
    changing: Changing<Admin>,
    email: &str,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
    now: Now,
) -> Result<Redirect, Error> {
    let Changing(admin) = changing;
    let email = Address::parse(email).map_err(|_| ProblemCode::InvalidAddress)?;
    let suspend = database.write(move |transaction| {
        let id = accounts::find(transaction, &email)?.ok_or(ProblemCode::UnknownAccount)?;
        if accounts::is_admin(transaction, id)? {
            return Err(Error::from(ProblemCode::AdminAccount));
        }
        hosting::suspend(transaction, Actor::Admin(&admin.email), &email, id, now.0)?;
        Ok(devices::active(transaction, &email)?)
    });
    suspend.await?.into_iter().for_each(|device| mailboxes.end_wait(device));
    Ok(back())
}

#[post("/admin/accounts/<email>/resume")]
async fn resume(
    changing: Changing<Admin>,
    email: &str,
    database: &State<Database>,
    now: Now,
) -> Result<Redirect, Error> {
    let Changing(admin) = changing;
    let email = Address::parse(email).map_err(|_| ProblemCode::InvalidAddress)?;
    let resume = database.write(move |transaction| {
        let id = accounts::find(transaction, &email)?.ok_or(ProblemCode::UnknownAccount)?;
        Ok::<_, Error>(hosting::resume(transaction, Actor::Admin(&admin.email), &email, id, now.0)?)
    });
    resume.await?;
    Ok(back())
}

#[derive(Debug, FromForm)]
struct Announcement<'r> {
    text: &'r str,
}

/// An empty one takes the present one away.
#[post("/admin/announcement", data = "<form>")]
async fn announce(
    changing: Changing<Admin>,
    form: Form<Announcement<'_>>,
    database: &State<Database>,
    now: Now,
) -> Result<Redirect, Error> {
    let Changing(admin) = changing;
    // A form sends each line break as two characters.
    let text = form.text.trim().replace("\r\n", "\n");
    if text.chars().count() > ANNOUNCEMENT_CHARS_MAX {
        return Err(ProblemCode::TooLarge.into());
    }
    let announce = database.write::<_, database::Error, _>(move |transaction| {
        hosting::announce(transaction, Actor::Admin(&admin.email), &text, now.0)
    });
    announce.await?;
    Ok(back())
}

fn answer(page: AdminPage) -> HtmlOrJson<AdminPage> {
    HtmlOrJson::new(page).page("admin.html")
}

fn back() -> Redirect {
    Redirect::to(uri!("/admin"))
}
