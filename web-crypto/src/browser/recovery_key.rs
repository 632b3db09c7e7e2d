//! The recovery key on the safety pane: made, shown, confirmed by three words, and only then set.
//!
//! Owns the paper: the part of the pane that shows the words. They are text nodes there, never in a field, and go when
//! the pane goes.

use super::{
    failure::Failure,
    form::{Field, Form},
    platform::{http, random, task},
    proven::Proven,
    view::{dom, sentences::word},
};
use crate::{
    client::fields::{Password, fill},
    crypto::{recovery_key::RecoveryKey, vault},
};
use cliquet_wire::{address::Address, problem::ProblemCode, recovery::SetRecovery};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Another device may replace the vault in this very moment; so often the change is made anew.
const ATTEMPTS: u32 = 4;

/// A key that is written down but not set yet.
#[derive(Debug)]
struct Unconfirmed {
    key: RecoveryKey,
    password: Password,
    places: [usize; 3],
}

/// The forms of it on the pane.
#[derive(Debug)]
pub struct RecoveryKeyForms {
    email: Address,
    ask: Rc<Form>,
    confirm: Rc<Form>,
    paper: Element,
    unconfirmed: RefCell<Option<Unconfirmed>>,
}

impl RecoveryKeyForms {
    pub fn find(email: Address) -> Option<Self> {
        Some(Self {
            email,
            ask: Rc::new(Form::find("recovery-key")?),
            confirm: Rc::new(Form::find("recovery-confirm")?),
            paper: dom::find("[data-recovery-paper]")?,
            unconfirmed: RefCell::default(),
        })
    }

    pub fn serve(self: Rc<Self>) {
        let forms = self.clone();
        Form::serve(self.ask.clone(), move |event| {
            let forms = forms.clone();
            let show = event.dyn_ref::<web_sys::SubmitEvent>().and_then(web_sys::SubmitEvent::submitter);
            let show = show.is_some_and(|button| button.has_attribute("data-show"));
            task::spawn(async move {
                let done = if show { forms.show().await } else { forms.make().await };
                forms.ask.done(done, None);
            });
        });
        let forms = self.clone();
        Form::serve(self.confirm.clone(), move |_| {
            let forms = forms.clone();
            task::spawn(async move {
                let done = forms.set().await;
                let set = done.is_ok();
                forms.confirm.done(done, None);
                if set {
                    forms.hide();
                    forms.ask.say("recovery-key-set");
                    if let Some(state) = dom::find("[data-recovery-state]") {
                        dom::hide(&state, true);
                    }
                }
            });
        });
        let forms = self.clone();
        dom::on(&self.paper, "click", move |event| {
            if dom::around(event, "[data-print]").is_some() {
                let _ = dom::window().map(|window| window.print());
            } else if dom::around(event, "[data-hide-words]").is_some() {
                forms.hide();
            }
        });
    }

    /// The key that there is, once more.
    async fn show(&self) -> Result<(), Failure> {
        let password = self.ask.given_password(Field::Password)?;
        self.ask.working("working-sign-in");
        let proven = Proven::by(&password, &self.email, Field::Password).await?;
        let entropy = vault::kept_entropy(proven.owner(), &proven.root, &proven.vault)?;
        self.lay_out(&RecoveryKey::from_entropy(entropy), false);
        Ok(())
    }

    /// A new one. Nothing is sent before it is confirmed.
    async fn make(&self) -> Result<(), Failure> {
        let password = self.ask.given_password(Field::Password)?;
        self.ask.working("making-recovery-key");
        Proven::by(&password, &self.email, Field::Password).await?;
        let rng = &mut random::system();
        let (key, places) = (RecoveryKey::generate(rng), RecoveryKey::places_to_confirm(rng));
        self.lay_out(&key, true);
        for (label, place) in dom::all_within(&self.paper, "[data-confirm-label]").iter().zip(places) {
            label.set_text_content(Some(&fill(&word("confirm-word"), "place", &place.to_string())));
        }
        self.unconfirmed.replace(Some(Unconfirmed { key, password, places }));
        Ok(())
    }

    /// Confirmed: from now on it opens the account, and one before opens nothing.
    async fn set(&self) -> Result<(), Failure> {
        let unconfirmed = self.unconfirmed.take().ok_or(Failure::PageBroken)?;
        let done = self.try_set(&unconfirmed).await;
        if done.is_err() {
            self.unconfirmed.replace(Some(unconfirmed));
        }
        done
    }

    async fn try_set(&self, unconfirmed: &Unconfirmed) -> Result<(), Failure> {
        let typed = self.confirm.confirmed_words();
        unconfirmed.key.confirm(unconfirmed.places.into_iter().zip(typed.iter().map(String::as_str)))?;
        self.confirm.working("making-recovery-key");
        let mut left = ATTEMPTS;
        loop {
            let proven = Proven::by(&unconfirmed.password, &self.email, Field::Password).await?;
            let (owner, rng) = (proven.owner(), &mut random::system());
            let vault = vault::set_recovery_lock(owner, &proven.root, unconfirmed.key.entropy(), &proven.vault, rng)?;
            let set = SetRecovery {
                attempt: proven.attempt,
                finalization: proven.finalization,
                verifier: unconfirmed.key.proof().verifier(),
                vault,
                replaces: proven.vault.digest(),
            };
            left -= 1;
            match http::send("PUT", "/recovery", &set).await {
                Err(error) if error.code() == Some(ProblemCode::VaultOutdated) && left > 0 => {}
                done => return Ok(done?),
            }
        }
    }

    fn lay_out(&self, key: &RecoveryKey, to_confirm: bool) {
        let (Some(document), Some(list)) = (dom::document(), dom::within(&self.paper, "[data-recovery-words]")) else {
            return;
        };
        list.set_text_content(None);
        for word in key.words() {
            if let Ok(item) = document.create_element("li") {
                item.set_text_content(Some(word));
                let _ = list.append_child(&item);
            }
        }
        if let Some(address) = dom::within(&self.paper, "[data-own-address]") {
            // So that a printed key says whose it is.
            address.set_text_content(Some(self.email.as_str()));
        }
        dom::hide(&self.paper, false);
        if let Some(form) = dom::within(&self.paper, "form") {
            dom::hide(&form, !to_confirm);
        }
        // Read out, and brought into sight.
        if let Some(title) = dom::within(&self.paper, "h4").and_then(|title| title.dyn_into::<HtmlElement>().ok()) {
            let _ = title.focus();
        }
    }

    fn hide(&self) {
        self.unconfirmed.replace(None);
        if let Some(list) = dom::within(&self.paper, "[data-recovery-words]") {
            list.set_text_content(None);
        }
        dom::hide(&self.paper, true);
    }
}
