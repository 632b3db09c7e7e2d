//! What a signed-in person sees first, and nothing that is another's.

use super::conversations::Conversation;
use crate::{
    accounts, announcement,
    database::{self, Database},
    error::Error,
    response::HtmlOrJson,
    signed_in::SignedIn,
};
use cliquet_wire::{address::Address, problem::ProblemCode};
use rocket::{Route, State, get, http::RawStr, response::Redirect, routes, uri};
use serde::Serialize;

pub fn routes() -> Vec<Route> {
    routes![front_door, add, join, home]
}

/// What the pane shows when no conversation is open: one's own link, devices and sign-ins, the files of a conversation, what
/// is kept against loss, the search through one's own texts, settings.
const PANES: [&str; 6] = ["add-me", "devices", "gallery", "safety", "search", "settings"];

/// What `home.html` needs.
#[derive(Clone, Debug, Serialize)]
struct HomePage {
    email: Address,
    /// The conversation that is open.
    with: Option<Conversation>,
    /// What the pane shows instead: one of [`PANES`], fetched under its name.
    pane: Option<&'static str>,
    /// What the host says to everybody.
    announcement: Option<String>,
    is_admin: bool,
    self_address: String,
}

#[get("/")]
fn front_door(signed_in: Result<SignedIn, Error>) -> Redirect {
    match signed_in {
        Ok(_) => Redirect::to(uri!("/home")),
        Err(_) => Redirect::to(uri!("/sign-in")),
    }
}

/// A link that adds somebody. Whom is in its fragment, which a browser sends to nobody and keeps over redirects.
#[get("/add")]
fn add() -> Redirect {
    Redirect::to(uri!("/home"))
}

/// A link to a group, likewise.
#[get("/join")]
fn join() -> Redirect {
    Redirect::to(uri!("/home"))
}

#[get("/home?<with>&<show>")]
async fn home(
    signed_in: Result<SignedIn, Error>,
    with: Option<&str>,
    show: Option<&str>,
    database: &State<Database>,
) -> Result<HtmlOrJson<HomePage>, Door> {
    let signed_in = signed_in.map_err(Door::of)?;
    // An id that does not read opens nothing: the page of contacts is the answer to a mistyped link.
    let with = with.and_then(|id| Conversation::read(id).ok());
    let pane = PANES.into_iter().find(|pane| with.is_none() && show == Some(pane));
    let self_address = match (&with, pane) {
        (Some(with), _) => format!("/home?with={}", RawStr::new(with.id()).percent_encode()),
        (None, Some(pane)) => format!("/home?show={pane}"),
        (None, None) => "/home".to_owned(),
    };
    let account_id = signed_in.account_id;
    let look = database.run(move |connection| {
        Ok::<_, database::Error>((announcement::present(connection)?, accounts::is_admin(connection, account_id)?))
    });
    let (announcement, is_admin) = look.await.map_err(|error| Door::Problem(error.into()))?;
    let page = HomePage { email: signed_in.email, with, pane, announcement, is_admin, self_address };
    Ok(HtmlOrJson::new(page).page("home.html").compressible())
}

/// Where someone goes who may not come in.
#[derive(Debug, rocket::Responder)]
enum Door {
    SignIn(Box<Redirect>),
    Problem(Error),
}

impl Door {
    /// Signed out: to the sign-in page. Anything else is a problem, and said as one.
    fn of(error: Error) -> Self {
        match error {
            Error::Refused(ProblemCode::SignedOut) => Self::SignIn(Box::new(Redirect::to(uri!("/sign-in")))),
            other => Self::Problem(other),
        }
    }
}
