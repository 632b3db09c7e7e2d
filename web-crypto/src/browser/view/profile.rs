//! The form on the pane of settings with what the person shows of themselves: a name, a line, a picture.

use super::{
    Engine, avatar, dom, notices,
    picture::{self, PictureError},
    sentences::word,
    words::Words,
};
use crate::{
    browser::{
        app::{change::Change, command::Command, engine::Signal, error::AppError, load_messages},
        platform::task,
    },
    client::profile::Profile,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, Url};

const NAME: &str = "#profile-name";
const ABOUT: &str = "#profile-about";
const PICTURE: &str = "[data-picture]";
const CHOOSE: &str = "[data-choose-picture]";
const REMOVE: &str = "[data-remove-picture]";

#[derive(Debug)]
struct Form {
    engine: Rc<Engine>,
    form: Element,
    /// What is shown and not saved yet.
    picture: RefCell<Option<Vec<u8>>>,
    /// The address of the picture that is shown.
    url: RefCell<Option<String>>,
    /// What was last read from the store.
    kept: RefCell<Profile>,
    is_filled: Cell<bool>,
}

/// Serves the form, if it is on the page.
pub fn serve(engine: &Rc<Engine>) {
    let Some(element) = dom::find("[data-profile]") else { return };
    let form = Rc::new(Form {
        engine: engine.clone(),
        form: element.clone(),
        picture: RefCell::default(),
        url: RefCell::default(),
        kept: RefCell::default(),
        is_filled: Cell::new(false),
    });
    let following = form.clone();
    engine.subscribe(move |signal| {
        // Another device or another tab changed it.
        if matches!(signal, Signal::Changed(changes) if changes.contains(&Change::Settings))
            && following.form.is_connected()
        {
            following.show_soon();
        }
    });
    form.show_soon();
    let saving = form.clone();
    dom::on(&element, "submit", move |event| {
        event.prevent_default();
        saving.save();
    });
    let removing = form.clone();
    dom::on(&element, "click", move |event| {
        if dom::around(event, REMOVE).is_some() {
            removing.show_picture(None);
            // The button is gone, and the keyboard with it.
            if let Some(button) = dom::within(&removing.form, CHOOSE) {
                dom::focus(&button);
            }
        } else if dom::around(event, CHOOSE).is_some()
            && let Some(input) = removing.field(PICTURE)
        {
            input.click();
        }
    });
    dom::on(&element, "change", move |event| {
        if dom::around(event, PICTURE).is_some() {
            form.choose();
        }
    });
}

impl Form {
    fn show_soon(self: &Rc<Self>) {
        let form = self.clone();
        task::spawn(async move {
            if let Err(error) = form.show().await {
                notices::show_error(&error, &Words::read());
            }
        });
    }

    async fn show(&self) -> Result<(), AppError> {
        let profile = load_messages::own_profile(&self.engine).await?;
        // What is being typed is not taken away by a setting that changed elsewhere.
        if !self.is_filled.replace(true) || profile != *self.kept.borrow() {
            for (selector, text) in [(NAME, &profile.name), (ABOUT, &profile.about)] {
                if let Some(field) = self.field(selector) {
                    field.set_value(text.as_deref().unwrap_or_default());
                }
            }
            self.show_picture(profile.picture.clone());
            self.kept.replace(profile);
        }
        if let Some(fieldset) = dom::within(&self.form, "fieldset") {
            let _ = fieldset.remove_attribute("disabled");
        }
        Ok(())
    }

    fn show_picture(&self, picture: Option<Vec<u8>>) {
        let url = picture.as_deref().and_then(avatar::picture_url);
        let name = self.field(NAME).map(|field| field.value()).filter(|name| !name.trim().is_empty());
        let own = self.engine.email().as_str();
        if let Some(place) = dom::within(&self.form, ".avatar") {
            avatar::draw(&place, own, name.as_deref().unwrap_or(own), url.as_deref());
        }
        if let Some(button) = dom::within(&self.form, REMOVE) {
            dom::hide(&button, picture.is_none());
        }
        self.picture.replace(picture);
        if let Some(before) = self.url.replace(url) {
            let _ = Url::revoke_object_url(&before);
        }
    }

    /// Makes the chosen picture small, and shows it. It is saved with the rest.
    fn choose(self: &Rc<Self>) {
        let Some(input) = self.field(PICTURE) else { return };
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        let form = self.clone();
        task::spawn(async move {
            form.say("");
            form.complain("");
            match picture::shrink(&file).await {
                Ok(picture) => form.show_picture(Some(picture)),
                Err(PictureError::TooLarge) => form.complain("profile-picture-too-large"),
                Err(PictureError::NotAPicture) => form.complain("profile-no-picture"),
            }
            // The same file may be chosen again.
            input.set_value("");
        });
    }

    fn save(&self) {
        let text = |selector| self.field(selector).map(|field| field.value());
        let profile =
            Profile { decided: 0, name: text(NAME), about: text(ABOUT), picture: self.picture.borrow().clone() }
                .cleaned();
        let is_whole = profile.fits();
        self.complain(if is_whole { "" } else { "profile-too-long" });
        if is_whole {
            self.engine.ask(Command::SetProfile(Box::new(profile)));
            self.say("profile-saved");
        }
    }

    fn say(&self, key: &str) {
        dom::set_text(&self.form, ".form-progress", &said(key));
    }

    fn complain(&self, key: &str) {
        dom::set_text(&self.form, ".form-error", &said(key));
        if !key.is_empty() {
            self.say("");
        }
    }

    fn field(&self, selector: &str) -> Option<HtmlInputElement> {
        dom::within(&self.form, selector)?.dyn_into().ok()
    }
}

fn said(key: &str) -> String {
    if key.is_empty() { String::new() } else { word(key) }
}
