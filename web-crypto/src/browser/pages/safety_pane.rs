//! The safety pane, from home's side: fetches what serves its forms when it is first shown.

use super::password_chunk::serve_safety;
use crate::browser::{
    platform::task,
    view::{dom, sentences::word},
};

/// On a pane that is served already.
const SERVED: &str = "data-served";

/// Serves a safety pane that was swapped into the page.
pub fn swapped() {
    let Some(pane) = dom::find("section.safety").filter(|pane| !pane.has_attribute(SERVED)) else { return };
    let _ = pane.set_attribute(SERVED, "");
    task::spawn(async move {
        match serve_safety().await {
            Ok(served) => served.await,
            Err(_) => {
                // Opening the pane again asks for it again.
                for line in dom::all_within(
                    &pane,
                    "#recovery-key-error, #passphrase-set-error, #change-password-error, #delete-account-error",
                ) {
                    line.set_text_content(Some(&word("part-not-loaded")));
                }
            }
        }
    });
}
