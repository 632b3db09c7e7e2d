//! The archived conversations of the list: out of sight until somebody asks for them.

use super::{conversation_menu::is_archived, dom};

const BUTTON: &str = "[data-show-archived]";
/// On the list while it shows the archived conversations, and no others.
const SHOWN: &str = "data-archived";

/// Serves the button below the list.
pub fn listen() {
    let Some(document) = dom::document() else { return };
    dom::on(&document, "click", |event| {
        let Some(list) = dom::around(event, BUTTON).and_then(|_| dom::by_id("contacts")) else { return };
        let shown = !list.has_attribute(SHOWN);
        show(shown);
    });
}

/// Says on the button how many there are. Without any there is no button, and the list shows the others.
pub fn count() {
    let Some(list) = dom::by_id("contacts") else { return };
    let count = dom::all_within(&list, "[data-contact]").iter().filter(|line| is_archived(line)).count();
    let Some(button) = dom::find(BUTTON) else { return };
    dom::hide(&button, count == 0);
    dom::set_text(&button, ".count", &count.to_string());
    if count == 0 {
        show(false);
    }
}

fn show(shown: bool) {
    let Some(list) = dom::by_id("contacts") else { return };
    let _ = if shown { list.set_attribute(SHOWN, "") } else { list.remove_attribute(SHOWN) };
    if let Some(button) = dom::find(BUTTON) {
        let _ = button.set_attribute("aria-pressed", if shown { "true" } else { "false" });
    }
}
