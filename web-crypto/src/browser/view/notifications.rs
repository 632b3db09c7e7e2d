//! New messages while nobody looks at any tab: a notification, as far as this browser is set so.
//!
//! Only the leading tab shows one, so that eight tabs show one and not eight.

use super::{
    Engine, dom, groups,
    message_words::in_short,
    names,
    notification_settings::{Says, quiet_hours, says_mentions},
    words::{Word, Words},
};
use crate::{
    browser::{
        app::{change::Change, engine::Signal, error::AppError, load_messages},
        platform::{
            locks::{self, Looking},
            notification::{self, Permission},
            presence, task, timer,
        },
    },
    client::{conversation::ConversationId, group::Standing, markup::mentions, peer::Trust},
};
use js_sys::Date;
use std::{cell::RefCell, rc::Rc};

/// So long a message may be read in another tab before anything is said.
const PATIENCE_MS: u32 = 300;
/// Characters of a text that a notification shows.
const TEXT_CHARS_MAX: usize = 200;

/// Says what comes, for as long as the page lives.
#[derive(Debug)]
pub struct Notifications {
    engine: Rc<Engine>,
    words: Rc<Words>,
    /// Held while somebody looks at this tab.
    looking: RefCell<Option<Looking>>,
}

impl Notifications {
    pub fn new(engine: Rc<Engine>, words: Rc<Words>) -> Rc<Self> {
        Rc::new(Self { engine, words, looking: RefCell::default() })
    }

    /// Follows commits, and whether somebody looks at this tab.
    pub fn listen(self: &Rc<Self>) {
        self.look();
        let notifications = self.clone();
        presence::follow_sight(move || notifications.look());
        let notifications = self.clone();
        self.engine.subscribe(move |signal| {
            let Signal::Changed(changes) = signal else { return };
            if !notifications.engine.leads() || Says::kept() == Says::Nothing {
                return;
            }
            for change in changes {
                if let Change::Message { conversation, key } = change {
                    let (notifications, conversation, key) = (notifications.clone(), conversation.clone(), key.clone());
                    task::spawn(async move {
                        // A message that cannot be read here is seen when the page is.
                        let _ = notifications.came(&conversation, &key).await;
                    });
                }
            }
        });
    }

    fn look(&self) {
        let looks = presence::has_focus();
        let mut looking = self.looking.borrow_mut();
        if looks != looking.is_some() {
            *looking = if looks { locks::look(self.engine.email().as_str()) } else { None };
        }
    }

    async fn came(&self, id: &ConversationId, key: &str) -> Result<(), AppError> {
        timer::pause(PATIENCE_MS).await;
        if notification::permission() != Permission::Granted
            || quiet_now()
            || locks::is_looked_at(self.engine.email().as_str()).await
        {
            return Ok(());
        }
        let Some(message) = load_messages::message(&self.engine, key).await? else { return Ok(()) };
        let Some(conversation) = load_messages::conversation(&self.engine, id).await? else { return Ok(()) };
        // One's own, of the history, or read on another device.
        if !conversation.has_unread(&message) {
            return Ok(());
        }
        let speaks_to_me = id.group().is_some() && mentions(message.text(), self.engine.email());
        let is_let_through = speaks_to_me && says_mentions();
        if conversation.settings.is_muted(timer::now_ms()) && !is_let_through {
            return Ok(());
        }
        let peer = match id.peer() {
            Some(address) => load_messages::peer(&self.engine, address).await?,
            None => None,
        };
        let is_request = peer.as_ref().is_some_and(|peer| peer.trust == Trust::Requested);
        let what = self.words.get(if is_request { Word::NewRequest } else { Word::NewMessage });
        let own_name = peer.as_ref().and_then(|peer| peer.profile_name.name.as_deref());
        let group = match id.group() {
            Some(group) => load_messages::group(&self.engine, group).await?,
            None => None,
        };
        if let Some(group) = &group {
            groups::learn(group);
        }
        let is_request = is_request || group.as_ref().is_some_and(|group| group.standing == Standing::Asked);
        let called = names::of(&id.text());
        let own_name = own_name.or(group.as_ref().map(|_| called.as_str()));
        let name = conversation.settings.nickname.as_deref().or(own_name).unwrap_or(message.sender.as_str());
        let mut text: String = in_short(&message, &self.words).chars().take(TEXT_CHARS_MAX).collect();
        if group.is_some() {
            text = [&*names::of(message.sender.as_str()), ": ", &text].concat();
        }
        let (title, body) = match Says::kept() {
            Says::Nothing => return Ok(()),
            Says::New => (what, None),
            // What a stranger writes is not put before somebody who has not accepted it.
            Says::Text if !is_request => (name, Some(text.as_str())),
            Says::Name | Says::Text => (name, Some(what)),
        };
        // Without a name the tag must not say one either: some systems show it.
        let (tag, page) = if Says::kept() == Says::New {
            ("cliquet".to_owned(), "/home".to_owned())
        } else {
            let page = match id {
                ConversationId::Direct(address) => {
                    let address = js_sys::encode_uri_component(address.as_str()).as_string().unwrap_or_default();
                    ["/home?with=", &address].concat()
                }
                // The server is told of no group.
                ConversationId::Group(group) => groups::address(*group),
            };
            (id.to_string(), page)
        };
        notification::show(title, body, &tag, &icon(), &page).await;
        Ok(())
    }
}

/// The address of the app's icon, as the page has it.
fn icon() -> String {
    dom::find("link[rel~=icon]").and_then(|link| link.get_attribute("href")).unwrap_or_default()
}

fn quiet_now() -> bool {
    let now = Date::new_0();
    quiet_hours().is_some_and(|hours| hours.hold_at(now.get_hours() * 60 + now.get_minutes()))
}
