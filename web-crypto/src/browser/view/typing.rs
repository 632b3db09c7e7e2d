//! Who is typing: in the open conversation, and on its line in the list.

use super::{Engine, contacts, conversation::OpenConversation, dom, fill::fill, names, sentences::word};
use crate::{
    browser::{
        app::{change::Change, engine::Signal, load_messages, signals::TYPING_HOLDS_MS},
        platform::{task, timer},
    },
    client::{
        conversation::ConversationId,
        ephemeral::{self, Heard},
    },
};
use cliquet_wire::address::Address;
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// Who is typing where, and until when it holds if nothing more is heard (milliseconds since 1970).
#[derive(Debug)]
struct Typing {
    engine: Rc<Engine>,
    until: RefCell<BTreeMap<ConversationId, BTreeMap<Address, u64>>>,
}

/// Follows what others say for as long as the page lives.
pub fn listen(engine: &Rc<Engine>) {
    let typing = Rc::new(Typing { engine: engine.clone(), until: RefCell::default() });
    engine.subscribe(move |signal| match signal {
        Signal::Heard(Heard { conversation, by, signal }) => match signal {
            ephemeral::Signal::Typing => typing.begins(conversation, by),
            ephemeral::Signal::StoppedTyping | ephemeral::Signal::Left => typing.ends(conversation, by),
            ephemeral::Signal::Present => {}
        },
        Signal::Changed(changes) => typing.changed(changes),
        _ => {}
    });
}

/// After a swap the elements are new ones, which show nobody typing.
impl Typing {
    fn begins(self: &Rc<Self>, conversation: &ConversationId, by: &Address) {
        let until = timer::now_ms() + u64::from(TYPING_HOLDS_MS);
        self.until.borrow_mut().entry(conversation.clone()).or_default().insert(by.clone(), until);
        self.show(conversation);
        let (typing, conversation, by) = (self.clone(), conversation.clone(), by.clone());
        task::spawn(async move {
            timer::pause(TYPING_HOLDS_MS).await;
            // It may have been said again meanwhile.
            let held = typing.until.borrow().get(&conversation).and_then(|all| all.get(&by).copied());
            if held == Some(until) {
                typing.ends(&conversation, &by);
            }
        });
    }

    fn ends(&self, conversation: &ConversationId, by: &Address) {
        let mut until = self.until.borrow_mut();
        if let Some(all) = until.get_mut(conversation) {
            all.remove(by);
            if all.is_empty() {
                until.remove(conversation);
            }
        }
        drop(until);
        self.show(conversation);
    }

    /// What was being typed has come.
    fn changed(self: &Rc<Self>, changes: &[Change]) {
        for change in changes {
            let Change::Message { conversation, key } = change else { continue };
            if !self.until.borrow().contains_key(conversation) {
                continue;
            }
            let (typing, conversation, key) = (self.clone(), conversation.clone(), key.clone());
            task::spawn(async move {
                if let Ok(Some(message)) = load_messages::message(&typing.engine, &key).await {
                    typing.ends(&conversation, &message.sender);
                }
            });
        }
    }

    fn show(&self, id: &ConversationId) {
        let until = self.until.borrow();
        let who: Vec<&Address> = until.get(id).into_iter().flat_map(BTreeMap::keys).collect();
        let open = OpenConversation::find().filter(|open| open.id == *id).and_then(|open| open.typing_line());
        for line in [open, contacts::typing_line(id)].into_iter().flatten() {
            // In a conversation of two the page says it already.
            if id.group().is_some() {
                line.set_text_content(Some(&said(&who)));
            }
            dom::hide(&line, who.is_empty());
        }
    }
}

/// Who of a group is typing, in words.
fn said(who: &[&Address]) -> String {
    let name = |address: &Address| names::of(address.as_str());
    match who {
        [] => String::new(),
        [one] => fill(&word("typing-one"), "name", &name(one)),
        [one, other] => fill(&fill(&word("typing-two"), "name", &name(one)), "other", &name(other)),
        all => fill(&word("typing-many"), "count", &all.len().to_string()),
    }
}
