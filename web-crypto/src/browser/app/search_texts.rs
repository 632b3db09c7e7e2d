//! The texts of this account in memory, for as long as somebody searches.
//!
//! Owns the reading of them, in slices between which the page lives, and that they follow every commit of every tab. A search
//! looks in memory where a text is, and reads the message from the store before it is shown.

use super::{
    change::Change,
    engine::{Engine, Signal},
    error::AppError,
    load_messages,
    search_messages::Reading,
};
use crate::{
    browser::platform::service::Platform,
    client::{
        conversation::Message,
        search_filter::Filter,
        search_texts::{Found, Rest, SearchTexts, Wanted, order},
    },
};
use event_listener::Event;
use futures_lite::future::or;
use std::{
    cell::{Cell, RefCell},
    fmt, mem,
    rc::Rc,
};

/// Room for some eighty thousand messages of a line each, which a telephone has as well. What does not fit is read from the
/// store in each search.
pub const TEXTS_BYTES_MAX: usize = 16 << 20;
/// Between two looks at whether the pane is still there and what is over.
const LOOK_AGAIN_MS: u32 = 500;
/// Looked at without a pause: a few milliseconds.
const LOOKED_AT_ONCE: usize = 10_000;
/// Read and given at once, so that the first are shown before the last are read.
pub const FOUND_AT_ONCE: usize = 50;

/// What a browser calls lower case; see [`Query`](crate::client::search::Query).
type Lower = fn(&str) -> String;

/// The texts, while the pane is open.
pub struct OpenTexts<P: Platform> {
    engine: Rc<Engine<P>>,
    lower: Lower,
    texts: RefCell<SearchTexts>,
    /// All must be read once more.
    again: Cell<bool>,
    /// The keys of messages that changed and were not read since.
    changed: RefCell<Vec<String>>,
    /// Why nothing more was read.
    failed: Cell<Option<AppError>>,
    /// Something is to be read.
    told: Event,
    /// Something was read, or could not be.
    read: Event,
    is_open: Cell<bool>,
}

/// How far one search came.
#[derive(Debug, Default)]
pub struct Pass {
    /// The key of the last text that was looked at.
    last: Option<String>,
    beyond: Option<Beyond>,
}

/// What does not fit in memory.
#[derive(Debug)]
struct Beyond {
    reading: Reading,
    /// What was found and is older than something that was not read.
    held: Vec<Message>,
}

impl<P: Platform> OpenTexts<P> {
    /// Follows every commit from now on. Reads nothing yet.
    pub fn open(engine: &Rc<Engine<P>>, lower: Lower, bytes_max: usize) -> Rc<Self> {
        let texts = Rc::new(Self {
            engine: engine.clone(),
            lower,
            texts: RefCell::new(SearchTexts::new(bytes_max)),
            again: Cell::new(false),
            changed: RefCell::default(),
            failed: Cell::new(None),
            told: Event::new(),
            read: Event::new(),
            is_open: Cell::new(true),
        });
        // The engine lives longer than the pane.
        let following = Rc::downgrade(&texts);
        engine.subscribe(move |signal| {
            if let (Signal::Changed(changes), Some(texts)) = (signal, following.upgrade()) {
                texts.follow(changes);
            }
        });
        texts
    }

    /// Reads all texts and then what changes, until `goes_on` says no. `show` is told of each message that changed, by its
    /// key; of one that is gone it gets no more. `cleared` is told when messages of a conversation are gone that nobody
    /// named. Then all of it is wiped, and nothing is found any more.
    pub async fn keep(&self, goes_on: impl Fn() -> bool, show: impl Fn(&str, Option<Message>), cleared: impl Fn()) {
        let mut reading = None;
        while goes_on() {
            let told = self.told.listen();
            let key = self.changed.borrow_mut().pop();
            let read = match key {
                Some(key) => self.read_changed(key, &show).await,
                None => {
                    if self.again.take() {
                        reading = None;
                        cleared();
                    }
                    self.read_on(&mut reading).await
                }
            };
            let more = *read.as_ref().unwrap_or(&false);
            self.failed.set(read.err());
            self.read.notify(usize::MAX);
            if !more {
                self.texts.borrow_mut().remove_over(self.engine.platform().now_ms());
                or(told, self.engine.platform().pause(LOOK_AGAIN_MS)).await;
            }
        }
        self.is_open.set(false);
        self.texts.borrow_mut().clear();
        self.read.notify(usize::MAX);
    }

    /// The next messages that match, all of them older than those before, in steps that take no longer than a page may
    /// stand still. `None`: there are no more.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn next(&self, wanted: &Wanted, pass: &mut Pass) -> Result<Option<Vec<Message>>, AppError> {
        if let Some(beyond) = &mut pass.beyond {
            return beyond.next(&self.engine, |message| wanted.matches(message, self.lower)).await;
        }
        let now = self.engine.platform().now_ms();
        let last = pass.last.take();
        let Found { keys, last, rest } = self.texts.borrow().find(wanted, now, last, LOOKED_AT_ONCE, FOUND_AT_ONCE);
        pass.last = last;
        if !keys.is_empty() {
            let mut messages = Vec::new();
            for key in &keys {
                // As the store has it now.
                let message = load_messages::message(&self.engine, key).await?;
                messages.extend(message.filter(|message| wanted.matches(message, self.lower)));
            }
            return Ok(Some(messages));
        }
        match rest {
            _ if !self.is_open.get() => return Ok(None),
            Rest::Nothing => return Ok(None),
            Rest::Here => self.engine.platform().pause(0).await,
            Rest::Elsewhere(below) if self.texts.borrow().is_full() => {
                let reading = Reading::begin(&self.engine, &wanted.filter, Some(&below)).await?;
                pass.beyond = Some(Beyond { reading, held: Vec::new() });
            }
            Rest::Elsewhere(_) => match self.failed.take() {
                Some(error) => return Err(error),
                None => self.read.listen().await,
            },
        }
        Ok(Some(Vec::new()))
    }

    /// What changed is not found before it was read again.
    fn follow(&self, changes: &[Change]) {
        if !self.is_open.get() {
            return;
        }
        let mut texts = self.texts.borrow_mut();
        for change in changes {
            match change {
                Change::Message { key, .. } => {
                    texts.remove(key);
                    self.changed.borrow_mut().push(key.clone());
                }
                Change::Cleared(conversation) => {
                    texts.remove_conversation(conversation);
                    self.again.set(true);
                }
                _ => {}
            }
        }
        self.told.notify(usize::MAX);
    }

    async fn read_changed(&self, key: String, show: impl Fn(&str, Option<Message>)) -> Result<bool, AppError> {
        let read = load_messages::message(&self.engine, &key).await;
        if read.is_err() {
            self.changed.borrow_mut().push(key.clone());
        }
        let message = read?;
        match &message {
            Some(message) => self.texts.borrow_mut().put(message, self.lower),
            None => self.texts.borrow_mut().remove(&key),
        }
        show(&key, message);
        Ok(true)
    }

    /// Reads the next slice. `false`: there is nothing more to read, or no room for it.
    async fn read_on(&self, reading: &mut Option<Reading>) -> Result<bool, AppError> {
        if self.texts.borrow().is_full() {
            return Ok(false);
        }
        let reading = match reading {
            Some(reading) => reading,
            none => none.insert(Reading::begin(&self.engine, &Filter::default(), None).await?),
        };
        let more = reading.reach().is_some();
        let messages = reading.next(&self.engine).await?;
        if !self.again.get() {
            let mut texts = self.texts.borrow_mut();
            messages.iter().for_each(|message| texts.put(message, self.lower));
            texts.reaches(reading.reach());
        }
        Ok(more)
    }
}

impl Beyond {
    async fn next<P: Platform>(
        &mut self,
        engine: &Engine<P>,
        matches: impl Fn(&Message) -> bool,
    ) -> Result<Option<Vec<Message>>, AppError> {
        if self.reading.reach().is_none() && self.held.is_empty() {
            return Ok(None);
        }
        self.held.extend(self.reading.next(engine).await?.into_iter().filter(matches));
        let reach = self.reading.reach().unwrap_or_default();
        let is_next = |message: &Message| order(&message.key()) >= reach;
        let (next, held) = mem::take(&mut self.held).into_iter().partition(is_next);
        self.held = held;
        Ok(Some(next))
    }
}

/// Texts are personal.
impl<P: Platform> fmt::Debug for OpenTexts<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTexts").field("texts", &self.texts).finish_non_exhaustive()
    }
}
