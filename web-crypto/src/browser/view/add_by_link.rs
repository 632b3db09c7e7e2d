//! The dialog of somebody else's link: add them, and know that the key is theirs.

use super::{
    Engine, contacts, dom,
    sentences::{of_server, word},
};
use crate::{
    browser::{
        app::{add_contact::add_by_link, error::AppError},
        platform::task,
    },
    client::add_link::AddLink,
};
use std::{cell::RefCell, rc::Rc};

const DIALOG: &str = "add-by-link";
/// Once its buttons are served.
const SERVED: &str = "data-served";

thread_local! {
    /// Whom the dialog asks about.
    static ASKED: RefCell<Option<AddLink>> = const { RefCell::new(None) };
}

/// Asks whether to add the link's account. `None`: the link is not whole.
pub fn ask(engine: &Rc<Engine>, link: Option<AddLink>) {
    let Some(dialog) = dom::dialog(DIALOG) else { return };
    serve(engine);
    let is_own = link.as_ref().is_some_and(|link| link.address == *engine.email());
    let complaint = match &link {
        None => "add-link-broken",
        Some(_) if is_own => "add-link-own",
        Some(_) => "",
    };
    let address = link.as_ref().map_or("", |link| link.address.as_str());
    dom::set_text(&dialog, "[data-address]", address);
    dom::set_text(&dialog, ".form-error", if complaint.is_empty() { String::new() } else { word(complaint) }.as_str());
    for (part, shown) in [("[data-add]", complaint.is_empty()), (".hint", complaint.is_empty())] {
        if let Some(part) = dom::within(&dialog, part) {
            dom::hide(&part, !shown);
        }
    }
    ASKED.set(link);
    let _ = dialog.show_modal();
}

fn serve(engine: &Rc<Engine>) {
    let Some(dialog) = dom::dialog(DIALOG).filter(|dialog| !dialog.has_attribute(SERVED)) else { return };
    let _ = dialog.set_attribute(SERVED, "");
    let engine = engine.clone();
    dom::on(&dialog.clone(), "click", move |event| {
        if event.target().as_ref() == Some(&dialog) || dom::around(event, "[data-close]").is_some() {
            dialog.close();
        } else if let Some(button) = dom::around(event, "[data-add]") {
            let Some(link) = ASKED.with_borrow(Clone::clone) else { return };
            let _ = button.set_attribute("disabled", "");
            dom::set_text(&dialog, ".form-error", "");
            let (engine, dialog) = (engine.clone(), dialog.clone());
            task::spawn(async move {
                let added = add_by_link(&engine, &link).await;
                let _ = button.remove_attribute("disabled");
                match added {
                    Ok(()) => {
                        dialog.close();
                        contacts::refresh();
                        contacts::open_when_listed(link.address.into()).await;
                    }
                    Err(error) => dom::set_text(&dialog, ".form-error", &sentence(&error)),
                }
            });
        }
    });
}

fn sentence(error: &AppError) -> String {
    match error {
        AppError::Http(error) => of_server(error),
        AppError::Altered => word("add-link-other-key"),
        AppError::NotLoaded => word("part-not-loaded"),
        _ => word("page-broken"),
    }
}
