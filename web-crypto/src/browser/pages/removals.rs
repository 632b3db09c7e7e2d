//! The forms that remove one of one's own devices, which take the password.

use crate::browser::{
    app::{account::remove_device::remove_device, engine::Engine},
    platform::{account_browser::AccountBrowser, browser::Browser, task},
    view::{
        dom,
        form::{Field, Form, FormError},
        sentences::word,
    },
};
use cliquet_wire::ids::DeviceId;
use std::rc::Rc;
use web_sys::Element;

const FORM: &str = "data-revoke-device";

/// Serves the forms of the pane that is on the page.
pub fn start(engine: &Rc<Engine<Browser>>) {
    let Some(pane) = dom::find(".devices") else { return };
    for element in dom::all_within(&pane, &["form[", FORM, "]"].concat()) {
        if let Some(form) = Form::find(&element.id()) {
            serve(engine, &Rc::new(form), &element);
        }
    }
}

fn serve(engine: &Rc<Engine<Browser>>, form: &Rc<Form>, element: &Element) {
    let (engine, served, element) = (engine.clone(), Rc::clone(form), element.clone());
    Form::serve(Rc::clone(form), move |_| {
        let (engine, form, element) = (engine.clone(), Rc::clone(&served), element.clone());
        task::spawn(async move {
            match remove(&engine, &form).await {
                Ok(()) => {
                    form.clear_passwords();
                    if let Ok(Some(row)) = element.closest("li") {
                        row.set_text_content(Some(&word("device-revoked")));
                    }
                }
                Err(error) => form.failed(&error),
            }
        });
    });
}

async fn remove(engine: &Engine<Browser>, form: &Form) -> Result<(), FormError> {
    let device = form.attribute(FORM).and_then(|id| id.parse::<DeviceId>().ok()).ok_or(FormError::Incomplete)?;
    let password = form.given_password(Field::Password)?;
    let progress = |progress| form.working(progress);
    Ok(remove_device(engine, &AccountBrowser, device, &password, &progress).await?)
}
