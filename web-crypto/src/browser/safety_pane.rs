//! The pages of the module `recovery`: the recovery page, the one that removes devices, or the safety pane beside the
//! contacts; whichever is there.
//!
//! Owns what follows a press. Knows nothing of the steps.

use super::{
    change_password::change_password, connexion, failure::Failure, form::Form, make_room::MakeRoom,
    messenger_module::MessengerModule, platform::task, recover::recover, recovery_key::RecoveryKeyForms, view::dom,
};
use cliquet_wire::address::Address;
use js_sys::Function;
use std::rc::Rc;

/// `open` loads the messenger module; the safety pane does without.
pub fn start(open: Function) {
    if let Some(form) = Form::find("recover") {
        serve_recovery(Rc::new(form), Rc::new(MessengerModule::new(open.clone())));
        return;
    }
    if let Some(make_room) = MakeRoom::find(&open) {
        Rc::new(make_room).serve();
        return;
    }
    let body = dom::document().and_then(|document| document.body());
    let email = body.and_then(|body| body.get_attribute("data-email")).and_then(|email| Address::parse(&email).ok());
    let Some(email) = email else { return };
    if let Some(forms) = RecoveryKeyForms::find(email.clone()) {
        Rc::new(forms).serve();
    }
    if let Some(form) = Form::find("change-password") {
        serve_change(Rc::new(form), email);
    }
}

fn serve_recovery(form: Rc<Form>, messenger: Rc<MessengerModule>) {
    if !connexion::is_secure() {
        form.closed(&Failure::InsecurePage);
        return;
    }
    let early = messenger.clone();
    form.on_first_input(move || early.open());
    let served = form.clone();
    Form::serve(form, move |_| {
        let (form, messenger) = (served.clone(), messenger.clone());
        task::spawn(async move {
            match recover(&form, &messenger).await {
                Ok(()) => connexion::leave(&form),
                Err(failure) => form.failed(&failure),
            }
        });
    });
}

fn serve_change(form: Rc<Form>, email: Address) {
    let served = form.clone();
    Form::serve(form, move |_| {
        let (form, email) = (served.clone(), email.clone());
        task::spawn(async move {
            let done = change_password(&form, &email).await;
            form.done(done, Some("password-changed"));
        });
    });
}
