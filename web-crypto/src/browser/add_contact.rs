//! Adding, accepting, reading: what a person often decides about a contact. The rest is the keeper's.

use super::{
    home::{Home, Trouble},
    platform::{
        http::{self, HttpError},
        timer,
        webcrypto::WebVerifier,
    },
    search_user,
    show::{self, Conversation},
    view::dom,
    words::Word,
};
use cliquet_wire::{address::Address, certificate::AccountCard, contacts::AddContact};
use std::rc::Rc;
use web_sys::{Element, Event};

/// What a person decides about a contact, for the leading tab to write down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// The server has them as a contact: pin their key and say hello.
    Added,
    /// Their messages are in sight.
    Read,
}

/// As tabs tell it to each other.
const VERBS: [(Verb, &str); 2] = [(Verb::Added, "added"), (Verb::Read, "read")];

/// What any tab may ask of the leading one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    verb: Verb,
    address: Address,
}

impl Wish {
    pub fn new(verb: Verb, address: &Address) -> Self {
        Self { verb, address: address.clone() }
    }

    pub fn text(&self) -> String {
        let verb = VERBS.iter().find(|(verb, _)| *verb == self.verb).map_or("", |(_, text)| text);
        [verb, "/", self.address.as_str()].concat()
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (verb, address) = text.split_once('/')?;
        let (verb, _) = VERBS.iter().find(|(_, text)| *text == verb)?;
        Some(Self { verb: *verb, address: Address::parse(address).ok()? })
    }

    /// By the tab that leads.
    pub async fn grant(&self, home: &Rc<Home>) -> Result<(), Trouble> {
        let address = &self.address;
        let card = match self.verb {
            Verb::Added => Some(search_user::card(address).await?),
            Verb::Read => None,
        };
        let turn = home.turn().await?;
        let made = match card {
            Some(card) => turn.messenger().add_contact(card, timer::now_ms(), &WebVerifier).await,
            None => turn.messenger().read(&address.into()),
        };
        turn.end(made).await?;
        home.pump();
        Ok(())
    }
}

/// The buttons for it, wherever htmx puts them.
pub fn listen(home: &Rc<Home>) {
    let Some(document) = dom::document() else { return };
    let home = home.clone();
    dom::on(&document, "click", move |event| {
        if let Some(button) = dom::around(event, "button[data-wish]")
            && let Some(open) = Conversation::on_page()
        {
            // A decision that the keeper knows of. With it goes which key was seen.
            let attribute = |name: &str| button.get_attribute(name).unwrap_or_default();
            let key = open.section.get_attribute("data-key").unwrap_or_default();
            home.wish_text(&[&attribute("data-wish"), "/", open.address.as_str(), "/", &key].concat());
            return;
        }
        let Some((button, address)) = to_add(event) else { return };
        event.prevent_default();
        let _ = button.set_attribute("disabled", "");
        home.spawn(async move |home: Rc<Home>| {
            let done = add(&home, &address).await;
            let _ = button.remove_attribute("disabled");
            if let Err(error) = done {
                show::notice(&home.sentence(&error));
            }
        });
    });
}

/// A button and whom it adds: the contact it names, or whose conversation is open and asks.
fn to_add(event: &Event) -> Option<(Element, Address)> {
    let button = dom::around(event, "[data-add-contact], [data-accept]")?;
    let address = match button.get_attribute("data-add-contact") {
        Some(address) => Address::parse(&address).ok()?,
        None => Conversation::on_page()?.address,
    };
    Some((button, address))
}

/// The server first: what it refuses is not written down here.
async fn add(home: &Rc<Home>, address: &Address) -> Result<(), HttpError> {
    tell_server(address).await?;
    if show::listed_as(address).is_none() {
        show::search_result(home.words.get(Word::ContactAdded));
    }
    home.wish(&Wish::new(Verb::Added, address));
    show::refresh_contacts();
    Ok(())
}

async fn tell_server(address: &Address) -> Result<(), HttpError> {
    let card: AccountCard = http::post("/contacts", &AddContact { email: address.as_str().to_owned() }).await?;
    if card.email == *address { Ok(()) } else { Err(HttpError::Unreadable) }
}
