//! One account, open: it reads, sends and answers.

use crate::{
    account::{Machine, normal, session},
    computer::Computer,
    database::Database,
    error::ClientError,
    http::Server,
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
        leader::Leader,
        load_messages, rare,
        register_message::{Draft, RegisterError, register},
        status::Status,
    },
    client::{
        conversation::{ConversationId, DeliveryStatus, Message, MessageBody},
        peer::Trust,
        records::Changes,
    },
};
use cliquet_wire::address::Address;
use event_listener::Event;
use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    path::Path,
    rc::Rc,
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// Who waits for a change looks again after this long, for another process may have made it.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// What needs the server is given up after this long. It may happen all the same.
const PATIENCE: Duration = Duration::from_secs(30);

/// One account on this computer. Works within [`run`](crate::run).
#[derive(Debug)]
pub struct Client {
    engine: Rc<Engine<Computer>>,
    _leader: Rc<Leader<Computer>>,
    heard: Rc<Heard>,
    accepts_requests: Cell<bool>,
}

/// A text that somebody sent to this account.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// Where it was said: in the direct conversation with its sender, or in a group.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub sender: Address,
    /// What it says.
    pub text: String,
    /// When it was written by its sender's clock, in milliseconds since 1970.
    pub written_ms: u64,
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
        Self { engine, _leader: leader, heard, accepts_requests: Cell::new(false) }
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
            if peer.trust == Trust::Requested
                && !peer.deleted
                && let Err(error) = self.add(&peer.address).await
            {
                tracing::warn!("a request was not accepted: {error}");
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
            Signal::Outdated => self.status.set(Some(Status::OtherVersion)),
            Signal::Said(_) | Signal::Asked(_) | Signal::Heard(_) | Signal::Uploading { .. } => return,
        }
        self.changed.notify(usize::MAX);
    }
}

impl Received {
    fn of(message: &Message) -> Option<Self> {
        let MessageBody::Text(text) = &message.body else { return None };
        Some(Self {
            conversation: message.conversation.clone(),
            sender: message.sender.clone(),
            text: text.clone(),
            written_ms: message.client_time,
        })
    }
}

/// A text is personal.
impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Received").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}
