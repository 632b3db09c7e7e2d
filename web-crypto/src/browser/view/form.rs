//! A form that takes passwords: of sign-in and sign-up, of recovery, of the safety pane.
//!
//! Owns reading and clearing its fields, its state (ready, at work, failed) and what it says. Knows nothing of what is
//! done with the fields. The inputs have no `name` and the submit never runs its course, so no browser, extension of
//! htmx or proxy can send what they hold. They can be typed into from the first moment, so that a password manager fills
//! them on a slow network too; the button waits until the program is there, and without it Enter does nothing either.

use super::{account_words, dom, sentences::word};
use crate::{
    browser::app::account::{AccountError, Password, Progress, kept_store::Unlocking, password::PasswordError},
    crypto::recovery_key::RecoveryKey,
};
use cliquet_wire::address::{Address, AddressError};
use gloo_events::{EventListener, EventListenerOptions};
use js_sys::JsString;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Element, Event, HtmlButtonElement, HtmlElement, HtmlFieldSetElement, HtmlInputElement, HtmlTextAreaElement,
};
use zeroize::Zeroizing;

/// Which input a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Address,
    Password,
    PasswordAgain,
    OldPassword,
    /// Of this browser.
    Passphrase,
    RecoveryWords,
    /// The first of those that can be chosen.
    Device,
}

impl Field {
    fn selector(self) -> &'static str {
        match self {
            Self::Address => "input[data-email]",
            Self::Password => "input[data-password]",
            Self::PasswordAgain => "input[data-password-again]",
            Self::OldPassword => "input[data-old-password]",
            Self::Passphrase => "input[data-passphrase]",
            Self::RecoveryWords => "textarea[data-recovery-words]",
            Self::Device => "input[data-device]",
        }
    }
}

/// Why a form did not do what it was pressed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormError {
    /// A field, and the word that says what is wrong with it. Nothing was sent.
    Field(Field, &'static str),
    Account(AccountError),
    /// Browsers let only pages from https or from this computer make keys.
    InsecurePage,
    /// The page lacks a part of the form.
    Incomplete,
}

impl FormError {
    /// What a person reads.
    pub fn sentence(&self) -> String {
        match self {
            Self::Field(_, key) => word(key),
            Self::Account(error) => account_words::sentence(error),
            Self::InsecurePage => word("insecure-page"),
            Self::Incomplete => word("page-broken"),
        }
    }

    /// The fields that it may be about. A form has the first of them that it has.
    fn fields(&self) -> &[Field] {
        match self {
            Self::Field(field, _) => std::slice::from_ref(field),
            Self::Account(AccountError::Refused) => &[Field::Password],
            Self::Account(AccountError::WrongPassword) => &[Field::OldPassword, Field::Password],
            Self::Account(AccountError::PassphraseNeeded | AccountError::WrongPassphrase) => {
                &[Field::OldPassword, Field::Passphrase]
            }
            Self::Account(AccountError::RecoveryWords(_) | AccountError::RecoveryKeyMismatch) => {
                &[Field::RecoveryWords]
            }
            Self::Account(AccountError::NoDeviceChosen) => &[Field::Device],
            _ => &[],
        }
    }
}

impl<E: Into<AccountError>> From<E> for FormError {
    fn from(error: E) -> Self {
        Self::Account(error.into())
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
        let form = dom::by_id(id)?;
        Some(Self {
            fieldset: dom::within(&form, "fieldset")?.dyn_into().ok()?,
            error: dom::within(&form, ".form-error")?.dyn_into().ok()?,
            progress: dom::within(&form, ".form-progress")?.dyn_into().ok()?,
            form,
        })
    }

    /// Hands every submit to `submitted` instead of to the browser, then opens the form's buttons.
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
        for button in dom::all_within(&form.form, "button[type=submit]") {
            if let Some(button) = button.dyn_ref::<HtmlButtonElement>() {
                button.set_disabled(false);
            }
        }
        form.fieldset.set_disabled(false);
    }

    /// Calls once, when a person begins to fill in the form, or at once when it is filled in already.
    pub fn on_first_input(&self, begun: impl FnOnce() + 'static) {
        if self.input(Field::Address).is_ok_and(|input| !input.value().is_empty()) {
            begun();
            return;
        }
        let mut begun = Some(begun);
        EventListener::once(&self.form, "input", move |_| {
            if let Some(begun) = begun.take() {
                begun();
            }
        })
        .forget();
    }

    /// Shows the form, or hides it as a whole.
    pub fn show(&self, shown: bool) {
        dom::hide(&self.form, !shown);
    }

    pub fn attribute(&self, name: &str) -> Option<String> {
        self.form.get_attribute(name)
    }

    /// The element of the form, for what only one page has in it.
    pub fn element(&self) -> &Element {
        &self.form
    }

    /// The address that was typed.
    pub fn address(&self) -> Result<Address, FormError> {
        Address::parse(&self.input(Field::Address)?.value()).map_err(|error| {
            let word = match error {
                AddressError::Empty => "address-empty",
                AddressError::TooLong => "address-too-long",
                AddressError::NotAscii => "address-not-ascii",
                AddressError::UnsupportedCharacter => "address-unsupported",
                AddressError::Malformed | AddressError::NotCanonical => "address-malformed",
            };
            FormError::Field(Field::Address, word)
        })
    }

    /// A password that exists already.
    pub fn given_password(&self, field: Field) -> Result<Password, FormError> {
        Password::given(&self.normalized(field)?).map_err(|error| password_error(field, error))
    }

    /// A new password, typed twice.
    pub fn chosen_password(&self) -> Result<Password, FormError> {
        let (password, again) = (self.normalized(Field::Password)?, self.normalized(Field::PasswordAgain)?);
        Password::chosen(&password, &again).map_err(|error| password_error(Field::Password, error))
    }

    /// The passphrase that this browser has.
    pub fn given_passphrase(&self, field: Field) -> Result<Password, FormError> {
        Password::given(&self.normalized(field)?).map_err(|error| passphrase_error(field, error))
    }

    /// A new passphrase, typed twice.
    pub fn chosen_passphrase(&self) -> Result<Password, FormError> {
        let (passphrase, again) = (self.normalized(Field::Password)?, self.normalized(Field::PasswordAgain)?);
        Password::chosen(&passphrase, &again).map_err(|error| passphrase_error(Field::Password, error))
    }

    /// What a person says about the passphrase of this browser, once the form has asked.
    pub fn unlocking(&self) -> Result<Unlocking, FormError> {
        if self.locked().is_none_or(|part| part.has_attribute("hidden")) {
            return Ok(Unlocking::NotAsked);
        }
        let forgotten = dom::within(&self.form, "[data-forgotten]").and_then(|input| input.dyn_into().ok());
        if forgotten.is_some_and(|input: HtmlInputElement| input.checked()) {
            return Ok(Unlocking::Forgotten);
        }
        Ok(Unlocking::With(self.given_passphrase(Field::Passphrase)?))
    }

    /// The part of a form that asks for the passphrase, and is hidden until this browser is found to have one.
    fn locked(&self) -> Option<Element> {
        dom::within(&self.form, "[data-locked]")
    }

    /// The recovery key, from the words as they were typed.
    pub fn recovery_key(&self) -> Result<RecoveryKey, FormError> {
        let found = dom::within(&self.form, Field::RecoveryWords.selector());
        let area: HtmlTextAreaElement = found.and_then(|area| area.dyn_into().ok()).ok_or(FormError::Incomplete)?;
        Ok(RecoveryKey::parse(&Zeroizing::new(area.value()))?)
    }

    /// The words that confirm a recovery key, in the order of their fields.
    pub fn confirmed_words(&self) -> Vec<String> {
        dom::all_within(&self.form, "[data-confirm]")
            .into_iter()
            .map(|input| input.dyn_into().map_or_else(|_| String::new(), |input: HtmlInputElement| input.value()))
            .collect()
    }

    /// Empties every field with a secret.
    pub fn clear_passwords(&self) {
        for input in dom::all_within(&self.form, "input[type=password], textarea, [data-confirm]") {
            if let Some(input) = input.dyn_ref::<HtmlInputElement>() {
                input.set_value("");
            } else if let Some(input) = input.dyn_ref::<HtmlTextAreaElement>() {
                input.set_value("");
            }
        }
    }

    /// Closes the form and says what is being done.
    pub fn working(&self, progress: Progress) {
        self.fieldset.set_disabled(true);
        self.error.set_text_content(None);
        self.progress.set_text_content(Some(&account_words::of_progress(progress)));
    }

    /// Says why the form stays closed.
    pub fn closed(&self, error: &FormError) {
        self.error.set_text_content(Some(&error.sentence()));
    }

    /// Opens the form again and says what went wrong. The alert's text changes last, so that it is what is read out.
    pub fn failed(&self, error: &FormError) {
        self.progress.set_text_content(None);
        self.fieldset.set_disabled(false);
        if *error == FormError::Account(AccountError::PassphraseNeeded)
            && let Some(part) = self.locked()
        {
            dom::hide(&part, false);
        }
        if let Some(input) = error.fields().iter().find_map(|field| self.input_or_area(*field)) {
            // A browser that cannot focus still shows the sentence.
            let _ = input.focus();
        }
        self.error.set_text_content(Some(&error.sentence()));
    }

    /// The end of an attempt on a page that stays: open again, with what there is to say.
    pub fn done(&self, done: Result<(), FormError>, word: Option<&str>) {
        match done {
            Ok(()) => {
                self.clear_passwords();
                self.fieldset.set_disabled(false);
                self.progress.set_text_content(None);
                if let Some(word) = word {
                    self.say(word);
                }
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Puts the keyboard into a field. A browser that cannot still shows it.
    pub fn focus(&self, field: Field) {
        if let Some(input) = self.input_or_area(field) {
            let _ = input.focus();
        }
    }

    /// Shows a word where progress is shown.
    pub fn say(&self, key: &str) {
        self.progress.set_text_content(Some(&word(key)));
    }

    fn input(&self, field: Field) -> Result<HtmlInputElement, FormError> {
        let found = dom::within(&self.form, field.selector());
        found.and_then(|element| element.dyn_into().ok()).ok_or(FormError::Incomplete)
    }

    fn input_or_area(&self, field: Field) -> Option<HtmlElement> {
        dom::within(&self.form, field.selector())?.dyn_into().ok()
    }

    /// Unicode's form NFC, as RFC 8265 section 4.2.2 asks: an é is one é, from whichever keyboard.
    fn normalized(&self, field: Field) -> Result<Zeroizing<String>, FormError> {
        let value = JsValue::from(self.input(field)?.value());
        Ok(Zeroizing::new(String::from(value.unchecked_ref::<JsString>().normalize("NFC"))))
    }
}

fn passphrase_error(field: Field, error: PasswordError) -> FormError {
    match error {
        PasswordError::Empty => FormError::Field(field, "passphrase-empty"),
        PasswordError::TooShort => FormError::Field(field, "passphrase-too-short"),
        PasswordError::TooLong => FormError::Field(field, "passphrase-too-long"),
        PasswordError::Differ => FormError::Field(Field::PasswordAgain, "passphrases-differ"),
    }
}

fn password_error(field: Field, error: PasswordError) -> FormError {
    match error {
        PasswordError::Empty => FormError::Field(field, "password-empty"),
        PasswordError::TooShort => FormError::Field(field, "password-too-short"),
        PasswordError::TooLong => FormError::Field(field, "password-too-long"),
        PasswordError::Differ => FormError::Field(Field::PasswordAgain, "passwords-differ"),
    }
}
