//! The sign-in page.

use super::{app_program::AppProgram, entrance};
use crate::browser::{
    app::account::{account_program::Request, sign_in::SignIn},
    view::{
        device_name,
        form::{Field, Form},
    },
};
use js_sys::Function;
use std::rc::Rc;

/// Serves the form, where there is one. `load_app` loads the app.
pub fn start(load_app: &Function) {
    let Some(form) = Form::find("sign-in").map(Rc::new) else { return };
    let app = Rc::new(AppProgram::new(load_app.clone()));
    let early = Rc::clone(&app);
    form.on_first_input(move || early.prefetch());
    entrance::serve(&form, async move |form, agreed| {
        let (email, password) = (form.address()?, form.given_password(Field::Password)?);
        let (may_replace, may_restore) = (agreed.replace, agreed.restore);
        let (unlocking, device_name) = (form.unlocking()?, device_name::of_this_browser());
        let typed = SignIn { email, password, may_replace, may_restore, unlocking, device_name };
        Ok(app.run(&Request::SignIn(typed), form).await?)
    });
}
