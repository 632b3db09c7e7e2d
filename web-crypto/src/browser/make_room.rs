//! The way in for whoever has none of the account's devices any more, and no room for another: the first press shows the
//! devices, the second takes those that were chosen off the account and signs in.
//!
//! Owns the page's list and the order of the steps. Between the two presses nobody is signed in: a person may read for
//! as long as they like, or leave. Names of devices become text nodes only.

use super::{
    connexion,
    failure::Failure,
    form::{Field, Form},
    messenger_module::MessengerModule,
    platform::task,
    roster::{self, Roster},
    sign_in,
    view::dom,
};
use crate::{
    client::fields::{Password, fill},
    crypto::CheckedCard,
};
use cliquet_wire::{address::Address, devices::Device, ids::DeviceId, limits::DEVICES_MAX};
use js_sys::{Date, Object, Reflect};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlTemplateElement};

const FORM: &str = "make-room";
/// What is shown before the list is, and with it.
const BEFORE: &str = "[data-before]";
const LISTED: &str = "[data-listed]";
/// A device's box, with its id as the value.
const BOX: &str = "input[data-device]";

#[derive(Debug)]
pub struct MakeRoom {
    form: Rc<Form>,
    element: Element,
    messenger: MessengerModule,
    shown: RefCell<Option<Shown>>,
}

/// Whose devices are on the page.
#[derive(Debug)]
struct Shown {
    email: Address,
    password: Password,
    /// As last seen: the next one must not be older.
    card: CheckedCard,
    /// The person was told that this browser keeps an earlier account; see [`Failure::EarlierAccount`].
    may_replace: bool,
}

impl MakeRoom {
    /// `open` loads the messenger module. `None`: another page.
    pub fn find(open: &js_sys::Function) -> Option<Self> {
        let messenger = MessengerModule::new(open.clone());
        Some(Self {
            form: Rc::new(Form::find(FORM)?),
            element: dom::by_id(FORM)?,
            messenger,
            shown: RefCell::default(),
        })
    }

    pub fn serve(self: Rc<Self>) {
        if !connexion::is_secure() {
            self.form.closed(&Failure::InsecurePage);
            return;
        }
        let early = self.clone();
        self.form.on_first_input(move || early.messenger.open());
        if let Some(window) = dom::window() {
            // Coming back never shows what was typed, nor the list.
            let left = self.clone();
            dom::on(&window, "pagehide", move |_| left.begin_again());
        }
        let pressed = self.clone();
        Form::serve(self.form.clone(), move |_| {
            let pressed = pressed.clone();
            task::spawn(async move { pressed.press().await });
        });
    }

    async fn press(&self) {
        let Some(mut shown) = self.shown.take() else {
            match self.show().await {
                Ok(shown) => self.lay_out(shown),
                Err(failure) => {
                    if failure == Failure::Refused {
                        self.form.clear_passwords();
                    }
                    self.form.failed(&failure);
                }
            }
            return;
        };
        match self.enter(&mut shown).await {
            Ok(()) => connexion::leave(&self.form),
            Err(failure) => {
                if failure == Failure::Refused {
                    // The password was changed in between.
                    self.begin_again();
                } else {
                    shown.may_replace = matches!(failure, Failure::EarlierAccount(_));
                    self.shown.replace(Some(shown));
                }
                self.form.failed(&failure);
            }
        }
    }

    async fn show(&self) -> Result<(Shown, Vec<Device>), Failure> {
        let (email, password) = (self.form.address()?, self.form.given_password(Field::Password)?);
        self.form.working("working-sign-in");
        self.messenger.ready().await?;
        let roster = Roster::open(&email, &password, None).await?;
        let devices = roster.devices().await;
        roster::sign_out().await;
        let card = roster.card().clone();
        Ok((Shown { email, password, card, may_replace: false }, devices?))
    }

    async fn enter(&self, shown: &mut Shown) -> Result<(), Failure> {
        let chosen = self.chosen();
        if chosen.is_empty() {
            if !has_room(&shown.card) {
                return Err(Failure::Field(Field::Device, "choose-device"));
            }
            return self.sign_in(shown).await;
        }
        self.form.working("removing-devices");
        self.messenger.ready().await?;
        let mut roster = Roster::open(&shown.email, &shown.password, Some(&shown.card)).await?;
        let mut going: Vec<DeviceId> = roster.card().devices().filter(|device| chosen.contains(device)).collect();
        // An account without a device could not be written to: the last one waits until there is another.
        let last = if going.len() == roster.card().devices().count() { going.pop() } else { None };
        for gone in chosen.iter().filter(|device| roster.card().certificate(**device).is_none()) {
            self.take_away(*gone);
        }
        let mut removed = Ok(());
        for device in going {
            removed = roster.remove(device).await;
            if removed.is_err() {
                break;
            }
            self.take_away(device);
        }
        roster::sign_out().await;
        shown.card = roster.card().clone();
        self.say_room(&shown.card);
        removed?;
        self.sign_in(shown).await?;
        if let Some(last) = last
            // This browser kept it, and speaks for it again.
            && !roster.devices().await?.iter().any(|device| device.this && device.id == last)
        {
            // If the list has grown by this browser, the roster fetches it anew.
            roster.remove(last).await?;
        }
        Ok(())
    }

    async fn sign_in(&self, shown: &Shown) -> Result<(), Failure> {
        sign_in::enter(&self.form, &self.messenger, &shown.email, &shown.password, shown.may_replace).await
    }

    fn lay_out(&self, (shown, devices): (Shown, Vec<Device>)) {
        let list = dom::within(&self.element, "ul");
        let row = dom::within(&self.element, "template[data-row]");
        let row = row.and_then(|row| row.dyn_into::<HtmlTemplateElement>().ok()?.content().first_element_child());
        let (Some(list), Some(row)) = (list, row) else {
            self.form.failed(&Failure::PageBroken);
            return;
        };
        list.set_text_content(None);
        for device in devices {
            if let Some(row) = row.clone_node_with_deep(true).ok().and_then(|row| row.dyn_into::<Element>().ok()) {
                fill_in(&row, &device);
                let _ = list.append_child(&row);
            }
        }
        if let Some(address) = dom::within(&self.element, "[data-own-address]") {
            address.set_text_content(Some(shown.email.as_str()));
        }
        self.say_room(&shown.card);
        self.shown.replace(Some(shown));
        self.turn(true);
        self.form.done(Ok(()), None);
        // Read out, and brought into sight.
        let title = dom::within(&self.element, "h2").and_then(|title| title.dyn_into::<HtmlElement>().ok());
        let _ = title.map(|title| title.focus());
    }

    fn begin_again(&self) {
        self.shown.replace(None);
        self.form.clear_passwords();
        if let Some(list) = dom::within(&self.element, "ul") {
            list.set_text_content(None);
        }
        self.turn(false);
    }

    /// Between the fields and the list.
    fn turn(&self, listed: bool) {
        for (selector, hidden) in [(BEFORE, listed), (LISTED, !listed)] {
            for part in dom::all_within(&self.element, selector) {
                dom::hide(&part, hidden);
            }
        }
    }

    fn say_room(&self, card: &CheckedCard) {
        if let Some(line) = dom::within(&self.element, "[data-room]") {
            dom::hide(&line, !has_room(card));
        }
    }

    fn boxes(&self) -> impl Iterator<Item = (DeviceId, HtmlInputElement)> {
        dom::all_within(&self.element, BOX).into_iter().filter_map(|it| {
            let it: HtmlInputElement = it.dyn_into().ok()?;
            Some((it.value().parse().ok()?, it))
        })
    }

    fn chosen(&self) -> Vec<DeviceId> {
        self.boxes().filter(|(_, it)| it.checked()).map(|(device, _)| device).collect()
    }

    /// Its line goes.
    fn take_away(&self, device: DeviceId) {
        for (of, it) in self.boxes() {
            if of == device
                && let Ok(Some(row)) = it.closest("li")
            {
                row.remove();
            }
        }
    }
}

fn has_room(card: &CheckedCard) -> bool {
    card.devices().count() < DEVICES_MAX
}

fn fill_in(row: &Element, device: &Device) {
    let id = device.id.text();
    if let Some(it) = dom::within(row, BOX) {
        it.set_id(&["device-", &id].concat());
        it.unchecked_ref::<HtmlInputElement>().set_value(&id);
    }
    if let Some(label) = dom::within(row, "label") {
        let _ = label.set_attribute("for", &["device-", &id].concat());
    }
    if let Some(name) = dom::within(row, "[data-name]") {
        name.set_text_content(Some(&device.name));
    }
    for (selector, ms) in [("[data-created]", device.created), ("[data-last-seen]", device.last_seen)] {
        if let Some(line) = dom::within(row, selector) {
            let words = line.text_content().unwrap_or_default();
            line.set_text_content(Some(&fill(&words, "date", &day(ms))));
            // Not since it was added.
            dom::hide(&line, ms == 0);
        }
    }
}

/// A day in words, in the order and of the calendar in which the server says days, so that it reads as in the list of
/// devices at home.
fn day(ms: u64) -> String {
    let language = dom::language();
    let language = if language == "en" { "en-GB" } else { &language };
    let options = Object::new();
    for (name, value) in [("day", "numeric"), ("month", "long"), ("year", "numeric"), ("timeZone", "UTC")] {
        let _ = Reflect::set(&options, &name.into(), &value.into());
    }
    Date::new(&JsValue::from_f64(ms as f64)).to_locale_date_string(language, &options).into()
}
