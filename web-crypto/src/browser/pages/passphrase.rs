//! The forms of the safety pane by which this browser gets a passphrase, another one, or none.

use crate::browser::{
    app::account::{
        AccountError,
        passphrase::{change, is_set, remove, set},
    },
    platform::{account_browser::AccountBrowser, task},
    view::{
        dom,
        form::{Field, Form, FormError},
    },
};
use cliquet_wire::address::Address;
use std::rc::Rc;
use wasm_bindgen::JsCast;

#[derive(Debug)]
struct Forms {
    email: Address,
    set: Rc<Form>,
    change: Rc<Form>,
}

/// Serves the forms, where they are, and shows those that fit what this browser has.
pub async fn start(email: Address) {
    let (Some(set), Some(change)) = (Form::find("passphrase-set"), Form::find("passphrase-change")) else { return };
    let forms = Rc::new(Forms { email, set: Rc::new(set), change: Rc::new(change) });
    match is_set(&AccountBrowser, &forms.email).await {
        Ok(is_set) => forms.show(is_set),
        Err(error) => {
            forms.show(false);
            forms.set.closed(&AccountError::from(error).into());
            return;
        }
    }
    let pressed = Rc::clone(&forms);
    Form::serve(Rc::clone(&forms.set), move |_| {
        let forms = Rc::clone(&pressed);
        task::spawn(async move {
            let done = forms.set().await;
            forms.ended(&forms.set, done, true, "passphrase-set");
        });
    });
    let pressed = Rc::clone(&forms);
    Form::serve(Rc::clone(&forms.change), move |event| {
        let forms = Rc::clone(&pressed);
        let button = event.dyn_ref::<web_sys::SubmitEvent>().and_then(web_sys::SubmitEvent::submitter);
        let is_removal = button.is_some_and(|button| button.has_attribute("data-remove"));
        task::spawn(async move {
            if is_removal {
                let done = forms.remove().await;
                forms.ended(&forms.change, done, false, "passphrase-removed");
            } else {
                let done = forms.change().await;
                forms.ended(&forms.change, done, true, "passphrase-changed");
            }
        });
    });
}

impl Forms {
    /// Shows what can be done now.
    fn show(&self, is_set: bool) {
        self.set.show(!is_set);
        self.change.show(is_set);
        for (selector, hidden) in [("[data-passphrase-on]", !is_set), ("[data-passphrase-off]", is_set)] {
            if let Some(line) = dom::find(selector) {
                dom::hide(&line, hidden);
            }
        }
    }

    /// The end of an attempt. What was done is said in the form that is shown from now on.
    fn ended(&self, form: &Form, done: Result<(), FormError>, is_set: bool, word: &str) {
        let is_done = done.is_ok();
        form.done(done, None);
        if is_done {
            self.show(is_set);
            let shown = if is_set { &self.change } else { &self.set };
            shown.say(word);
        }
    }

    async fn set(&self) -> Result<(), FormError> {
        let (password, passphrase) = (self.set.given_password(Field::OldPassword)?, self.set.chosen_passphrase()?);
        let progress = |progress| self.set.working(progress);
        Ok(set(&AccountBrowser, &self.email, &password, &passphrase, &progress).await?)
    }

    async fn change(&self) -> Result<(), FormError> {
        let (old, new) = (self.change.given_passphrase(Field::OldPassword)?, self.change.chosen_passphrase()?);
        let progress = |progress| self.change.working(progress);
        Ok(change(&AccountBrowser, &self.email, &old, &new, &progress).await?)
    }

    async fn remove(&self) -> Result<(), FormError> {
        let passphrase = self.change.given_passphrase(Field::OldPassword)?;
        let progress = |progress| self.change.working(progress);
        Ok(remove(&AccountBrowser, &self.email, &passphrase, &progress).await?)
    }
}
