//! The pages of sign-in and sign-up: whichever form is there, served.
//!
//! Owns what follows a press: one attempt at a time, then home, or the form again with a sentence. Knows nothing of the
//! attempt's steps.

use super::{failure::Failure, form::Form, messenger_module::MessengerModule, sign_in::sign_in, sign_up::sign_up};
use cliquet_wire::address::Address;
use js_sys::Function;
use std::{cell::RefCell, rc::Rc};

#[derive(Clone, Copy, Debug)]
enum Way {
    In,
    Up,
}

/// `open` loads the messenger module.
pub fn start(open: Function) {
    let messenger = Rc::new(MessengerModule::new(open));
    for (id, way) in [("sign-in", Way::In), ("sign-up", Way::Up)] {
        if let Some(form) = Form::find(id) {
            serve(Rc::new(form), &messenger, way);
        }
    }
}

fn serve(form: Rc<Form>, messenger: &Rc<MessengerModule>, way: Way) {
    if !is_secure() {
        form.closed(&Failure::InsecurePage);
        return;
    }
    let early = Rc::clone(messenger);
    form.on_first_input(move || early.open());
    // The address of which the person was last told that this browser keeps an earlier account.
    let told: Rc<RefCell<Option<Address>>> = Rc::default();
    let (served, messenger) = (Rc::clone(&form), Rc::clone(messenger));
    Form::serve(form, move |_| {
        let (form, messenger, told) = (Rc::clone(&served), Rc::clone(&messenger), Rc::clone(&told));
        wasm_bindgen_futures::spawn_local(async move {
            let before = told.take();
            let done = match way {
                Way::In => sign_in(&form, &messenger, before.as_ref()).await,
                Way::Up => sign_up(&form, &messenger, before.as_ref()).await,
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

/// Whether browsers let this page make keys.
pub fn is_secure() -> bool {
    web_sys::window().is_some_and(|window| window.is_secure_context())
}

/// To home, in the place of this page: going back never shows a form with what was typed.
pub fn leave(form: &Form) {
    form.clear_passwords();
    if let Some(window) = web_sys::window() {
        // A refused navigation leaves the page as it is; a reload then finds the sign-in done.
        let _ = window.location().replace("/home");
    }
}
