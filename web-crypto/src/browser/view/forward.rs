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
        platform::{task, timer},
    },
    client::conversation::{ConversationId, Message},
    crypto::attachment::Attachment,
};
use std::{cell::Cell, rc::Rc};
use web_sys::Element;
use zeroize::Zeroizing;

const DIALOG: &str = "forward-message";

/// How often it is looked whether the list has somebody who was not there: home may still be filling it.
const LOOK_MS: u32 = 250;
/// On a button of the question: the conversation.
const TO: &str = "data-to";

thread_local! {
    /// Grows with each question, so that the one before ends.
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

/// Asks where to, and stores the messages there, in their order.
pub fn ask(actions: &Rc<MessageActions>, messages: Vec<Message>) {
    let (actions, messages) = (actions.clone(), Rc::new(messages));
    choose(
        &word("forward-title"),
        "",
        || {},
        move |id| {
            let (actions, messages, id) = (actions.clone(), messages.clone(), id.clone());
            task::spawn(async move { forward(&actions, &messages, &id).await });
            selection::end();
        },
    );
}

/// Asks for a conversation in which this account may write. `what`: what is about to go there, in words. `closed` is called
/// when the question is over, after `chosen` if one was chosen.
pub fn choose(title: &str, what: &str, closed: impl Fn() + 'static, chosen: impl Fn(&ConversationId) + 'static) {
    let Some(dialog) = dom::dialog(DIALOG) else { return };
    let Some(list) = dom::within(&dialog, "ul") else { return };
    list.set_text_content(None);
    dom::set_text(&dialog, "h2", title);
    if let Some(line) = dom::within(&dialog, ".forward-what") {
        dom::hide(&line, what.is_empty());
        line.set_text_content(Some(what));
    }
    let asked = ASKED.get().wrapping_add(1);
    ASKED.set(asked);
    let chosen = Rc::new(chosen);
    list_conversations(&dialog, &list, &chosen);
    if dialog.show_modal().is_err() {
        return closed();
    }
    if asked == 1 {
        // The chunk that serves the dialogs of messages need not be here.
        dom::on(&dialog, "click", |event| {
            if dom::around(event, "[data-close]").is_some() {
                close();
            }
        });
    }
    task::spawn(async move {
        while dialog.open() && ASKED.get() == asked {
            list_conversations(&dialog, &list, &chosen);
            timer::pause(LOOK_MS).await;
        }
        closed();
    });
}

fn close() {
    if let Some(dialog) = dom::dialog(DIALOG) {
        dialog.close();
    }
}

/// Adds a button for each conversation that has none yet.
fn list_conversations(dialog: &Element, list: &Element, chosen: &Rc<impl Fn(&ConversationId) + 'static>) {
    let contacts = dom::all("#contacts [data-contact][data-state~=added]");
    if let Some(hint) = dom::within(dialog, ".hint") {
        dom::hide(&hint, !contacts.is_empty());
    }
    for contact in contacts {
        let Some(id) = contact.get_attribute("data-contact").and_then(|id| id.parse::<ConversationId>().ok()) else {
            continue;
        };
        if dom::within(list, &["[", TO, "=\"", &id.text(), "\"]"].concat()).is_some() {
            continue;
        }
        let Some(button) = button(list, &names::of(&id.text())) else { continue };
        let _ = button.set_attribute(TO, &id.text());
        let chosen = chosen.clone();
        dom::on(&button, "click", move |_| {
            chosen(&id);
            close();
        });
    }
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
    send_file::send(&actions.engine, id, file, message.text(), None, |progress| half(progress, 50)).await.map(drop)
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
