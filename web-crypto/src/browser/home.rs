//! The home page: one account's messenger on one tab.
//!
//! Owns the order of things: a step is made, committed in one transaction, applied, announced to the other tabs, and
//! shown. What is shown is read back from the store, so that the leading tab and the following ones do the same.

use super::{
    add_contact::Wish,
    dates::Dates,
    keep::Keeping,
    load_messages::{self, Unseen},
    long_polling::Polling,
    platform::{
        channel::Tabs,
        http::{self, HttpError},
        idb,
        locks::{Turn, Turns},
        random,
        store::{Store, StoreError},
        task,
    },
    send::Posting,
    status::{self, State},
    view::dom,
    words::{Word, Words},
};
use crate::client::{
    messenger::{Effect, LoadError, Messenger, Step, StepError},
    records::{self, RecordsError, names},
};
use cliquet_wire::address::Address;
use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
};

/// Everything that the page's modules share.
pub struct Home {
    pub email: Address,
    pub store: Store,
    pub words: Words,
    pub dates: Dates,
    pub tabs: Tabs,
    pub polling: Polling,
    pub posting: Posting,
    pub keeping: Keeping,
    pub unseen: Unseen,
    /// Only the leading tab has one.
    messenger: RefCell<Option<Rc<Messenger>>>,
    turns: Turns,
    leading: Cell<bool>,
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Home").field("leading", &self.leading).finish_non_exhaustive()
    }
}

/// The right to look at the messenger and to make one step with it. The next turn begins when this one is dropped.
#[derive(Debug)]
pub struct AtTurn {
    messenger: Rc<Messenger>,
    home: Rc<Home>,
    turn: Turn,
}

type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Why something asked for did not happen. Nothing is half done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    Store(StoreError),
    Step(StepError),
    Http(HttpError),
    /// Another tab has the messenger.
    NotLeading,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<StepError> for Trouble {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

impl From<HttpError> for Trouble {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl Home {
    /// Opens what this browser keeps for the account; refuses when it is no device of it.
    pub async fn open(email: Address, words: Words, keeping: Keeping) -> Result<Self, State> {
        let store = Store::open(&email).await?;
        http::speak_for(load(&store).await?.device());
        Ok(Self {
            tabs: Tabs::new(idb::name(&email)),
            email,
            store,
            words,
            dates: Dates::of_page(),
            polling: Polling::default(),
            posting: Posting::default(),
            keeping,
            unseen: Unseen::default(),
            messenger: RefCell::new(None),
            turns: Turns::default(),
            leading: Cell::new(false),
        })
    }

    /// Reads the state that the tab before left, and takes over.
    pub async fn take_the_lead(&self) -> Result<(), State> {
        let messenger = load(&self.store).await?;
        self.messenger.replace(Some(Rc::new(messenger)));
        self.leading.set(true);
        Ok(())
    }

    /// A tab of a newer release has the store now: nothing more is done with what this one remembers of it.
    pub fn step_down(&self) {
        self.leading.set(false);
        self.messenger.replace(None);
        self.say(State::OtherVersion);
    }

    pub fn leads(&self) -> bool {
        self.leading.get()
    }

    pub fn say(&self, state: State) {
        status::show(state, &self.words);
    }

    /// One at a time, in the order of asking. Boxed, as `AtTurn::end`: there are a dozen kinds of steps, and each would
    /// carry a copy of both.
    pub fn turn(self: &Rc<Self>) -> Soon<'_, Result<AtTurn, Trouble>> {
        Box::pin(async {
            let turn = self.turns.take().await;
            let messenger = self.messenger.borrow().clone().ok_or(Trouble::NotLeading)?;
            Ok(AtTurn { messenger, home: self.clone(), turn })
        })
    }

    pub fn turns(&self) -> &Turns {
        &self.turns
    }

    /// The records are right in any case; if they cannot be read, nothing is done with an older state.
    pub async fn read_anew(&self) {
        let anew = load(&self.store).await.ok().map(Rc::new);
        self.messenger.replace(anew);
    }

    /// Commits what needs no messenger: any tab may.
    pub async fn commit(self: &Rc<Self>, changes: &records::Changes) -> Result<(), StoreError> {
        self.store.commit_changes(changes).await?;
        self.announce(&names(changes));
        Ok(())
    }

    /// Says what was committed, to the other tabs and to this one.
    pub fn announce(self: &Rc<Self>, changed: &[String]) {
        self.tabs.announce(changed.iter().map(String::as_str));
        self.changed(changed);
    }

    /// Follows what was committed, here or in another tab.
    pub fn changed(self: &Rc<Self>, names: &[String]) {
        for name in names {
            let Some((store, wish)) = name.split_once('/') else { continue };
            if matches!(store, "messages" | "peers" | "conversations") {
                load_messages::changed(self, name);
            }
            match store {
                "!" => self.wished(wish),
                "peers" | "to_keep" => self.keep(),
                "owed" | "to_seal" | "outbox" => self.pump(),
                _ => {}
            }
        }
    }

    /// Done here by the leading tab, else asked of it.
    pub fn wish(self: &Rc<Self>, wish: &Wish) {
        self.wish_text(&wish.text());
    }

    /// The same for what only the keeper understands.
    pub fn wish_text(self: &Rc<Self>, wish: &str) {
        if self.leads() {
            self.wished(wish);
        } else {
            self.tabs.announce(std::iter::once(["!/", wish].concat().as_str()));
        }
    }

    fn wished(self: &Rc<Self>, wish: &str) {
        if !self.leads() {
            return;
        }
        let text = wish.to_owned();
        self.spawn(async move |home: Rc<Self>| {
            let Some(wish) = Wish::parse(&text) else {
                // What it cannot do it says itself.
                let _ = home.call_keeper(&text).await;
                return;
            };
            if let Err(trouble) = wish.grant(&home).await {
                home.complain(&trouble);
            }
        });
    }

    /// What the person can do something about.
    pub fn complain(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Store(error) => self.say((*error).into()),
            Trouble::Step(error) => {
                if let StepError::Records(error) = error {
                    self.say(unreadable(*error).into());
                }
            }
            Trouble::Http(error) => super::show::notice(&self.sentence(error)),
            Trouble::NotLeading => {}
        }
    }

    /// The server's own words where there are some.
    pub fn sentence(&self, error: &HttpError) -> String {
        use super::words::Word;
        match error {
            HttpError::Problem(problem) => [problem.title.as_str(), " ", problem.detail.as_str()].concat(),
            HttpError::Offline => self.words.get(Word::Offline).to_owned(),
            HttpError::TimedOut | HttpError::Unreadable => self.words.get(Word::ServerGone).to_owned(),
        }
    }

    /// Runs beside everything else.
    pub fn spawn<W: Future<Output = ()> + 'static>(self: &Rc<Self>, work: impl FnOnce(Rc<Self>) -> W) {
        task::spawn(work(self.clone()));
    }
}

impl AtTurn {
    pub fn messenger(&self) -> &Messenger {
        &self.messenger
    }

    /// Makes the step durable, then makes it so, then says so to everyone who shows it.
    pub fn end(self, made: Result<impl Into<Option<Step>>, StepError>) -> Soon<'static, Result<(), Trouble>> {
        self.settle(made.map(Into::into))
    }

    fn settle(self, made: Result<Option<Step>, StepError>) -> Soon<'static, Result<(), Trouble>> {
        Box::pin(async move {
            let Some(step) = made? else { return Ok(()) };
            let Self { messenger, home, turn } = self;
            let changed = names(&step.changes);
            home.store.commit_changes(&step.changes).await.inspect_err(|error| home.say((*error).into()))?;
            // A contact's new device is said in its conversation; one's own account has none.
            let own_added = |effect: &Effect| matches!(effect, Effect::Devices { account, added, .. } if *account == home.email && !added.is_empty());
            if step.effects.iter().any(own_added) {
                super::show::notice(home.words.get(Word::DeviceAdded));
            }
            // While it is this one's turn nobody else has the messenger.
            drop(messenger);
            let applied = home.messenger.borrow_mut().as_mut().and_then(Rc::get_mut).map(|own| own.apply(step));
            if applied.is_none_or(|applied| applied.is_err()) {
                // Cannot be while steps take turns.
                home.read_anew().await;
            }
            drop(turn);
            home.announce(&changed);
            Ok(())
        })
    }
}

/// The messenger as the records say.
pub async fn load(store: &Store) -> Result<Messenger, State> {
    let mut all = Vec::new();
    for kind in records::Store::IN_MEMORY {
        let kept = store.all(kind.name()).await?.into_iter();
        all.extend(kept.map(|kept| records::Record { store: kind, key: kept.key, value: kept.value }));
    }
    Messenger::load(all).map_err(|error| match error {
        // Only a device of this browser is led here: what it kept was removed behind our back.
        LoadError::NoDevice => State::StorageGone,
        LoadError::Records(error) => unreadable(error).into(),
    })
}

fn unreadable(error: RecordsError) -> StoreError {
    match error {
        RecordsError::Unavailable => StoreError::Refused,
        RecordsError::Damaged => StoreError::Damaged,
        RecordsError::Newer => StoreError::OtherVersion,
    }
}

/// A chance between zero and one, for back-off that does not come in step with others'.
pub fn chance(below: u32) -> u32 {
    let [a, b, c, d] = random::bytes::<4>();
    u32::from_le_bytes([a, b, c, d]).checked_rem(below).unwrap_or(0)
}

/// Whether somebody looks at this page.
pub fn in_sight() -> bool {
    dom::document().is_some_and(|document| !document.hidden())
}
