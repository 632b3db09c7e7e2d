//! Forwarding: the text of a message goes to another conversation, as a new message.

use super::{composer::complaint, dom, message_actions::MessageActions, names, notices, selection, sentences::word};
use crate::{
    browser::app::register_message::{Draft, Register},
    client::conversation::ConversationId,
};
use std::rc::Rc;
use web_sys::Element;
use zeroize::Zeroizing;

const DIALOG: &str = "forward-message";

/// Asks where to, and stores the texts there, in their order.
pub fn ask(actions: &Rc<MessageActions>, texts: &[Zeroizing<String>]) {
    let Some(dialog) = dom::dialog(DIALOG) else { return };
    let Some(list) = dom::within(&dialog, "ul") else { return };
    list.set_text_content(None);
    let contacts = dom::all("#contacts [data-contact][data-state~=added]");
    if let Some(hint) = dom::within(&dialog, ".hint") {
        dom::hide(&hint, !contacts.is_empty());
    }
    for contact in contacts {
        let Some(id) = contact.get_attribute("data-contact").and_then(|id| id.parse::<ConversationId>().ok()) else {
            continue;
        };
        let Some(button) = button(&list, &names::of(&id.text())) else { continue };
        let (actions, texts) = (actions.clone(), texts.to_vec());
        dom::on(&button, "click", move |_| {
            let register = Register::new(actions.engine.clone());
            for text in &texts {
                let draft = Draft { conversation: id.clone(), text: text.clone(), quote: None };
                let words = actions.words.clone();
                register.store(draft, move |stored| match stored {
                    Ok(()) => notices::say(&word("forwarded")),
                    Err(not) => notices::say(words.get(complaint(&not.why))),
                });
            }
            selection::end();
            if let Some(dialog) = dom::dialog(DIALOG) {
                dialog.close();
            }
        });
    }
    let _ = dialog.show_modal();
}

fn button(list: &Element, name: &str) -> Option<Element> {
    let document = dom::document()?;
    let (item, button) = (document.create_element("li").ok()?, document.create_element("button").ok()?);
    button.set_attribute("type", "button").ok()?;
    button.set_attribute("class", "quiet").ok()?;
    button.set_attribute("translate", "no").ok()?;
    button.set_text_content(Some(name));
    item.append_child(&button).ok()?;
    list.append_child(&item).ok()?;
    Some(button)
}
