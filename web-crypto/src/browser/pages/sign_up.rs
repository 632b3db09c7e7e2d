//! The sign-up page: the form, and the invite that came with the link.

use super::{app_program::AppProgram, entrance};
use crate::browser::{
    app::account::{AccountError, account_program::Request, invite, sign_up::SignUp},
    platform::{account_browser::AccountBrowser, error::HttpError, task},
    view::{
        account_words, device_name, dom,
        form::Form,
        invite_state::{self, InviteState},
    },
};
use js_sys::Function;
use std::{cell::RefCell, rc::Rc};

/// Serves the form, where there is one. `load_app` loads the app.
pub fn start(load_app: &Function) {
    let Some(form) = Form::find("sign-up").map(Rc::new) else { return };
    let app = Rc::new(AppProgram::new(load_app.clone()));
    let early = Rc::clone(&app);
    form.on_first_input(move || early.prefetch());
    let page = Rc::new(Page { form: Rc::clone(&form), invite: RefCell::default() });
    let invited = Rc::clone(&page);
    entrance::serve(&form, async move |form, agreed| {
        let (email, password) = (form.address()?, form.chosen_password()?);
        let (invite, device_name) = (invited.invite.borrow().clone(), device_name::of_this_browser());
        let typed = SignUp { email, password, invite, may_replace: agreed.replace, device_name };
        Ok(app.run(&Request::SignUp(typed), form).await?)
    });
    // Opening another link of this page in the same tab changes the fragment and loads nothing.
    if let Some(window) = dom::window() {
        let changed = Rc::clone(&page);
        dom::on(&window, "hashchange", move |_| Rc::clone(&changed).look_at_link());
    }
    page.look_at_link();
}

#[derive(Debug)]
struct Page {
    form: Rc<Form>,
    /// The token that the server took.
    invite: RefCell<Option<String>>,
}

impl Page {
    /// Says what the link's invite is worth before the person fills in the form.
    fn look_at_link(self: Rc<Self>) {
        let fragment = dom::window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
        let Some(token) = invite::of_fragment(&fragment) else { return };
        invite_state::keep_over_change_of_language(&fragment);
        invite_state::show(InviteState::Checking);
        task::spawn(async move {
            let needed = self.form.attribute("data-registration").as_deref() == Some("invite");
            match invite::check(&AccountBrowser, &token).await {
                Ok(()) => {
                    self.invite.replace(Some(token));
                    invite_state::show(InviteState::Good);
                    self.form.show(true);
                }
                Err(AccountError::Server(HttpError::Problem(problem))) if needed => {
                    self.form.show(false);
                    let error = AccountError::Server(HttpError::Problem(problem));
                    invite_state::show(InviteState::Refused(account_words::sentence(&error)));
                }
                // This server needs no invite.
                Err(AccountError::Server(HttpError::Problem(_))) => invite_state::show(InviteState::None),
                // The server says it when the form is sent.
                Err(_) => {
                    self.invite.replace(Some(token));
                    invite_state::show(InviteState::None);
                    self.form.show(true);
                }
            }
        });
    }
}
