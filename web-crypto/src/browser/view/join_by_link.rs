//! The dialog of a link to a group: ask to join it.

use super::{
    Engine, contacts, dom,
    fill::fill,
    names,
    sentences::{of_server, word},
};
use crate::{
    browser::{
        app::{error::AppError, groups::join_by_link},
        platform::task,
    },
    client::{conversation::ConversationId, join_link::JoinByLink},
};
use std::{cell::RefCell, rc::Rc};

const DIALOG: &str = "join-by-link";
/// Once its buttons are served.
const SERVED: &str = "data-served";

thread_local! {
    /// Which group the dialog asks about.
    static ASKED: RefCell<Option<JoinByLink>> = const { RefCell::new(None) };
}

/// Asks whether to join the link's group. `None`: the link is not whole.
pub fn ask(engine: &Rc<Engine>, link: Option<JoinByLink>) {
    let Some(dialog) = dom::dialog(DIALOG) else { return };
    serve(engine);
    let is_own = link.as_ref().is_some_and(|link| link.inviter == *engine.email());
    let complaint = match &link {
        None => word("add-link-broken"),
        Some(_) if is_own => word("join-link-own"),
        Some(_) => String::new(),
    };
    let (name, invited) = link.as_ref().map_or((String::new(), String::new()), |link| {
        let name = if link.name.is_empty() { word("group-unnamed") } else { link.name.clone() };
        (name, fill(&word("join-link-from"), "name", &names::of(link.inviter.as_str())))
    });
    dom::set_text(&dialog, "[data-group-called]", &name);
    dom::set_text(&dialog, "[data-from]", &invited);
    dom::set_text(&dialog, ".form-error", &complaint);
    for part in ["[data-join]", ".hint"] {
        if let Some(part) = dom::within(&dialog, part) {
            dom::hide(&part, !complaint.is_empty());
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
        } else if let Some(button) = dom::around(event, "[data-join]") {
            let Some(link) = ASKED.with_borrow(Clone::clone) else { return };
            let _ = button.set_attribute("disabled", "");
            dom::set_text(&dialog, ".form-error", "");
            let (engine, dialog) = (engine.clone(), dialog.clone());
            task::spawn(async move {
                let group = link.group;
                let asked = join_by_link(&engine, link).await;
                let _ = button.remove_attribute("disabled");
                match asked {
                    Ok(()) => {
                        dialog.close();
                        contacts::open_when_listed(ConversationId::Group(group)).await;
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
        AppError::Altered => word("join-link-other-key"),
        AppError::NotLoaded => word("part-not-loaded"),
        _ => word("page-broken"),
    }
}
