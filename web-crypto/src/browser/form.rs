//! A form that takes passwords: of sign-in and sign-up, of recovery, of the safety pane.
//!
//! Owns reading and clearing its fields, its state (ready, at work, failed) and what it says. Knows nothing of what is
//! done with the fields. The inputs have no `name` and the submit never runs its course, so no browser, extension of
//! htmx or proxy can send what they hold.

use super::{failure::Failure, view::sentences::word};
use crate::client::fields::{Password, PasswordError};
#[cfg(feature = "recovery")]
use crate::crypto::recovery_key::RecoveryKey;
use cliquet_wire::address::{Address, AddressError};
use gloo_events::{EventListener, EventListenerOptions};
use js_sys::JsString;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlElement, HtmlFieldSetElement, HtmlInputElement, HtmlTextAreaElement};
use zeroize::Zeroizing;

/// Which input a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Address,
    Password,
    PasswordAgain,
    #[cfg(feature = "recovery")]
    OldPassword,
    #[cfg(feature = "recovery")]
    RecoveryWords,
    /// The first of those that can be chosen.
    #[cfg(feature = "recovery")]
    Device,
}

impl Field {
    fn selector(self) -> &'static str {
        match self {
            Self::Address => "input[data-email]",
            Self::Password => "input[data-password]",
            Self::PasswordAgain => "input[data-password-again]",
            #[cfg(feature = "recovery")]
            Self::OldPassword => "input[data-old-password]",
            #[cfg(feature = "recovery")]
            Self::RecoveryWords => "textarea[data-recovery-words]",
            #[cfg(feature = "recovery")]
            Self::Device => "input[data-device]",
        }
    }
}

/// The form, found in the page.
#[derive(Clone, Debug)]
pub struct Form {
    form: Element,
    fieldset: HtmlFieldSetElement,
    error: HtmlElement,
    progress: HtmlElement,
}

impl Form {
    /// `None` when this page has no such form, or one that lacks its parts.
    pub fn find(id: &str) -> Option<Self> {
        let form = web_sys::window()?.document()?.get_element_by_id(id)?;
        let part = |selector| form.query_selector(selector).ok().flatten();
        Some(Self {
            fieldset: part("fieldset")?.dyn_into().ok()?,
            error: part(".form-error")?.dyn_into().ok()?,
            progress: part(".form-progress")?.dyn_into().ok()?,
            form,
        })
    }

    /// Hands every submit to `submitted` instead of to the browser, then opens the form.
    pub fn serve(form: Rc<Self>, submitted: impl Fn(&Event) + 'static) {
        let served = Rc::clone(&form);
        let options = EventListenerOptions::enable_prevent_default();
        let listener = EventListener::new_with_options(&form.form, "submit", options, move |event| {
            event.prevent_default();
            // A second Enter while the first is at work changes nothing.
            if !served.fieldset.disabled() {
                submitted(event);
            }
        });
        // For as long as the page lives.
        listener.forget();
        form.fieldset.set_disabled(false);
    }

    /// Calls once, when a person begins to fill in the form.
    pub fn on_first_input(&self, begun: impl FnOnce() + 'static) {
        let mut begun = Some(begun);
        EventListener::once(&self.form, "input", move |_| {
            if let Some(begun) = begun.take() {
                begun();
            }
        })
        .forget();
    }

    pub fn invite(&self) -> Option<String> {
        self.form.get_attribute("data-invite").filter(|invite| !invite.is_empty())
    }

    pub fn address(&self) -> Result<Address, Failure> {
        Address::parse(&self.input(Field::Address)?.value()).map_err(|error| {
            let word = match error {
                AddressError::Empty => "address-empty",
                AddressError::TooLong => "address-too-long",
                AddressError::NotAscii => "address-not-ascii",
                AddressError::Malformed | AddressError::NotCanonical => "address-malformed",
            };
            Failure::Field(Field::Address, word)
        })
    }

    /// A password that there is already.
    pub fn given_password(&self, field: Field) -> Result<Password, Failure> {
        Password::given(&self.normalized(field)?).map_err(|error| password_failure(field, error))
    }

    /// The password to sign up with, typed twice.
    pub fn chosen_password(&self) -> Result<Password, Failure> {
        let (password, again) = (self.normalized(Field::Password)?, self.normalized(Field::PasswordAgain)?);
        Password::chosen(&password, &again).map_err(|error| password_failure(Field::Password, error))
    }

    /// Everything secret that was typed.
    pub fn clear_passwords(&self) {
        let typed = self.form.query_selector_all("input[type=password], textarea, [data-confirm]");
        let Ok(typed) = typed else { return };
        for index in 0..typed.length() {
            let input = typed.get(index).map(JsValue::from);
            if let Some(input) = input.as_ref().and_then(JsCast::dyn_ref::<HtmlInputElement>) {
                input.set_value("");
            } else if let Some(input) = input.as_ref().and_then(JsCast::dyn_ref::<HtmlTextAreaElement>) {
                input.set_value("");
            }
        }
    }

    /// Closes the form and says what is being done.
    pub fn working(&self, key: &str) {
        self.fieldset.set_disabled(true);
        self.error.set_text_content(None);
        self.progress.set_text_content(Some(&word(key)));
    }

    /// Says why the form stays closed.
    pub fn closed(&self, failure: &Failure) {
        self.error.set_text_content(Some(&failure.sentence()));
    }

    /// Opens the form again and says what went wrong. The alert's text changes last, so that it is what is read out.
    pub fn failed(&self, failure: &Failure) {
        self.progress.set_text_content(None);
        self.fieldset.set_disabled(false);
        if let Some(input) = failure.field().and_then(|field| self.input(field).ok()) {
            // A browser that cannot focus still shows the sentence.
            let _ = input.focus();
        }
        self.error.set_text_content(Some(&failure.sentence()));
    }

    /// The end of an attempt on a page that stays: open again, with what there is to say.
    #[cfg(feature = "recovery")]
    pub fn done(&self, done: Result<(), Failure>, word: Option<&str>) {
        match done {
            Ok(()) => {
                self.clear_passwords();
                self.fieldset.set_disabled(false);
                self.progress.set_text_content(None);
                if let Some(word) = word {
                    self.say(word);
                }
            }
            Err(failure) => self.failed(&failure),
        }
    }

    #[cfg(feature = "recovery")]
    pub fn say(&self, key: &str) {
        self.progress.set_text_content(Some(&word(key)));
    }

    /// From the 24 words as they were typed.
    #[cfg(feature = "recovery")]
    pub fn recovery_key(&self) -> Result<RecoveryKey, Failure> {
        let found = self.form.query_selector(Field::RecoveryWords.selector()).ok().flatten();
        let area: HtmlTextAreaElement = found.and_then(|area| area.dyn_into().ok()).ok_or(Failure::PageBroken)?;
        Ok(RecoveryKey::parse(&Zeroizing::new(area.value()))?)
    }

    /// The words that confirm a recovery key, in the order of their fields.
    #[cfg(feature = "recovery")]
    pub fn confirmed_words(&self) -> Vec<String> {
        super::view::dom::all_within(&self.form, "[data-confirm]")
            .into_iter()
            .map(|input| input.dyn_into().map_or_else(|_| String::new(), |input: HtmlInputElement| input.value()))
            .collect()
    }

    fn input(&self, field: Field) -> Result<HtmlInputElement, Failure> {
        let found = self.form.query_selector(field.selector()).ok().flatten();
        found.and_then(|element| element.dyn_into().ok()).ok_or(Failure::PageBroken)
    }

    /// Unicode's form NFC, as RFC 8265 section 4.2.2 asks: an é is one é, from whichever keyboard.
    fn normalized(&self, field: Field) -> Result<Zeroizing<String>, Failure> {
        let value = JsValue::from(self.input(field)?.value());
        Ok(Zeroizing::new(String::from(value.unchecked_ref::<JsString>().normalize("NFC"))))
    }
}

fn password_failure(field: Field, error: PasswordError) -> Failure {
    match error {
        PasswordError::Empty => Failure::Field(field, "password-empty"),
        PasswordError::TooShort => Failure::Field(field, "password-too-short"),
        PasswordError::TooLong => Failure::Field(field, "password-too-long"),
        PasswordError::Differ => Failure::Field(Field::PasswordAgain, "passwords-differ"),
    }
}
