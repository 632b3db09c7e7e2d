//! Of an account's tabs one leads: it alone has the messenger, the poll and the outbox.

use super::{
    back_off,
    change::Change,
    command::Command,
    engine::{Engine, Notice, Signal},
    error::AppError,
    files::uploads::Uploads,
    lifetimes::Lifetimes,
    long_polling::Poller,
    rare::{Rare, Run},
    send::Sender,
    signals,
    status::Status,
    to_restore::{CONTACTS, TO_RESTORE},
    upkeep::Upkeep,
};
use crate::browser::platform::service::{Platform, Storage};
use std::rc::Rc;

/// The lead is taken at once when it is free.
pub const FOLLOWER_AFTER_MS: u32 = 300;
/// A new device waits so long before it asks again for the contacts that it must know first: as after so many failures.
const ADOPT_FAILURES: u32 = 3;
/// What can wait until the page is quiet: it was done by the tab before, or when this browser became a device.
pub const TEND_AFTER_MS: u32 = 20_000;
/// Often enough for weekly changes of pre-keys and of the device list, and for a hundred pre-key messages a day.
const TEND_EVERY_MS: u32 = 6 * 3600 * 1000;

/// What the leading tab does. In a tab that follows, it waits.
pub struct Leader<P: Platform> {
    engine: Rc<Engine<P>>,
    rare: Run<P>,
    sender: Rc<Sender<P>>,
    poller: Rc<Poller<P>>,
    upkeep: Rc<Upkeep<P>>,
    lifetimes: Rc<Lifetimes<P>>,
    uploads: Rc<Uploads<P>>,
}

impl<P: Platform> Leader<P> {
    /// `rare`: [`rare::run`](super::rare::run), or what fetches it first.
    pub fn new(engine: Rc<Engine<P>>, rare: Run<P>) -> Rc<Self> {
        let sender = Sender::new(engine.clone(), rare);
        let poller = Poller::new(engine.clone(), sender.clone());
        let upkeep = Upkeep::new(engine.clone(), rare);
        let lifetimes = Lifetimes::new(engine.clone());
        let uploads = Uploads::new(engine.clone(), rare);
        let leader = Rc::new(Self { engine, rare, sender, poller, upkeep, lifetimes, uploads });
        let listening = Rc::downgrade(&leader);
        leader.engine.subscribe(move |signal| {
            if let Some(leader) = listening.upgrade().filter(|leader| leader.engine.leads()) {
                leader.hear(signal);
            }
        });
        leader
    }

    /// Waits for its turn to lead, then leads for as long as the page lives.
    pub async fn run(self: Rc<Self>) {
        let (engine, platform) = (&self.engine, self.engine.platform());
        let waiting = engine.clone();
        platform.spawn(async move {
            waiting.platform().pause(FOLLOWER_AFTER_MS).await;
            if !waiting.leads() {
                waiting.say(Notice::Status(Status::OtherTabLeads));
            }
        });
        if platform.lead().await.is_err() {
            // Without Web Locks two tabs could encrypt with one state: better none does.
            return engine.say(Notice::Status(Status::OtherVersion));
        }
        if let Err(status) = engine.take_over().await {
            return engine.say(Notice::Status(status));
        }
        // What was over while nobody led goes first. The storage says itself when it refuses.
        let _ = self.lifetimes.end_due().await;
        let is_new = loop {
            let error = match self.adopt().await {
                Ok(is_new) => break is_new,
                Err(error) => error,
            };
            if let AppError::Alarm(_) = error {
                engine.say(Notice::Failed(error));
            }
            // A new device that cannot have its contacts yet hears nobody.
            engine.say(Notice::Status(Status::Reconnecting));
            platform.pause(back_off::wait_ms(ADOPT_FAILURES, &mut platform.rng())).await;
        };
        engine.set_leading(true);
        platform.spawn(self.poller.clone().run());
        platform.spawn(self.clone().tend(is_new));
        self.sender.pump();
        self.upkeep.resume();
        self.lifetimes.look();
        self.uploads.look();
        platform.lead_lost().await;
        engine.step_down().await;
        engine.say(Notice::Status(Status::OtherVersion));
    }

    /// A new device has its contacts before it hears anybody. Returns whether this is one.
    async fn adopt(&self) -> Result<bool, AppError> {
        if self.engine.store().value(TO_RESTORE, CONTACTS).await?.is_none() {
            return Ok(false);
        }
        (self.rare)(self.engine.clone(), Rare::Adopt).await?;
        Ok(true)
    }

    /// For as long as this tab leads.
    async fn tend(self: Rc<Self>, is_new: bool) {
        let engine = &self.engine;
        engine.platform().pause(TEND_AFTER_MS).await;
        if is_new {
            // What another device decided just before it knew of this one was not in the vault yet.
            self.upkeep.look_again();
        }
        let _ = (self.rare)(engine.clone(), Rare::ReadUnknown).await;
        while engine.leads() {
            let _ = (self.rare)(engine.clone(), Rare::Tend).await;
            engine.platform().pause(TEND_EVERY_MS).await;
            // What another device added to the history is named there.
            self.upkeep.look_again();
        }
    }

    /// The network or the person is back.
    pub fn returned(&self) {
        if self.engine.leads() {
            self.poller.returned();
            self.sender.pump_now();
            self.upkeep.returned();
            self.lifetimes.look();
            self.uploads.look();
        }
    }

    /// The network is gone.
    pub fn lost(&self) {
        self.poller.lost();
    }

    fn hear(&self, signal: &Signal) {
        match signal {
            Signal::Changed(changes) => {
                if changes.contains(&Change::ToSend) {
                    self.sender.pump();
                }
                if changes.iter().any(|change| matches!(change, Change::ToKeep | Change::Peer(_) | Change::Settings)) {
                    self.upkeep.soon();
                }
                if changes.contains(&Change::ToUpload) {
                    self.uploads.look();
                }
                if changes.contains(&Change::Lifetimes) {
                    self.lifetimes.look();
                }
            }
            Signal::Asked(Command::Import | Command::OpenVault) => self.upkeep.now(),
            Signal::Asked(Command::Signal { conversation, signal }) => {
                let (engine, conversation, signal) = (self.engine.clone(), conversation.clone(), *signal);
                self.engine.platform().spawn(async move { signals::say(&engine, &conversation, signal).await });
            }
            Signal::Asked(command) => {
                let (engine, sender, command) = (self.engine.clone(), self.sender.clone(), command.clone());
                let rare = self.rare;
                self.engine.platform().spawn(async move {
                    let done = match command {
                        Command::Read(id) => {
                            let now = engine.platform().now_ms();
                            let store = engine.store();
                            engine.run(async |messenger| Ok(Some(messenger.read(&id, store, now).await?))).await
                        }
                        command => rare(engine.clone(), Rare::Execute(command)).await,
                    };
                    match done {
                        Ok(()) => sender.pump(),
                        Err(AppError::NotLeading) => {}
                        Err(error) => engine.say(Notice::Failed(error)),
                    }
                });
            }
            Signal::Heard(_) | Signal::Said(_) | Signal::Uploading { .. } | Signal::Outdated => {}
        }
    }
}

impl<P: Platform> std::fmt::Debug for Leader<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leader").field("engine", &self.engine).finish_non_exhaustive()
    }
}
