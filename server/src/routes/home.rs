//! What a signed-in person sees first, and nothing that is another's.

use super::conversations::Conversation;
use crate::{error::Error, response::HtmlOrJson, signed_in::SignedIn};
use cliquet_wire::{address::Address, problem::ProblemCode};
use rocket::{Route, get, http::RawStr, response::Redirect, routes, uri};
use serde::Serialize;

pub fn routes() -> Vec<Route> {
    routes![front_door, home]
}

/// What `home.html` needs.
#[derive(Clone, Debug, Serialize)]
struct HomePage {
    email: Address,
    /// The conversation that is open.
    with: Option<Conversation>,
    /// Whether the pane shows devices and sign-ins instead.
    show_devices: bool,
    /// Whether the pane shows what is kept against loss instead.
    show_safety: bool,
    /// Whether the pane searches one's own texts instead.
    show_search: bool,
    self_address: String,
}

#[get("/")]
fn front_door(signed_in: Result<SignedIn, Error>) -> Redirect {
    match signed_in {
        Ok(_) => Redirect::to(uri!("/home")),
        Err(_) => Redirect::to(uri!("/sign-in")),
    }
}

#[get("/home?<with>&<show>")]
fn home(
    signed_in: Result<SignedIn, Error>,
    with: Option<&str>,
    show: Option<&str>,
) -> Result<HtmlOrJson<HomePage>, Door> {
    let signed_in = signed_in.map_err(Door::of)?;
    // An id that does not read opens nothing: the page of contacts is the answer to a mistyped link.
    let with = with.and_then(|id| Conversation::read(id, &signed_in.email).ok());
    let show = show.filter(|_| with.is_none());
    let (show_devices, show_safety) = (show == Some("devices"), show == Some("safety"));
    let show_search = show == Some("search");
    let self_address = match &with {
        Some(with) => format!("/home?with={}", RawStr::new(with.id()).percent_encode()),
        None if show_devices => "/home?show=devices".to_owned(),
        None if show_safety => "/home?show=safety".to_owned(),
        None if show_search => "/home?show=search".to_owned(),
        None => "/home".to_owned(),
    };
    let page = HomePage { email: signed_in.email, with, show_devices, show_safety, show_search, self_address };
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
