//! The forms of the safety pane that take the password: the recovery key, and the change of password.

use super::{entrance, passphrase};
use crate::browser::{
    app::account::{
        change_password::change_password,
        delete_account::{Left, delete_account},
        recovery_key::{UnconfirmedKey, show},
    },
    platform::{account_browser::AccountBrowser, task},
    view::{
        dom,
        form::{Field, Form, FormError},
        recovery_paper::RecoveryPaper,
    },
};
use cliquet_wire::address::Address;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;

/// Serves the forms of the safety pane that is on the page.
pub async fn start() {
    let body = dom::document().and_then(|document| document.body());
    let email = body.and_then(|body| body.get_attribute("data-email")).and_then(|email| Address::parse(&email).ok());
    let Some(email) = email else { return };
    if let Some(forms) = RecoveryKeyForms::find(email.clone()) {
        Rc::new(forms).serve();
    }
    if let Some(form) = Form::find("change-password") {
        serve_change(&Rc::new(form), email.clone());
    }
    if let Some(form) = Form::find("delete-account") {
        serve_deletion(&Rc::new(form), email.clone());
    }
    passphrase::start(email).await;
}

fn serve_deletion(form: &Rc<Form>, email: Address) {
    let served = Rc::clone(form);
    Form::serve(Rc::clone(form), move |_| {
        let (form, email) = (Rc::clone(&served), email.clone());
        task::spawn(async move {
            let deleted = async {
                let password = form.given_password(Field::Password)?;
                let progress = |progress| form.working(progress);
                Ok(delete_account(&AccountBrowser, &email, &password, &progress).await?)
            };
            match deleted.await {
                Ok(left) => leave(&form, left),
                Err(error) => form.failed(&error),
            }
        });
    });
}

/// To the sign-in page, which says what happened: nothing here is of any use any more.
fn leave(form: &Form, left: Left) {
    let page = match left {
        Left::Nothing => "/sign-in#account-deleted",
        Left::Records => "/sign-in#account-deleted-records-left",
    };
    entrance::leave_to(form, page);
}

fn serve_change(form: &Rc<Form>, email: Address) {
    let served = Rc::clone(form);
    Form::serve(Rc::clone(form), move |_| {
        let (form, email) = (Rc::clone(&served), email.clone());
        task::spawn(async move {
            let changed = async {
                let (old, new) = (form.given_password(Field::OldPassword)?, form.chosen_password()?);
                let progress = |progress| form.working(progress);
                Ok(change_password(&AccountBrowser, &email, &old, &new, &progress).await?)
            };
            let done = changed.await;
            form.done(done, Some("password-changed"));
        });
    });
}

/// Makes, shows, confirms and sets the recovery key.
#[derive(Debug)]
struct RecoveryKeyForms {
    email: Address,
    ask: Rc<Form>,
    confirm: Rc<Form>,
    paper: RecoveryPaper,
    unconfirmed: RefCell<Option<UnconfirmedKey>>,
}

impl RecoveryKeyForms {
    fn find(email: Address) -> Option<Self> {
        Some(Self {
            email,
            ask: Rc::new(Form::find("recovery-key")?),
            confirm: Rc::new(Form::find("recovery-confirm")?),
            paper: RecoveryPaper::find()?,
            unconfirmed: RefCell::default(),
        })
    }

    fn serve(self: Rc<Self>) {
        let forms = Rc::clone(&self);
        Form::serve(Rc::clone(&self.ask), move |event| {
            let forms = Rc::clone(&forms);
            let show = event.dyn_ref::<web_sys::SubmitEvent>().and_then(web_sys::SubmitEvent::submitter);
            let show = show.is_some_and(|button| button.has_attribute("data-show"));
            task::spawn(async move {
                let done = if show { forms.show().await } else { forms.make().await };
                forms.ask.done(done, None);
            });
        });
        let forms = Rc::clone(&self);
        Form::serve(Rc::clone(&self.confirm), move |_| {
            let forms = Rc::clone(&forms);
            task::spawn(async move {
                let done = forms.set().await;
                let is_set = done.is_ok();
                forms.confirm.done(done, None);
                if is_set {
                    forms.hide();
                    forms.ask.say("recovery-key-set");
                    forms.paper.forget_old_state();
                }
            });
        });
        let forms = Rc::clone(&self);
        self.paper.on_hide(move || forms.hide());
    }

    /// The key that the account has, once more.
    async fn show(&self) -> Result<(), FormError> {
        let password = self.ask.given_password(Field::Password)?;
        let progress = |progress| self.ask.working(progress);
        let key = show(&AccountBrowser, &self.email, &password, &progress).await?;
        self.paper.lay_out(&key, &self.email, None);
        Ok(())
    }

    /// A new key. Nothing is sent before it is confirmed.
    async fn make(&self) -> Result<(), FormError> {
        let password = self.ask.given_password(Field::Password)?;
        let progress = |progress| self.ask.working(progress);
        let made = UnconfirmedKey::make(&AccountBrowser, &self.email, password, &progress).await?;
        self.paper.lay_out(made.key(), &self.email, Some(made.places()));
        self.unconfirmed.replace(Some(made));
        Ok(())
    }

    async fn set(&self) -> Result<(), FormError> {
        let unconfirmed = self.unconfirmed.take().ok_or(FormError::Incomplete)?;
        let typed = self.confirm.confirmed_words();
        let progress = |progress| self.confirm.working(progress);
        let done = unconfirmed.set(&AccountBrowser, &self.email, &typed, &progress).await;
        if done.is_err() {
            self.unconfirmed.replace(Some(unconfirmed));
        }
        Ok(done?)
    }

    fn hide(&self) {
        self.unconfirmed.replace(None);
        self.paper.hide();
    }
}
