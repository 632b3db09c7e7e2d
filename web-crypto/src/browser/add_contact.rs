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
use std::rc::Rc;
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

impl Wish {
    /// As tabs tell it to each other.
    pub fn text(&self) -> String {
        let (verb, address) = match self {
            Self::Added(address) => ("added/", address),
            Self::Blocked(address) => ("blocked/", address),
            Self::Unblocked(address) => ("unblocked/", address),
            Self::Read(address) => ("read/", address),
        };
        [verb, address.as_str()].concat()
    }

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
                let turn = home.turn().await?;
                let added = turn.messenger().add_contact(card, page::now_ms(), &WebVerifier).await;
                turn.end(added).await?;
                home.pump();
                Ok(())
            }
            Self::Blocked(address) => {
                let turn = home.turn().await?;
                let made = turn.messenger().block(address);
                turn.end(made).await
            }
            Self::Unblocked(address) => {
                let turn = home.turn().await?;
                let made = turn.messenger().unblock(address);
                turn.end(made).await
            }
            Self::Read(address) => {
                let turn = home.turn().await?;
                let made = turn.messenger().read(address);
                turn.end(made).await
            }
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
                http::call("PUT", &block_path(&address)).await?;
                show::notice(home.words.get(Word::ContactBlocked));
                home.wish(&Wish::Blocked(address));
                show::refresh_contacts();
            }
            Self::Unblock(address) => {
                http::call("DELETE", &block_path(&address)).await?;
                show::notice(home.words.get(Word::ContactUnblocked));
                home.wish(&Wish::Unblocked(address));
                show::refresh_contacts();
            }
        }
        Ok(())
    }
}

fn block_path(address: &Address) -> String {
    ["/contacts/", address.as_str(), "/block"].concat()
}

async fn tell_server(address: &Address) -> Result<(), HttpError> {
    let card: AccountCard = http::post("/contacts", &AddContact { email: address.as_str().to_owned() }).await?;
    if card.email == *address { Ok(()) } else { Err(HttpError::Unreadable) }
}
