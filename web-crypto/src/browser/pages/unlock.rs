//! The form that asks for this browser's passphrase, and the way out for anyone who forgot it.

use super::entrance;
use crate::browser::{
    app::account::{
        AccountError, Progress,
        kept_store::{Unlocking, open_kept},
        passphrase::forget,
    },
    platform::{account_browser::AccountBrowser, store::Store, task},
    view::{
        dom,
        form::{Field, Form, FormError},
    },
};
use cliquet_wire::address::Address;
use event_listener::Event;
use std::{cell::RefCell, future, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::HtmlButtonElement;

/// What the form leads to.
#[derive(Debug, Default)]
struct Opened {
    store: RefCell<Option<Store>>,
    changed: Event,
}

/// The account's storage, once the right passphrase was typed. A wrong one is said, and changes nothing.
pub async fn opened(email: Address) -> Store {
    let Some(form) = Form::find("unlock-form").map(Rc::new) else { return future::pending().await };
    let opened = Rc::<Opened>::default();
    let (served, done, of) = (Rc::clone(&form), Rc::clone(&opened), email.clone());
    Form::serve(Rc::clone(&form), move |_| {
        let (form, done, email) = (Rc::clone(&served), Rc::clone(&done), of.clone());
        task::spawn(async move {
            match open(&form, &email).await {
                Ok(store) => {
                    form.clear_passwords();
                    done.store.replace(Some(store));
                    done.changed.notify(1);
                }
                Err(error) => {
                    if error == FormError::Account(AccountError::WrongPassphrase) {
                        form.clear_passwords();
                    }
                    form.failed(&error);
                }
            }
        });
    });
    serve_forgotten(&form, email);
    form.focus(Field::Passphrase);
    loop {
        let changed = opened.changed.listen();
        if let Some(store) = opened.store.take() {
            return store;
        }
        changed.await;
    }
}

async fn open(form: &Form, email: &Address) -> Result<Store, FormError> {
    let passphrase = form.given_passphrase(Field::Passphrase)?;
    form.working(Progress::Unlocking);
    Ok(open_kept(&AccountBrowser, email, &Unlocking::With(passphrase)).await?)
}

/// The button that removes what nobody can open any more.
fn serve_forgotten(form: &Rc<Form>, email: Address) {
    let button = dom::find("#unlock [data-forget]").and_then(|button| button.dyn_into::<HtmlButtonElement>().ok());
    let Some(button) = button else { return };
    button.set_disabled(false);
    let form = Rc::clone(form);
    dom::on(&button, "click", move |_| {
        let (form, email) = (Rc::clone(&form), email.clone());
        task::spawn(async move {
            match forget(&AccountBrowser, &email).await {
                Ok(()) => entrance::leave_to(&form, "/sign-in"),
                Err(error) => form.failed(&error.into()),
            }
        });
    });
}
