//! What a signed-in person sees first, and nothing that is another's.

use crate::{answer::Answer, error::Error, signed_in::SignedIn};
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
    /// Whose conversation is open.
    with: Option<Address>,
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
fn home(signed_in: Result<SignedIn, Error>, with: Option<&str>, show: Option<&str>) -> Result<Answer<HomePage>, Door> {
    let signed_in = signed_in.map_err(Door::of)?;
    // An address that does not read opens nothing: the page of contacts is the answer to a mistyped link.
    let with = with.and_then(|typed| Address::parse(typed).ok()).filter(|with| *with != signed_in.email);
    let show = show.filter(|_| with.is_none());
    let (show_devices, show_safety) = (show == Some("devices"), show == Some("safety"));
    let show_search = show == Some("search");
    let self_address = match &with {
        Some(with) => format!("/home?with={}", RawStr::new(with.as_str()).percent_encode()),
        None if show_devices => "/home?show=devices".to_owned(),
        None if show_safety => "/home?show=safety".to_owned(),
        None if show_search => "/home?show=search".to_owned(),
        None => "/home".to_owned(),
    };
    let page = HomePage { email: signed_in.email, with, show_devices, show_safety, show_search, self_address };
    Ok(Answer::new(page).page("home.html").compressible())
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
