//! The recovery page: a new password by the recovery key.

use super::entrance;
use crate::browser::{
    app::account::{kept_store::Unlocking, recover::recover, sign_in::SignIn},
    platform::account_browser::AccountBrowser,
    view::{device_name, form::Form},
};
use std::rc::Rc;

/// Serves the form, where there is one.
pub fn start() {
    let Some(form) = Form::find("recover").map(Rc::new) else { return };
    entrance::serve(&form, async |form, agreed| {
        let (email, key, password) = (form.address()?, form.recovery_key()?, form.chosen_password()?);
        let (may_replace, may_restore) = (agreed.replace, agreed.restore);
        // A browser with a passphrase says so, and the sign-in page asks for it.
        let (unlocking, device_name) = (Unlocking::NotAsked, device_name::of_this_browser());
        let typed = SignIn { email, password, may_replace, may_restore, unlocking, device_name };
        let progress = |progress| form.working(progress);
        Ok(recover(&AccountBrowser, &key, typed, &progress).await?)
    });
}
