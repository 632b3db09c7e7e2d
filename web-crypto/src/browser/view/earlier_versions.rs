//! The texts that an edited message had before, in a dialog.

use super::{dates::Dates, dom, message_words, rich_text, words::Words};
use crate::client::conversation::Message;

const DIALOG: &str = "earlier-versions";

/// Shows them, the oldest first.
pub fn show(message: &Message, words: &Words) {
    let Some(dialog) = dom::dialog(DIALOG) else { return };
    let (Some(list), Some(template)) = (dom::within(&dialog, "ol"), dom::within(&dialog, "template")) else { return };
    list.set_text_content(None);
    let dates = Dates::of_page();
    for (time_ms, text) in message.earlier_texts() {
        let Some(line) = dom::copy(&template) else { return };
        if let Some(time) = dom::within(&line, "time") {
            let _ = time.set_attribute("datetime", &dates.iso(time_ms));
            time.set_text_content(Some(&dates.exact(time_ms)));
        }
        if let Some(body) = dom::within(&line, ".body") {
            rich_text::show(&body, message_words::text(text, words));
        }
        let _ = list.append_child(&line);
    }
    let _ = dialog.show_modal();
}
