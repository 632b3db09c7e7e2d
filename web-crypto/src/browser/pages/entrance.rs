//! A form at whose end somebody is signed in: of sign-in, sign-up and recovery.
//!
//! Owns what follows a press: one attempt at a time, then home, or the form again with a sentence. Knows nothing of the
//! attempt's steps.

use crate::{
    browser::{
        app::account::AccountError,
        platform::task,
        view::{
            dom,
            form::{Form, FormError},
            invite_state,
        },
    },
    client::{add_link::AddLink, join_link::JoinByLink},
};
use cliquet_wire::address::Address;
use std::{cell::RefCell, rc::Rc};

/// What the person agreed to by pressing once more.
#[derive(Clone, Copy, Debug, Default)]
pub struct Agreed {
    /// An earlier account of the address is removed from this browser.
    pub replace: bool,
    /// An earlier vault is put back.
    pub restore: bool,
}

/// Serves the form. `attempt` is given the form, and what the person agreed to.
pub fn serve(form: &Rc<Form>, attempt: impl AsyncFn(&Form, Agreed) -> Result<(), FormError> + 'static) {
    carry_link();
    if !is_secure() {
        form.closed(&FormError::InsecurePage);
        return;
    }
    // What the person was last told of an address, and may agree to.
    let told: Rc<RefCell<Option<(Address, Agreed)>>> = Rc::default();
    let (served, attempt) = (Rc::clone(form), Rc::new(attempt));
    Form::serve(Rc::clone(form), move |_| {
        let (form, attempt, told) = (Rc::clone(&served), Rc::clone(&attempt), Rc::clone(&told));
        task::spawn(async move {
            let address = form.address().ok();
            let told_before = told.take().filter(|(told, _)| address.as_ref() == Some(told));
            let agreed = told_before.map_or_else(Agreed::default, |(_, agreed)| agreed);
            match attempt(&form, agreed).await {
                Ok(()) => leave(&form),
                Err(error) => {
                    if error == FormError::Account(AccountError::Refused) {
                        form.clear_passwords();
                    }
                    let asked = match error {
                        FormError::Account(AccountError::EarlierAccount) => Some(Agreed { replace: true, ..agreed }),
                        FormError::Account(AccountError::EarlierVault(_)) => Some(Agreed { restore: true, ..agreed }),
                        _ => None,
                    };
                    told.replace(address.zip(asked));
                    form.failed(&error);
                }
            }
        });
    });
}

/// A person who opens a link that adds somebody, and is not signed in, comes here first. The link is carried on to home.
fn carry_link() {
    let Some(fragment) = link_fragment() else { return };
    invite_state::keep_over_change_of_language(&fragment);
    for link in dom::all("a[href='/sign-in'], a[href='/sign-up'], a[href='/recover']") {
        let page = link.get_attribute("href").unwrap_or_default();
        let _ = link.set_attribute("href", &[page, fragment.clone()].concat());
    }
}

fn link_fragment() -> Option<String> {
    let fragment = dom::window()?.location().hash().ok()?;
    (AddLink::is_meant(&fragment) || JoinByLink::is_meant(&fragment)).then_some(fragment)
}

/// Whether browsers let this page make keys.
pub fn is_secure() -> bool {
    dom::window().is_some_and(|window| window.is_secure_context())
}

/// To home, in the place of this page: going back never shows a form with what was typed.
pub fn leave(form: &Form) {
    leave_to(form, &["/home", &link_fragment().unwrap_or_default()].concat());
}

/// The same, to another page.
pub fn leave_to(form: &Form, page: &str) {
    form.clear_passwords();
    if let Some(window) = dom::window() {
        // A refused navigation leaves the page as it is; a reload then finds what was done.
        let _ = window.location().replace(page);
    }
}
