//! That a contact looks at the conversation that is open here; and the contact is told that somebody looks at it here.

use super::{Engine, conversation::OpenConversation, dom};
use crate::{
    browser::{
        app::{
            command::Command,
            engine,
            signals::{PRESENCE_HOLDS_MS, PRESENCE_SAID_EVERY_MS},
        },
        platform::{presence, task, timer},
    },
    client::{
        conversation::ConversationId,
        ephemeral::{Heard, Signal},
    },
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// A page that has just been opened has nobody yet who says it: it is said once more after this.
const SAID_AGAIN_MS: u32 = 3_000;
/// On a conversation: its contact looks at it.
const HERE: &str = "[data-here]";

/// Who looks at what.
#[derive(Debug)]
pub struct ContactPresence {
    engine: Rc<Engine>,
    /// Contacts who are here, and until when that holds if nothing more is heard (milliseconds since 1970).
    until: RefCell<BTreeMap<String, u64>>,
    /// The conversation that somebody looks at here, as far as its contact was told.
    looked_at: RefCell<Option<ConversationId>>,
}

impl ContactPresence {
    pub fn new(engine: Rc<Engine>) -> Rc<Self> {
        Rc::new(Self { engine, until: RefCell::default(), looked_at: RefCell::default() })
    }

    /// Follows what contacts say and what somebody looks at, for as long as the page lives.
    pub fn listen(self: &Rc<Self>) {
        let following = self.clone();
        self.engine.subscribe(move |signal| {
            if let engine::Signal::Heard(Heard { conversation, signal, .. }) = signal
                && conversation.peer().is_some()
            {
                following.heard(conversation, *signal);
            }
        });
        let looking = self.clone();
        presence::follow_sight(move || looking.look());
        let saying = self.clone();
        task::spawn(async move {
            loop {
                timer::pause(PRESENCE_SAID_EVERY_MS).await;
                saying.say();
            }
        });
    }

    /// Another conversation may be open, or somebody may have come or gone. Shows whether the contact is here.
    pub fn look(self: &Rc<Self>) {
        let open = OpenConversation::find();
        if let Some(open) = &open {
            self.show(&open.id);
        }
        let now = open.filter(|_| presence::has_focus()).map(|open| open.id);
        // A group is looked at by somebody most of the time.
        let now = now.filter(|id| id.peer().is_some());
        let before = self.looked_at.replace(now.clone());
        if before == now {
            return;
        }
        if let Some(conversation) = before {
            self.engine.ask(Command::Signal { conversation, signal: Signal::Left });
        }
        if now.is_some() {
            self.say();
            let presence = self.clone();
            task::spawn(async move {
                timer::pause(SAID_AGAIN_MS).await;
                if *presence.looked_at.borrow() == now {
                    presence.say();
                }
            });
        }
    }

    fn say(&self) {
        if let Some(conversation) = self.looked_at.borrow().clone() {
            self.engine.ask(Command::Signal { conversation, signal: Signal::Present });
        }
    }

    fn heard(self: &Rc<Self>, conversation: &ConversationId, signal: Signal) {
        let id = conversation.to_string();
        match signal {
            Signal::Left => drop(self.until.borrow_mut().remove(&id)),
            Signal::StoppedTyping => return,
            Signal::Present | Signal::Typing => {
                let until = timer::now_ms() + u64::from(PRESENCE_HOLDS_MS);
                let is_new = self.until.borrow_mut().insert(id.clone(), until).is_none();
                if is_new && self.looked_at.borrow().as_ref() == Some(conversation) {
                    // Who has just come does not know yet.
                    self.say();
                }
                self.forget_after(conversation.clone(), until);
            }
        }
        self.show(conversation);
    }

    fn forget_after(self: &Rc<Self>, conversation: ConversationId, until: u64) {
        let presence = self.clone();
        task::spawn(async move {
            timer::pause(PRESENCE_HOLDS_MS).await;
            let id = conversation.to_string();
            // It may have been said again meanwhile.
            if presence.until.borrow().get(&id) == Some(&until) {
                presence.until.borrow_mut().remove(&id);
                presence.show(&conversation);
            }
        });
    }

    fn show(&self, id: &ConversationId) {
        let is_here = self.until.borrow().contains_key(&id.to_string());
        let open = OpenConversation::find().filter(|open| open.id == *id);
        if let Some(mark) = open.and_then(|open| dom::within(open.section(), HERE)) {
            dom::hide(&mark, !is_here);
        }
    }
}
