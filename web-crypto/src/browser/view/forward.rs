//! Forwarding: the text of a message goes to another conversation, as a new message. A file is fetched and sealed again, with
//! all that was said of it: who has it there learns nothing of where it was before.

use super::{
    composer::complaint, dom, file_words, message_actions::MessageActions, names, notices, selection, sentences::word,
};
use crate::{
    browser::{
        app::{
            files::{FileToSend, FilesError, Progress, open_file, send_file},
            register_message::{Draft, Register},
        },
        platform::task,
    },
    client::conversation::{ConversationId, Message},
    crypto::attachment::Attachment,
};
use std::rc::Rc;
use web_sys::Element;
use zeroize::Zeroizing;

const DIALOG: &str = "forward-message";

/// Asks where to, and stores the messages there, in their order.
pub fn ask(actions: &Rc<MessageActions>, messages: Vec<Message>) {
    let Some(dialog) = dom::dialog(DIALOG) else { return };
    let Some(list) = dom::within(&dialog, "ul") else { return };
    list.set_text_content(None);
    let contacts = dom::all("#contacts [data-contact][data-state~=added]");
    if let Some(hint) = dom::within(&dialog, ".hint") {
        dom::hide(&hint, !contacts.is_empty());
    }
    let messages = Rc::new(messages);
    for contact in contacts {
        let Some(id) = contact.get_attribute("data-contact").and_then(|id| id.parse::<ConversationId>().ok()) else {
            continue;
        };
        let Some(button) = button(&list, &names::of(&id.text())) else { continue };
        let (actions, messages) = (actions.clone(), messages.clone());
        dom::on(&button, "click", move |_| {
            let (actions, messages, id) = (actions.clone(), messages.clone(), id.clone());
            task::spawn(async move { forward(&actions, &messages, &id).await });
            selection::end();
            if let Some(dialog) = dom::dialog(DIALOG) {
                dialog.close();
            }
        });
    }
    let _ = dialog.show_modal();
}

async fn forward(actions: &Rc<MessageActions>, messages: &[Message], id: &ConversationId) {
    let register = Register::new(actions.engine.clone());
    for message in messages {
        if let Some(attachment) = &message.attachment {
            match forward_file(actions, message, attachment, id).await {
                Ok(()) => notices::say(&word("forwarded")),
                Err(error) => notices::say(&file_words::why(&error)),
            }
            continue;
        }
        let text = Zeroizing::new(message.text().to_owned());
        let (draft, words) = (Draft { conversation: id.clone(), text, quote: None }, actions.words.clone());
        register.store(draft, move |stored| match stored {
            Ok(()) => notices::say(&word("forwarded")),
            Err(not) => notices::say(words.get(complaint(&not.why))),
        });
    }
}

async fn forward_file(
    actions: &Rc<MessageActions>,
    message: &Message,
    attachment: &Attachment,
    id: &ConversationId,
) -> Result<(), FilesError> {
    let half = |progress: Progress, done: u64| {
        notices::say(&file_words::progress("file-forwarding", file_words::percent(progress) / 2 + done));
    };
    let blob = open_file::open(&actions.engine, message, |progress| half(progress, 0)).await?;
    let file = FileToSend {
        blob,
        name: attachment.name.clone(),
        media_type: attachment.media_type.clone(),
        pixels: attachment.pixels,
        preview: attachment.preview.clone(),
        duration_ms: attachment.duration_ms,
        waveform: attachment.waveform.clone(),
        description: attachment.description.clone(),
    };
    send_file::send(&actions.engine, id, file, message.text(), None, |progress| half(progress, 50)).await
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
