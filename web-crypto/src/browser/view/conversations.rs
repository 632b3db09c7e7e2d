//! Keeps the open conversation and the list of contacts as the store has them.
//!
//! htmx swaps in the skeleton of a conversation; this fills it, and follows every commit of every tab.

use super::{
    Engine, authors, avatar,
    composer::Composer,
    contacts::{self, Contacts},
    conversation::{Allowed, OpenConversation, Placed},
    conversation_menu, copy_lines,
    dates::Dates,
    disappearing, dom, file_line, groups, message,
    message_actions::LINE,
    message_words::Look,
    names, notices, pinned, quote,
    reading_place::{self, AtEnd},
    words::{Word, Words},
};
use crate::{
    browser::{
        app::{
            change::Change,
            command::Command,
            contacts::{ShownNumber, safety_number},
            drafts,
            engine::Signal,
            error::AppError,
            load_messages,
        },
        platform::{presence, task},
    },
    client::{
        conversation::{Conversation, ConversationId, Message},
        peer::{Peer, Trust},
        settings::ConversationChange,
    },
};
use cliquet_wire::address::Address;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// Lines that are laid out at first, and so many older ones at a time.
const PAGE_LINES: u32 = 60;
/// With so many unread messages at most, those that are unread are laid out at first, with some that were read.
const UNREAD_SHOWN_MAX: u32 = 500;
const READ_BEFORE_UNREAD: u32 = 20;
/// So near to the first line, older ones are fetched.
const NEAR_START_PIXELS: i32 = 200;

/// The open conversation and the list beside it.
#[derive(Debug)]
pub struct Conversations {
    engine: Rc<Engine>,
    words: Rc<Words>,
    dates: Rc<Dates>,
    contacts: Rc<Contacts>,
    composer: Rc<Composer>,
    /// Changed and not shown yet. What comes while something is shown is shown together: eight tabs that write, or a
    /// history that comes back, change more lines than a page can lay out one by one.
    unseen: RefCell<Vec<Change>>,
    showing: Cell<bool>,
    /// The new key of a contact whose safety number was shown.
    seen_key: RefCell<Option<(Address, [u8; 32])>>,
    /// Shows the code beside the digits of a safety number.
    show_code: ShowCode,
    /// Serves the files of the lines that are on the page.
    show_files: ShowFiles,
}

/// What fetches and shows the files of lines.
pub type ShowFiles = fn(Rc<Engine>);

/// What draws the code of a safety number, in the panel of its conversation.
pub type ShowCode = fn(Rc<Engine>, OpenConversation, ShownNumber);

impl Conversations {
    pub fn new(
        engine: Rc<Engine>,
        words: Rc<Words>,
        dates: Rc<Dates>,
        contacts: Rc<Contacts>,
        composer: Rc<Composer>,
        (show_code, show_files): (ShowCode, ShowFiles),
    ) -> Rc<Self> {
        Rc::new(Self {
            engine,
            words,
            dates,
            contacts,
            composer,
            unseen: RefCell::default(),
            showing: Cell::new(false),
            seen_key: RefCell::default(),
            show_code,
            show_files,
        })
    }

    /// Follows commits, and serves the buttons of conversations.
    pub fn listen(self: &Rc<Self>) {
        let following = self.clone();
        self.engine.subscribe(move |signal| {
            if let Signal::Changed(changes) = signal {
                following.changed(changes);
            }
        });
        names::call_notes(self.engine.email().as_str(), self.words.get(Word::Notes));
        reading_place::listen();
        copy_lines::listen(self.engine.email(), self.dates.clone());
        let Some(document) = dom::document() else { return };
        let conversations = self.clone();
        dom::on(&document, "click", move |event| {
            if let Some(button) = dom::around(event, "button[data-command]") {
                if let Some(command) = conversations.command(&button.get_attribute("data-command").unwrap_or_default())
                {
                    if matches!(command, Command::ClearConversation(_)) {
                        conversation_menu::close_menu(&button);
                    }
                    conversations.engine.ask(command);
                }
            } else if dom::around(event, "[data-safety-number]").is_some() {
                conversations.toggle_safety_number();
            } else if dom::around(event, "[data-pinned-show]").is_some() {
                conversations.go_to_pinned();
            } else if dom::around(event, "[data-read-more]").is_some()
                && let Some(line) = dom::around(event, LINE)
            {
                message::unfold(&line);
                reading_place::note();
            }
        });
    }

    /// After every swap: fills what is new.
    pub fn swapped(self: &Rc<Self>) {
        self.serve_files();
        let conversations = self.clone();
        task::spawn(async move {
            let done = async {
                conversations.contacts.fill().await?;
                conversations.fill().await
            };
            if let Err(error) = done.await {
                conversations.complain(&error);
            }
        });
    }

    /// Somebody may see the end of the open conversation: then it is read.
    pub fn seen(&self) {
        let Some(open) = OpenConversation::find() else { return };
        let sees_end = open.list().is_some_and(|list| reading_place::sees_end(&list));
        if sees_end && presence::has_focus() && reading_place::unread(&open) > 0 {
            // Asked for once.
            reading_place::set_unread(&open, 0);
            reading_place::note();
            self.engine.ask(Command::Read(open.id));
        }
    }

    /// What messages are shown with.
    fn looking(&self) -> impl Fn(&dyn Fn(Look<'_>)) + 'static {
        let (words, dates, engine) = (self.words.clone(), self.dates.clone(), self.engine.clone());
        move |with| with(Look { words: &words, dates: &dates, own: engine.email() })
    }

    pub fn look(&self) -> Look<'_> {
        Look { words: &self.words, dates: &self.dates, own: self.engine.email() }
    }

    /// What a button of the open conversation asks of the leader.
    fn command(&self, name: &str) -> Option<Command> {
        let id = OpenConversation::find()?.id;
        if name == "clear" {
            return Some(Command::ClearConversation(id));
        }
        let address = id.peer()?.clone();
        Some(match name {
            "verify" => Command::Verify { address, verified: true },
            "unverify" => Command::Verify { address, verified: false },
            "keep-history" => Command::KeepHistory { address, keep: true },
            "forget-history" => Command::KeepHistory { address, keep: false },
            "block" => Command::Block(address),
            "decline" => Command::Decline(address),
            "remove" => Command::RemoveContact(address),
            "unblock" => Command::Unblock(address),
            "accept-key" => {
                let (_, key_hash) = self.seen_key.borrow().clone().filter(|(of, _)| *of == address)?;
                Command::AcceptKey { address, key_hash, verified: false }
            }
            _ => return None,
        })
    }

    fn go_to_pinned(self: &Rc<Self>) {
        let Some(open) = OpenConversation::find() else { return };
        let conversations = self.clone();
        task::spawn(async move {
            if let Err(error) = pinned::go_to(&conversations.engine, &open, conversations.look()).await {
                conversations.complain(&error);
            }
        });
    }

    fn toggle_safety_number(self: &Rc<Self>) {
        let Some(open) = OpenConversation::find() else { return };
        let Some(address) = open.id.peer().cloned().filter(|_| open.toggle_safety_number()) else { return };
        let conversations = self.clone();
        task::spawn(async move {
            match safety_number(&conversations.engine, &address).await {
                Ok(Some(number)) => {
                    open.show_safety_number(&number.number.text(), number.of_new_key);
                    conversations.seen_key.replace(number.of_new_key.then_some((address, number.key_hash.0)));
                    (conversations.show_code)(conversations.engine.clone(), open, number);
                }
                Ok(None) => {}
                Err(error) => conversations.complain(&error),
            }
        });
    }

    /// Fills a conversation that was just swapped in.
    async fn fill(self: &Rc<Self>) -> Result<(), AppError> {
        let Some(open) = OpenConversation::find().filter(OpenConversation::begin_to_fill) else { return Ok(()) };
        let conversation = load_messages::conversation(&self.engine, &open.id).await?;
        let unread = conversation.map_or(0, |conversation| conversation.unread);
        let lines = if unread <= UNREAD_SHOWN_MAX { unread + READ_BEFORE_UNREAD } else { 0 };
        self.lay_out(&open, lines.max(PAGE_LINES)).await?;
        self.allow(&open).await?;
        self.composer.restore_draft(&open).await?;
        if conversation_menu::is_marked_unread(open.section()) {
            let change = ConversationChange::MarkUnread(false);
            self.engine.ask(Command::ChangeConversation { conversation: open.id.clone(), change });
        }
        open.focus_draft();
        let Some(list) = open.list() else { return Ok(()) };
        reading_place::forget_unread(&open);
        reading_place::begin_unread(&open, unread);
        reading_place::show_unread_line(&open);
        reading_place::go_to_unread(&list);
        let (conversations, busy) = (self.clone(), Rc::new(Cell::new(false)));
        let followed = open.clone();
        reading_place::follow(&open, move || {
            conversations.seen();
            if list.scroll_top() < NEAR_START_PIXELS && !busy.replace(true) {
                let (conversations, busy, open) = (conversations.clone(), busy.clone(), followed.clone());
                task::spawn(async move {
                    conversations.show_older(&open).await;
                    busy.set(false);
                });
            }
        });
        self.seen();
        open.end_to_fill();
        Ok(())
    }

    async fn lay_out(&self, open: &OpenConversation, lines: u32) -> Result<(), AppError> {
        let messages = load_messages::last(&self.engine, &open.id, lines).await?;
        if let Some(list) = open.list() {
            reading_place::keep(&list, || {
                open.lay_out(&messages, self.look());
                reading_place::restore_unread_line(open);
            });
        }
        self.fill_quotes(open).await
    }

    fn serve_files(&self) {
        if file_line::wants_chunk() {
            (self.show_files)(self.engine.clone());
        }
    }

    async fn fill_quotes(&self, open: &OpenConversation) -> Result<(), AppError> {
        self.serve_files();
        let Some(list) = open.list() else { return Ok(()) };
        disappearing::count_down(self.looking());
        authors::fill(&self.engine, open).await?;
        quote::fill(&self.engine, &open.id, &list, self.look()).await
    }

    async fn show_older(&self, open: &OpenConversation) {
        let Some(first) = open.first_order() else { return };
        let loaded = load_messages::before(&self.engine, &open.id, &first, PAGE_LINES).await;
        let messages: Vec<Message> = loaded.unwrap_or_default();
        // What is shown may have been laid out again meanwhile.
        if let Some(list) = open.list().filter(|_| open.first_order().as_deref() == Some(&first))
            && !messages.is_empty()
        {
            reading_place::keep(&list, || open.put_above(&messages, self.look()));
            if let Err(error) = self.fill_quotes(open).await {
                self.complain(&error);
            }
        }
    }

    /// Enables what may be done in the open conversation.
    async fn allow(&self, open: &OpenConversation) -> Result<(), AppError> {
        let conversation = load_messages::conversation(&self.engine, &open.id).await?;
        let kept = conversation.as_ref().is_none_or(|conversation| conversation.keep_history);
        let conversation = conversation.unwrap_or_else(|| Conversation::new(open.id.clone()));
        conversation_menu::show(open.section(), &conversation.settings, conversation.newest);
        disappearing::show(open.section(), conversation.timer.seconds, self.look());
        pinned::show(&self.engine, open, &conversation, self.look()).await?;
        let address = match &open.id {
            ConversationId::Direct(address) => address,
            ConversationId::Group(group) => {
                if let Some(group) = load_messages::group(&self.engine, *group).await? {
                    groups::show(open, &group, self.engine.email(), kept);
                    avatar::show_group(&self.engine, open.section(), &group).await?;
                }
                return Ok(());
            }
        };
        let peer: Option<Peer> = load_messages::peer(&self.engine, address).await?;
        if let Some(peer) = &peer {
            names::learn_own(peer);
            names::show(open.section());
            avatar::show(&self.engine, open.section(), peer).await?;
        }
        let allowed = match peer {
            Some(peer) => {
                let Peer { trust, verified, key_changed, deleted, .. } = peer;
                Allowed { trust: Some(trust), verified, key_changed, deleted, kept }
            }
            // The server knows the account, and this browser has not met it yet.
            None => {
                let listed = contacts::listed_as(&open.id);
                let trust = match listed.as_deref() {
                    Some("requested") => Some(Trust::Requested),
                    Some("blocked") => Some(Trust::Blocked),
                    _ => None,
                };
                if listed.as_deref() == Some("added") {
                    self.engine.ask(Command::AddContact(address.clone()));
                }
                Allowed { trust, verified: false, key_changed: false, deleted: false, kept }
            }
        };
        open.allow(allowed);
        Ok(())
    }

    fn changed(self: &Rc<Self>, changes: &[Change]) {
        let mut unseen = self.unseen.borrow_mut();
        for change in changes {
            let shown = matches!(
                change,
                Change::Message { .. } | Change::Conversation(_) | Change::Peer(_) | Change::Cleared(_)
            );
            if shown && !unseen.contains(change) {
                unseen.push(change.clone());
            }
        }
        if unseen.is_empty() || self.showing.replace(true) {
            return;
        }
        let conversations = self.clone();
        task::spawn(async move {
            loop {
                let changes = conversations.unseen.take();
                if changes.is_empty() {
                    break;
                }
                if let Err(error) = conversations.follow(&changes).await {
                    conversations.complain(&error);
                }
            }
            conversations.showing.set(false);
        });
    }

    async fn follow(&self, changes: &[Change]) -> Result<(), AppError> {
        let open = OpenConversation::find();
        let here = |id: &ConversationId| open.as_ref().filter(|open| open.id == *id);
        let at_end = open.as_ref().and_then(OpenConversation::list).and_then(|list| AtEnd::of(&list));
        let mut between = false;
        for change in changes {
            match change {
                Change::Peer(address) => {
                    let Some(peer) = load_messages::peer(&self.engine, address).await? else {
                        // Its request was declined, or it was removed.
                        if let Some(open) = here(&address.into()) {
                            open.leave();
                        }
                        contacts::refresh();
                        continue;
                    };
                    if peer.trust == Trust::Own {
                        continue;
                    }
                    avatar::outdate(address.as_str());
                    let is_renamed = names::learn_own(&peer);
                    if let Some(group) = open.as_ref().filter(|open| open.id.group().is_some()) {
                        authors::outdate(group, address);
                        between |= is_renamed;
                    }
                    // A fellow member has no line of their own.
                    if peer.trust == Trust::Member {
                        continue;
                    }
                    if !self.contacts.show_peer(&peer).await? {
                        contacts::refresh();
                    }
                    if let Some(open) = here(&address.into()) {
                        self.allow(open).await?;
                        // Its lines name it.
                        between |= is_renamed;
                    }
                }
                Change::Conversation(id) => {
                    if let Some(group) = id.group() {
                        match load_messages::group(&self.engine, group).await? {
                            Some(group) => {
                                if let Some(line) = groups::line(id, &group) {
                                    avatar::show_group(&self.engine, &line, &group).await?;
                                }
                            }
                            None => groups::forget(id),
                        }
                    }
                    let Some(conversation) = load_messages::conversation(&self.engine, id).await? else { continue };
                    self.contacts.show(&conversation, &drafts::load(&self.engine, id).await?);
                    if let Some(open) = here(id) {
                        self.allow(open).await?;
                        reading_place::set_unread(open, conversation.unread);
                    }
                }
                Change::Cleared(id) => between |= here(id).is_some(),
                Change::Message { conversation, key } if !between => {
                    let Some(open) = here(conversation) else { continue };
                    match load_messages::message(&self.engine, key).await? {
                        Some(message) => {
                            between = open.show(&message, PAGE_LINES, at_end.is_some(), self.look()) == Placed::Between;
                        }
                        None => open.remove(key),
                    }
                    if let Some(list) = open.list() {
                        quote::outdate(&list, key);
                    }
                    if pinned::shows(open, key) {
                        self.allow(open).await?;
                    }
                }
                _ => {}
            }
        }
        if between && let Some(open) = &open {
            // At the end, what is far above it can be fetched again. The other lines that came are there with it.
            let lines = if at_end.is_some() { 0 } else { open.lines().saturating_add(READ_BEFORE_UNREAD) };
            self.lay_out(open, lines.max(PAGE_LINES)).await?;
        }
        if let Some(open) = &open {
            self.fill_quotes(open).await?;
            self.take_along(open, at_end.as_ref());
        }
        contacts::put_in_order();
        Ok(())
    }

    /// After something came. `at_end`: who was at the end before.
    fn take_along(&self, open: &OpenConversation, at_end: Option<&AtEnd>) {
        let Some(list) = open.list() else { return };
        let at_end = at_end.is_some_and(|at_end| at_end.stays(&list));
        let is_seen = at_end && presence::has_focus();
        if !is_seen {
            reading_place::show_unread_line(open);
        }
        if is_seen {
            reading_place::go_to_end(&list);
        } else if at_end {
            // Nobody looks: what came first stays in sight.
            reading_place::go_to_unread(&list);
        }
        reading_place::note();
        self.seen();
    }

    fn complain(&self, error: &AppError) {
        notices::show_error(error, &self.words);
    }
}
