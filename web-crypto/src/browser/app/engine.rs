//! The one writer: each step is computed, committed in one transaction, applied, and told to every tab.

use super::{
    change::Change,
    chunk_turns::ChunkTurns,
    command::Command,
    error::AppError,
    frame::{Frame, FrameError},
    progress::Progress,
    status::Status,
};
use crate::{
    browser::platform::{
        error::StoreError,
        service::{Platform, Storage, Write},
    },
    client::{
        ephemeral::Heard,
        messenger::{LoadError, Messenger, Step},
        records::{self, Changes},
    },
};
use async_lock::{Mutex, MutexGuard};
use cliquet_wire::{account_key::AccountKey, address::Address, ids::DeviceId};
use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
};

/// One account's messenger in one tab.
pub struct Engine<P: Platform> {
    platform: P,
    email: Address,
    account_key: AccountKey,
    device: DeviceId,
    /// Only the leading tab has one. The lock is held for the length of a step.
    messenger: Mutex<Option<Messenger>>,
    leading: Cell<bool>,
    listeners: RefCell<Vec<Listener>>,
    chunk_turns: ChunkTurns,
}

/// What the engine tells those who subscribe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A commit, here or in another tab. Each is told once, after it is durable.
    Changed(Vec<Change>),
    /// A tab asks something of the leader.
    Asked(Command),
    /// Something to show, in this tab alone.
    Said(Notice),
    /// What somebody else does in a conversation.
    Heard(Heard),
    /// How far the file of a message is on its way to the server. `key`: the message's.
    Uploading { key: String, progress: Progress },
    /// Another tab runs a later release: reload.
    Outdated,
}

/// What a person is told beside the conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    Status(Status),
    Failed(AppError),
    Blocked,
    Unblocked,
    /// So many texts came back from the history so far. `None`: all are here, or it ended.
    Restoring(Option<u64>),
    /// Whether the history on the server opened when it was last checked.
    HistorySound(bool),
    /// Whether the server's vault and history may lack something of this browser.
    Behind(bool),
}

type Listener = Rc<dyn Fn(&Signal)>;
type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

impl<P: Platform> Engine<P> {
    /// Opens what this browser keeps for the account.
    ///
    /// # Errors
    /// When this browser is no device of the account, or its storage does not answer.
    pub async fn open(platform: P, email: Address) -> Result<Rc<Self>, Status> {
        let messenger = load(platform.store()).await?;
        let (device, account_key) = (messenger.device(), messenger.account_key().clone());
        platform.speak_for(device);
        Ok(Rc::new(Self {
            platform,
            email,
            account_key,
            device,
            messenger: Mutex::new(None),
            leading: Cell::new(false),
            listeners: RefCell::default(),
            chunk_turns: ChunkTurns::default(),
        }))
    }

    /// One at a time at each chunk of a file.
    pub(super) fn chunk_turns(&self) -> &ChunkTurns {
        &self.chunk_turns
    }

    pub fn platform(&self) -> &P {
        &self.platform
    }

    pub fn store(&self) -> &P::Store {
        self.platform.store()
    }

    /// This account's address.
    pub fn email(&self) -> &Address {
        &self.email
    }

    pub fn account_key(&self) -> &AccountKey {
        &self.account_key
    }

    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Whether this tab leads.
    pub fn leads(&self) -> bool {
        self.leading.get()
    }

    /// Calls `listener` for every signal from now on.
    pub fn subscribe(&self, listener: impl Fn(&Signal) + 'static) {
        self.listeners.borrow_mut().push(Rc::new(listener));
    }

    /// Tells the listeners of this tab.
    pub fn tell(&self, signal: &Signal) {
        // A copy of the list: a listener may subscribe another.
        let listeners = self.listeners.borrow().clone();
        listeners.iter().for_each(|listener| listener(signal));
    }

    /// Shows something in this tab. An alarm is shown in all of them: the tab that leads need not be the one in sight.
    pub fn say(&self, notice: Notice) {
        if let Notice::Failed(AppError::Alarm(alarm)) = notice {
            self.platform.announce(&Frame::Alarm(alarm).encode());
        }
        self.tell(&Signal::Said(notice));
    }

    /// Shows what the tab that leads learns of the server. One that no longer leads may still be answered: the line then
    /// says already why it stopped.
    pub(super) fn say_status(&self, status: Status) {
        if self.leads() {
            self.say(Notice::Status(status));
        }
    }

    /// Tells every tab what somebody else does.
    pub(super) fn heard(&self, heard: Heard) {
        self.platform.announce(&Frame::Heard(heard.clone()).encode());
        self.tell(&Signal::Heard(heard));
    }

    /// Tells every tab how far an upload is.
    pub(super) fn uploading(&self, key: &str, progress: Progress) {
        let key = key.to_owned();
        self.platform.announce(&Frame::Uploading { key: key.clone(), progress }.encode());
        self.tell(&Signal::Uploading { key, progress });
    }

    /// Does it here when this tab leads, else asks the tab that does.
    pub fn ask(&self, command: Command) {
        if self.leads() {
            self.tell(&Signal::Asked(command));
        } else {
            self.platform.announce(&Frame::Ask(command).encode());
        }
    }

    /// Takes a frame from another tab.
    pub fn hear(&self, bytes: &[u8]) {
        match Frame::decode(bytes) {
            Ok(Frame::Changed(changes)) => self.tell(&Signal::Changed(changes)),
            Ok(Frame::Ask(command)) if self.leads() => self.tell(&Signal::Asked(command)),
            Ok(Frame::Ask(_) | Frame::Hello) => {}
            Ok(Frame::Heard(heard)) => self.tell(&Signal::Heard(heard)),
            Ok(Frame::Uploading { key, progress }) => self.tell(&Signal::Uploading { key, progress }),
            Ok(Frame::Alarm(alarm)) => self.tell(&Signal::Said(Notice::Failed(alarm.into()))),
            Err(FrameError::Later) => self.tell(&Signal::Outdated),
            Err(FrameError::Unreadable) => self.platform.announce(&Frame::Hello.encode()),
        }
    }

    /// Reads the state that the tab before left. From now on steps can be made here.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub(super) async fn take_over(&self) -> Result<(), Status> {
        let mut messenger = self.messenger.lock().await;
        *messenger = Some(load(self.store()).await?);
        Ok(())
    }

    /// This tab leads from now on, or no longer.
    pub(super) fn set_leading(&self, leading: bool) {
        self.leading.set(leading);
    }

    /// Another tab has the store now: nothing more is done with what this one remembers of it.
    pub(super) async fn step_down(&self) {
        self.leading.set(false);
        *self.messenger.lock().await = None;
    }

    /// What `look` sees in the messenger between two steps.
    ///
    /// # Errors
    /// When another tab leads.
    pub async fn read<T>(&self, look: impl FnOnce(&Messenger) -> T) -> Result<T, AppError> {
        self.messenger.lock().await.as_ref().map(look).ok_or(AppError::NotLeading)
    }

    /// Makes one step, if `make` finds one. When this returns it is durable, applied, and told to every tab.
    ///
    /// # Errors
    /// Those of `make`, and those of the storage. Nothing is changed then.
    pub async fn run(
        &self,
        make: impl AsyncFnOnce(&Messenger) -> Result<Option<Step>, AppError>,
    ) -> Result<(), AppError> {
        self.run_with(async |messenger| Ok((make(messenger).await?, ()))).await
    }

    /// The same; gives what `make` gives beside the step.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub async fn run_with<T>(
        &self,
        make: impl AsyncFnOnce(&Messenger) -> Result<(Option<Step>, T), AppError>,
    ) -> Result<T, AppError> {
        let messenger = self.messenger.lock().await;
        let (step, given) = make(messenger.as_ref().ok_or(AppError::NotLeading)?).await?;
        if let Some(step) = step {
            self.settle(messenger, step).await?;
        }
        Ok(given)
    }

    /// Boxed: there are two dozen kinds of steps, and each would carry a copy of this.
    fn settle<'a>(
        &'a self,
        mut messenger: MutexGuard<'a, Option<Messenger>>,
        step: Step,
    ) -> Soon<'a, Result<(), AppError>> {
        Box::pin(async move {
            if !step.changes.is_empty() {
                self.write(&step.changes).await?;
            }
            let changes = Change::of(&step.changes, &step.effects, &self.email);
            let applied = messenger.as_mut().map(|messenger| messenger.apply(step));
            if applied.is_none_or(|applied| applied.is_err()) {
                // Cannot be while steps take turns. The records are right in any case; if they cannot be read, nothing is
                // done with an older state.
                *messenger = load(self.store()).await.ok();
            }
            drop(messenger);
            self.committed(changes);
            Ok(())
        })
    }

    /// Commits changes that need no messenger: any tab may.
    ///
    /// # Errors
    /// When the storage refuses. Nothing is changed then.
    pub async fn commit(&self, changes: &Changes) -> Result<(), AppError> {
        self.write(changes).await?;
        self.committed(Change::of(changes, &[], &self.email));
        Ok(())
    }

    /// Commits records that no view shows.
    ///
    /// # Errors
    /// As [`Engine::commit`].
    pub async fn put(&self, writes: &[Write<'_>]) -> Result<(), AppError> {
        Ok(self.store().commit(writes).await.inspect_err(|error| self.failed(*error))?)
    }

    async fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        self.store().commit_changes(changes).await.inspect_err(|error| self.failed(*error))
    }

    fn failed(&self, error: StoreError) {
        self.say(Notice::Status(error.into()));
    }

    /// Tells the other tabs what is shown already in this one.
    pub(super) fn announce(&self, change: Change) {
        self.platform.announce(&Frame::Changed(vec![change]).encode());
    }

    fn committed(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        self.platform.announce(&Frame::Changed(changes.clone()).encode());
        self.tell(&Signal::Changed(changes));
    }
}

/// The messenger as the records say.
async fn load(store: &impl Storage) -> Result<Messenger, Status> {
    let mut all = Vec::new();
    for kind in records::Store::IN_MEMORY {
        let kept = store.all(kind.name()).await?.into_iter();
        all.extend(kept.map(|kept| records::Record { store: kind, key: kept.key, value: kept.value }));
    }
    Messenger::load(all).map_err(|error: LoadError| error.into())
}

impl<P: Platform> std::fmt::Debug for Engine<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("leading", &self.leading).finish_non_exhaustive()
    }
}
