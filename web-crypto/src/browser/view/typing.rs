//! That a contact is typing: in the open conversation, and on its line in the list.

use super::{Engine, contacts, conversation::OpenConversation, dom};
use crate::{
    browser::{
        app::{change::Change, engine::Signal, load_messages, signals::TYPING_HOLDS_MS},
        platform::{task, timer},
    },
    client::{conversation::ConversationId, ephemeral},
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// Who is typing, and until when it holds if nothing more is heard (milliseconds since 1970).
#[derive(Debug)]
struct Typing {
    engine: Rc<Engine>,
    until: RefCell<BTreeMap<String, u64>>,
}

/// Follows what contacts say for as long as the page lives.
pub fn listen(engine: &Rc<Engine>) {
    let typing = Rc::new(Typing { engine: engine.clone(), until: RefCell::default() });
    engine.subscribe(move |signal| match signal {
        Signal::Heard { conversation, signal: ephemeral::Signal::Typing } => typing.heard(conversation, true),
        Signal::Heard { conversation, signal: ephemeral::Signal::StoppedTyping | ephemeral::Signal::Left } => {
            typing.heard(conversation, false);
        }
        Signal::Changed(changes) => typing.changed(changes),
        _ => {}
    });
}

/// After a swap the elements are new ones, which show nobody typing.
impl Typing {
    fn heard(self: &Rc<Self>, conversation: &ConversationId, is_typing: bool) {
        let id = conversation.to_string();
        if !is_typing {
            self.until.borrow_mut().remove(&id);
            return show(conversation, false);
        }
        let until = timer::now_ms() + u64::from(TYPING_HOLDS_MS);
        self.until.borrow_mut().insert(id.clone(), until);
        show(conversation, true);
        let (typing, conversation) = (self.clone(), conversation.clone());
        task::spawn(async move {
            timer::pause(TYPING_HOLDS_MS).await;
            // It may have been said again meanwhile.
            if typing.until.borrow().get(&id) == Some(&until) {
                typing.heard(&conversation, false);
            }
        });
    }

    /// What was being typed has come.
    fn changed(self: &Rc<Self>, changes: &[Change]) {
        if self.until.borrow().is_empty() {
            return;
        }
        for change in changes {
            let Change::Message { conversation, key } = change else { continue };
            if !self.until.borrow().contains_key(&conversation.to_string()) {
                continue;
            }
            let (typing, conversation, key) = (self.clone(), conversation.clone(), key.clone());
            task::spawn(async move {
                let message = load_messages::message(&typing.engine, &key).await;
                if message.is_ok_and(|message| message.is_some_and(|message| !message.is_own())) {
                    typing.heard(&conversation, false);
                }
            });
        }
    }
}

fn show(id: &ConversationId, is_typing: bool) {
    let open = OpenConversation::find().filter(|open| open.id == *id).and_then(|open| open.typing_line());
    for line in [open, contacts::typing_line(id)].into_iter().flatten() {
        dom::hide(&line, !is_typing);
    }
}
