//! One account, open: it reads, sends and answers.

use crate::{
    account::{Machine, normal, session},
    computer::Computer,
    database::Database,
    error::ClientError,
    http::Server,
    received::{Line, Received},
};
use cliquet_web_crypto::{
    browser::app::{
        account::{
            AccountError, Password,
            kept_store::{Unlocking, open_kept},
        },
        add_contact, answering,
        engine::{Engine, Notice, Signal},
        error::AppError,
        files::{FileToSend, FilesError, open_file, send_file},
        history_watch,
        leader::Leader,
        load_messages, rare,
        register_message::{Draft, RegisterError, register},
        status::Status,
    },
    client::{
        conversation::{ConversationId, DeliveryStatus},
        group::Standing,
        peer::Trust,
        records::Changes,
    },
};
use cliquet_wire::address::Address;
use event_listener::Event;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    convert::Infallible,
    fs::File,
    io::{self, Seek as _},
    path::Path,
    rc::Rc,
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// Who waits for a change looks again after this long, for another process may have made it.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// What needs the server is given up after this long. It may happen all the same.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request that could not be accepted is tried again after this long.
const ACCEPT_AGAIN: Duration = Duration::from_secs(600);

/// One account on this computer. Works within [`run`](crate::run).
#[derive(Debug)]
pub struct Client {
    engine: Rc<Engine<Computer>>,
    _leader: Rc<Leader<Computer>>,
    heard: Rc<Heard>,
    accepts_requests: Cell<bool>,
    /// Requests that could not be accepted, and when that was tried.
    not_accepted: RefCell<BTreeMap<Address, Instant>>,
}

/// What the engine said.
#[derive(Debug, Default)]
struct Heard {
    changed: Event,
    status: Cell<Option<Status>>,
    /// What a command failed with, until somebody asks.
    failed: RefCell<Option<AppError>>,
}

impl Client {
    /// Opens the account of a folder in which somebody signed in. Several processes may have one open at a time: one of them
    /// speaks with the server, and the others hand it what they want to send.
    ///
    /// # Errors
    /// When nobody signed in here, or the folder does not open.
    pub async fn open(folder: &Path) -> Result<Self, ClientError> {
        Self::open_with(folder, None).await
    }

    /// The same for a folder that a passphrase locks.
    ///
    /// # Errors
    /// As [`Client::open`]; and [`ClientError::Passphrase`].
    pub async fn open_with(folder: &Path, passphrase: Option<&str>) -> Result<Self, ClientError> {
        if !folder.is_dir() {
            return Err(ClientError::NoAccount);
        }
        let database = Rc::new(Database::open(folder)?);
        let account = database.account()?.ok_or(ClientError::NoAccount)?;
        let unlocking = match passphrase.map(|passphrase| Password::given(&normal(passphrase))) {
            None => Unlocking::NotAsked,
            Some(Ok(passphrase)) => Unlocking::With(passphrase),
            Some(Err(_)) => return Err(ClientError::Passphrase(AccountError::WrongPassphrase)),
        };
        let server = |token| Server::at(&account.server, token).map_err(|error| ClientError::App(error.into()));
        let machine = Machine { database, server: server(None)? };
        let store = open_kept(&machine, &account.email, &unlocking).await.map_err(|error| match error {
            AccountError::Store(error) => error.into(),
            other => ClientError::Passphrase(other),
        })?;
        let token = session(&store).await?.ok_or(ClientError::NoAccount)?;
        let computer = Computer::new(store, server(Some(token))?);
        let engine = Engine::open(computer, account.email).await;
        let engine = engine.map_err(|status| ClientError::of(status).unwrap_or(ClientError::NoAccount))?;
        let client = Self::of(engine);
        client.until_led().await?;
        Ok(client)
    }

    fn of(engine: Rc<Engine<Computer>>) -> Self {
        let heard = Rc::<Heard>::default();
        let hears = heard.clone();
        engine.subscribe(move |signal| hears.hear(signal));
        let leader = Leader::new(engine.clone(), rare::run);
        tokio::task::spawn_local(leader.clone().run());
        tokio::task::spawn_local(history_watch::watch(engine.clone(), rare::run));
        let listening = Rc::downgrade(&engine);
        tokio::task::spawn_local(async move {
            while let Some(engine) = listening.upgrade() {
                for frame in engine.platform().frames() {
                    engine.hear(&frame);
                }
                drop(engine);
                Computer::look_later().await;
            }
        });
        Self { engine, _leader: leader, heard, accepts_requests: Cell::new(false), not_accepted: RefCell::default() }
    }

    /// Waits until this process speaks with the server, or knows that another one does.
    async fn until_led(&self) -> Result<(), ClientError> {
        loop {
            let changed = self.heard.changed.listen();
            self.check()?;
            let waits = matches!(self.heard.status.get(), Some(Status::OtherTabLeads | Status::Reconnecting));
            if self.engine.leads() || waits {
                return Ok(());
            }
            let _ = timeout(LOOK_EVERY, changed).await;
        }
    }

    /// The account's address.
    pub fn email(&self) -> &Address {
        self.engine.email()
    }

    /// From now on [`Client::answer`] takes everybody who writes for a contact.
    pub fn accept_requests(&self) {
        self.accepts_requests.set(true);
    }

    /// Adds an account to the contacts, unless it is one. The first to add the other asks; the second accepts.
    ///
    /// # Errors
    /// When there is no such account, or the server does not answer.
    pub async fn add(&self, address: &Address) -> Result<(), ClientError> {
        if self.is_contact(address).await? {
            return Ok(());
        }
        self.heard.failed.take();
        add_contact::add(&*self.engine, address).await?;
        let start = Instant::now();
        while !self.is_contact(address).await? {
            self.check()?;
            if let Some(error) = self.heard.failed.take() {
                return Err(error.into());
            }
            if start.elapsed() > PATIENCE {
                return Err(ClientError::Waiting);
            }
            let _ = timeout(LOOK_EVERY, self.heard.changed.listen()).await;
        }
        Ok(())
    }

    async fn is_contact(&self, address: &Address) -> Result<bool, ClientError> {
        let peer = load_messages::peer(&self.engine, address).await?;
        Ok(peer.is_some_and(|peer| matches!(peer.trust, Trust::Added | Trust::Own)))
    }

    /// Sends a text, and returns when the server has it. Somebody who is no contact is added first.
    ///
    /// # Errors
    /// [`ClientError::Waiting`] when the server was not reached: the text is kept, and goes out later. After any other error
    /// it does not go out.
    pub async fn send(&self, to: &ConversationId, text: &str) -> Result<(), ClientError> {
        if let Some(address) = to.peer() {
            self.add(address).await?;
        }
        let draft = Draft { conversation: to.clone(), text: text.to_owned().into(), quote: None };
        let key = register(&self.engine, &draft, Changes::default()).await?;
        self.until_sent(&key).await
    }

    /// Sends a file, with a text beside it or an empty one, and returns when the server has both. What is at `path` may change
    /// from then on. Somebody who is no contact is added first.
    ///
    /// # Errors
    /// As [`Client::send`]; and when the file cannot be read, is empty, or is larger than the server takes.
    pub async fn send_file(&self, to: &ConversationId, path: &Path, text: &str) -> Result<(), ClientError> {
        if let Some(address) = to.peer() {
            self.add(address).await?;
        }
        let blob = File::open(path).map_err(|source| ClientError::File { path: path.to_owned(), source })?;
        let file = FileToSend {
            blob: Rc::new(blob),
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            media_type: mime_guess::from_path(path).first_raw().unwrap_or_default().to_owned(),
            pixels: None,
            preview: None,
            duration_ms: None,
            waveform: None,
            description: None,
        };
        let key = send_file::send(&self.engine, to, file, text, None, |_| {}).await?;
        self.until_sent(&key).await
    }

    /// Fetches the file of a message, and puts it at `path`, where nothing may be yet. All of it is checked before it is
    /// there.
    ///
    /// # Errors
    /// When the message brings none, the server has it no more or altered it, or `path` cannot be written.
    pub async fn save(&self, received: &Received, path: &Path) -> Result<(), ClientError> {
        let message = load_messages::message(&self.engine, &received.key).await?;
        let message = message.ok_or(ClientError::Files(FilesError::Gone))?;
        let mut opened = &*open_file::open(&self.engine, &message, |_| {}).await?;
        let mut save = || {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            opened.rewind()?;
            io::copy(&mut opened, &mut file)?;
            file.as_file().sync_all()?;
            file.persist_noclobber(path).map(drop).map_err(|error| error.error)
        };
        save().map_err(|source| ClientError::File { path: path.to_owned(), source })
    }

    /// Contacts and groups, in the order of their ids.
    ///
    /// # Errors
    /// When what the folder keeps cannot be read.
    pub async fn conversations(&self) -> Result<Vec<Line>, ClientError> {
        let peers = load_messages::peers(&self.engine).await?.into_iter().filter(|peer| peer.trust == Trust::Added);
        let groups = load_messages::groups(&self.engine).await?.into_iter();
        let groups = groups.filter(|group| group.standing == Standing::Joined && group.shown.is_in);
        let peers =
            peers.map(|peer| Line { id: peer.address.into(), name: peer.profile_name.name.unwrap_or_default() });
        let groups = groups.map(|group| Line { id: ConversationId::Group(group.id), name: group.shown.name });
        let mut lines: Vec<Line> = peers.chain(groups).collect();
        lines.sort_by(|one, two| one.id.text().cmp(&two.id.text()));
        Ok(lines)
    }

    async fn until_sent(&self, key: &str) -> Result<(), ClientError> {
        let start = Instant::now();
        loop {
            let changed = self.heard.changed.listen();
            let message = load_messages::message(&self.engine, key).await?;
            match message.map(|message| message.status) {
                Some(DeliveryStatus::Failed(failure)) => return Err(ClientError::NotSent(failure)),
                Some(DeliveryStatus::Waiting) => {}
                _ => return Ok(()),
            }
            self.check()?;
            if start.elapsed() > PATIENCE {
                return Err(ClientError::Waiting);
            }
            let _ = timeout(LOOK_EVERY, changed).await;
        }
    }

    /// Hands every text that comes from others to `reply`, and sends back what it gives; for as long as the program runs.
    /// What came before the first call in this folder is left alone.
    ///
    /// The answer and the note that the text was answered are one transaction: a program that is killed at any moment answers
    /// each text once. `reply` itself may be called twice for one text.
    ///
    /// # Errors
    /// When the sign-in ended, or what the folder keeps cannot be used any more.
    pub async fn answer(
        &self,
        mut reply: impl AsyncFnMut(&Received) -> Option<String>,
    ) -> Result<Infallible, ClientError> {
        answering::begin(&self.engine).await?;
        loop {
            let changed = self.heard.changed.listen();
            self.check()?;
            self.accept().await?;
            for message in answering::unanswered(&self.engine).await? {
                let Some(received) = Received::of(&message) else { continue };
                let text = reply(&received).await;
                match answering::answer(&self.engine, &message, text).await {
                    Err(error @ (RegisterError::Empty | RegisterError::TooLong)) => {
                        tracing::warn!("an answer was not sent: {error}");
                    }
                    answered => answered?,
                }
            }
            let _ = timeout(PATIENCE, changed).await;
        }
    }

    /// Takes those who ask for contacts, if everybody is taken.
    async fn accept(&self) -> Result<(), ClientError> {
        if !self.accepts_requests.get() {
            return Ok(());
        }
        for peer in load_messages::peers(&self.engine).await? {
            let is_late = |tried: &Instant| tried.elapsed() > ACCEPT_AGAIN;
            let is_due = self.not_accepted.borrow().get(&peer.address).is_none_or(is_late);
            if peer.trust == Trust::Requested
                && !peer.deleted
                && is_due
                && let Err(error) = self.add(&peer.address).await
            {
                tracing::warn!("a request was not accepted: {error}");
                self.not_accepted.borrow_mut().insert(peer.address, Instant::now());
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ClientError> {
        self.heard.status.get().and_then(ClientError::of).map_or(Ok(()), Err)
    }
}

impl Heard {
    fn hear(&self, signal: &Signal) {
        match signal {
            Signal::Changed(_) => {}
            Signal::Said(Notice::Status(status)) => {
                self.status.set(Some(*status));
                tracing::debug!("{status:?}");
            }
            Signal::Said(Notice::Failed(error)) => {
                tracing::warn!("{error}");
                self.failed.replace(Some(error.clone()));
            }
            Signal::Said(Notice::HistorySound(false)) => {
                tracing::warn!("the history that the server keeps of this account does not open");
            }
            Signal::Outdated => self.status.set(Some(Status::OtherVersion)),
            Signal::Said(_) | Signal::Asked(_) | Signal::Heard(_) | Signal::Uploading { .. } => return,
        }
        self.changed.notify(usize::MAX);
    }
}
