//! The pages of sign-in and sign-up: whichever form is there, served.
//!
//! Owns what follows a press: one attempt at a time, then home, or the form again with a sentence. Knows nothing of the
//! attempt's steps.

use super::{failure::Failure, form::Form, rsa, sign_in::sign_in, sign_up::sign_up};
use cliquet_wire::address::Address;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsError;

#[derive(Clone, Copy, Debug)]
enum Way {
    In,
    Up,
}

pub fn start() -> Result<(), JsError> {
    for (id, way) in [("sign-in", Way::In), ("sign-up", Way::Up)] {
        if let Some(form) = Form::find(id) {
            serve(Rc::new(form), way);
        }
    }
    Ok(())
}

fn serve(form: Rc<Form>, way: Way) {
    if let Err(missing) = rsa::check_available() {
        form.closed(&missing.into());
        return;
    }
    // The address of which the person was last told that this browser keeps an earlier account.
    let told: Rc<RefCell<Option<Address>>> = Rc::default();
    let served = Rc::clone(&form);
    Form::serve(form, move || {
        let (form, told) = (Rc::clone(&served), Rc::clone(&told));
        wasm_bindgen_futures::spawn_local(async move {
            let before = told.take();
            let done = match way {
                Way::In => sign_in(&form, before.as_ref()).await,
                Way::Up => sign_up(&form, before.as_ref()).await,
            };
            match done {
                Ok(()) => leave(&form),
                Err(failure) => {
                    if failure == Failure::Refused {
                        form.clear_passwords();
                    }
                    form.failed(&failure);
                    if let Failure::EarlierAccount(address) = failure {
                        told.replace(Some(address));
                    }
                }
            }
        });
    });
}

/// To home, in the place of this page: going back never shows a form with what was typed.
fn leave(form: &Form) {
    form.clear_passwords();
    if let Some(window) = web_sys::window() {
        // A refused navigation leaves the page as it is; a reload then finds the sign-in done.
        let _ = window.location().replace("/home");
    }
}
