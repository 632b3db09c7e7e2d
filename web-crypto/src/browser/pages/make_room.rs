//! The page that removes devices of a full account.

use super::entrance;
use crate::browser::{
    app::account::{
        AccountError,
        make_room::{Enter, MakeRoom},
    },
    platform::{account_browser::AccountBrowser, task},
    view::{
        device_list::DeviceList,
        device_name, dom,
        form::{Field, Form, FormError},
    },
};
use std::{cell::RefCell, rc::Rc};

const FORM: &str = "make-room";

#[derive(Debug)]
struct Page {
    form: Rc<Form>,
    list: DeviceList,
    shown: RefCell<Option<Shown>>,
}

/// Whose devices are on the page.
#[derive(Debug)]
struct Shown {
    account: MakeRoom,
    /// The person was told that this browser keeps an earlier account.
    may_replace: bool,
}

/// Serves the form, where there is one.
pub fn start() {
    let Some(form) = Form::find(FORM).map(Rc::new) else { return };
    if !entrance::is_secure() {
        form.closed(&FormError::InsecurePage);
        return;
    }
    let list = DeviceList::new(form.element().clone());
    let page = Rc::new(Page { form: Rc::clone(&form), list, shown: RefCell::default() });
    if let Some(window) = dom::window() {
        // Coming back never shows what was typed, nor the list.
        let left = Rc::clone(&page);
        dom::on(&window, "pagehide", move |_| left.begin_again());
    }
    Form::serve(form, move |_| {
        let pressed = Rc::clone(&page);
        task::spawn(async move { pressed.press().await });
    });
}

impl Page {
    async fn press(&self) {
        let Some(shown) = self.shown.take() else {
            if let Err(error) = self.list_devices().await {
                if error == FormError::Account(AccountError::Refused) {
                    self.form.clear_passwords();
                }
                self.form.failed(&error);
            }
            return;
        };
        self.enter(shown).await;
    }

    async fn list_devices(&self) -> Result<(), FormError> {
        let (email, password) = (self.form.address()?, self.form.given_password(Field::Password)?);
        let progress = |progress| self.form.working(progress);
        let (account, devices) = MakeRoom::list(&AccountBrowser, email, password, &progress).await?;
        if !self.list.lay_out(account.email(), &devices) {
            return Err(FormError::Incomplete);
        }
        self.list.say_room(account.has_room());
        self.shown.replace(Some(Shown { account, may_replace: false }));
        self.list.show(true);
        self.form.done(Ok(()), None);
        self.list.focus();
        Ok(())
    }

    async fn enter(&self, mut shown: Shown) {
        let enter = Enter { may_replace: shown.may_replace, device_name: device_name::of_this_browser() };
        let chosen = self.list.chosen();
        let progress = |progress| self.form.working(progress);
        let removed = |device| self.list.take_away(device);
        let entered = shown.account.remove_and_enter(&AccountBrowser, &chosen, enter, &progress, &removed).await;
        let Err(error) = entered else {
            entrance::leave(&self.form);
            return;
        };
        self.list.say_room(shown.account.has_room());
        if error == AccountError::Refused {
            // The password was changed in between.
            self.begin_again();
        } else {
            shown.may_replace = error == AccountError::EarlierAccount;
            self.shown.replace(Some(shown));
        }
        self.form.failed(&error.into());
    }

    fn begin_again(&self) {
        self.shown.replace(None);
        self.form.clear_passwords();
        self.list.clear();
        self.list.show(false);
    }
}
