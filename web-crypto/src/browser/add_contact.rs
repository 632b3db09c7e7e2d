//! Adding, accepting, blocking, reading: what a person decides about a contact.

use super::{
    home::{Home, Trouble},
    http::{self, HttpError},
    page,
    rsa::WebVerifier,
    search_user,
    show::{self, Conversation},
    words::Word,
};
use cliquet_wire::{address::Address, certificate::AccountCard, contacts::AddContact};
use std::{fmt, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::Event;

/// What any tab may ask of the leading one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The server has them as a contact: pin their key and say hello.
    Added(Address),
    Blocked(Address),
    Unblocked(Address),
    /// Their messages are in sight.
    Read(Address),
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, address) = match self {
            Self::Added(address) => ("added", address),
            Self::Blocked(address) => ("blocked", address),
            Self::Unblocked(address) => ("unblocked", address),
            Self::Read(address) => ("read", address),
        };
        write!(f, "{verb}/{address}")
    }
}

impl Wish {
    pub fn parse(text: &str) -> Option<Self> {
        let (verb, address) = text.split_once('/')?;
        let address = Address::parse(address).ok()?;
        match verb {
            "added" => Some(Self::Added(address)),
            "blocked" => Some(Self::Blocked(address)),
            "unblocked" => Some(Self::Unblocked(address)),
            "read" => Some(Self::Read(address)),
            _ => None,
        }
    }

    /// By the tab that leads.
    pub async fn grant(&self, home: &Rc<Home>) -> Result<(), Trouble> {
        match self {
            Self::Added(address) => {
                let card = search_user::card(address).await?;
                home.step(async |messenger| messenger.add_contact(card, page::now_ms(), &WebVerifier).await).await?;
                home.pump();
                Ok(())
            }
            Self::Blocked(address) => home.step(async |messenger| messenger.block(address)).await,
            Self::Unblocked(address) => home.step(async |messenger| messenger.unblock(address)).await,
            Self::Read(address) => home.step(async |messenger| messenger.read(address)).await,
        }
    }
}

/// The buttons for it, wherever htmx puts them.
pub fn listen(home: &Rc<Home>) {
    let Some(document) = page::document() else { return };
    let home = home.clone();
    page::on(&document, "click", move |event| {
        let Some((button, deed)) = deed(event) else { return };
        event.prevent_default();
        let _ = button.set_attribute("disabled", "");
        home.spawn(async move |home: Rc<Home>| {
            let done = deed.carry_out(&home).await;
            let _ = button.remove_attribute("disabled");
            if let Err(error) = done {
                show::notice(&home.sentence(&error));
            }
        });
    });
}

enum Deed {
    Add(Address),
    Accept(Address),
    Block(Address),
    Unblock(Address),
}

fn deed(event: &Event) -> Option<(web_sys::Element, Deed)> {
    let button = page::around(event, "button")?;
    let open = || Conversation::on_page().map(|conversation| conversation.address);
    let deed = if let Some(address) = button.get_attribute("data-add-contact") {
        Deed::Add(Address::parse(&address).ok()?)
    } else if button.has_attribute("data-accept") {
        Deed::Accept(open()?)
    } else if button.has_attribute("data-block") {
        Deed::Block(open()?)
    } else if button.has_attribute("data-unblock") {
        Deed::Unblock(open()?)
    } else {
        return None;
    };
    Some((button.unchecked_into(), deed))
}

impl Deed {
    /// The server first: what it refuses is not written down here.
    async fn carry_out(self, home: &Rc<Home>) -> Result<(), HttpError> {
        match self {
            Self::Add(address) => {
                tell_server(&address).await?;
                show::search_result(home.words.get(Word::ContactAdded));
                home.wish(&Wish::Added(address));
                show::refresh_contacts();
            }
            Self::Accept(address) => {
                tell_server(&address).await?;
                home.wish(&Wish::Added(address));
                show::refresh_contacts();
            }
            Self::Block(address) => {
                http::call("PUT", &format!("/contacts/{address}/block")).await?;
                show::notice(home.words.get(Word::ContactBlocked));
                home.wish(&Wish::Blocked(address));
                show::refresh_contacts();
            }
            Self::Unblock(address) => {
                http::call("DELETE", &format!("/contacts/{address}/block")).await?;
                show::notice(home.words.get(Word::ContactUnblocked));
                home.wish(&Wish::Unblocked(address));
                show::refresh_contacts();
            }
        }
        Ok(())
    }
}

async fn tell_server(address: &Address) -> Result<(), HttpError> {
    let card: AccountCard = http::post("/contacts", &AddContact { email: address.as_str().to_owned() }).await?;
    if card.email == *address { Ok(()) } else { Err(HttpError::Unreadable) }
}
