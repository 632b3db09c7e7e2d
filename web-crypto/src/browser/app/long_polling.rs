//! The long poll: asked again whenever it ends, at once after an answer and with back-off after a failure.
//!
//! Owns when to ask again, and for how long. Knows nothing of what is inside an answer.

use super::{
    back_off,
    engine::{Engine, Notice},
    error::AppError,
    receive::receive,
    send::Sender,
    status::Status,
};
use crate::browser::platform::{error::HttpError, json, service::Platform};
use cliquet_wire::{
    limits::POLL_SECONDS_DEFAULT,
    poll::{Poll, PollAnswer},
    problem::ProblemCode,
};
use event_listener::Event;
use futures_lite::future::{or, pending};
use std::{cell::Cell, rc::Rc};

/// An answer that takes this much longer than asked for does not come any more.
pub const GRACE_MS: u32 = 10_000;
/// A poll that was held for less was not cut, it failed.
pub const HELD_MS: u64 = 4_000;
/// Shorter polls would cost more than they gain.
pub const WAIT_SECONDS_MIN: u32 = 5;
/// After coming back, so many questions have a short deadline: each that fails takes one dead connection out of the
/// browser's pool.
pub const PROBES: u32 = 2;
/// The short deadline. Two of them and an answer fit into three seconds.
pub const PROBE_MS: u32 = 1_000;
/// After coming back, an answer that takes longer makes the page say that it is connecting.
pub const SAID_AFTER_MS: u32 = 250;

/// The poll of the leading tab.
pub struct Poller<P: Platform> {
    engine: Rc<Engine<P>>,
    sender: Rc<Sender<P>>,
    failures: Cell<u32>,
    /// The last poll was answered.
    connected: Cell<bool>,
    /// Polls cut in a row.
    cuts: Cell<u32>,
    /// How long the server may hold a poll: some proxies cut sooner than servers answer.
    wait_seconds: Cell<u32>,
    /// The network or the person came back, and nothing was answered since.
    probing: Cell<bool>,
    /// Questions with a short deadline that are left.
    probes: Cell<u32>,
    /// Ends a pause, and a poll that is held.
    renew: Event,
}

/// How a poll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Answered,
    /// Lost after it was held: the next one is asked at once, and may be held for less.
    Cut,
    /// Ended because the network or the person came back, or a probe failed: ask again at once.
    Renewed,
    Failed,
    /// There is no sense in asking again before the person does something.
    Stopped,
}

impl<P: Platform> Poller<P> {
    pub(super) fn new(engine: Rc<Engine<P>>, sender: Rc<Sender<P>>) -> Rc<Self> {
        Rc::new(Self {
            engine,
            sender,
            failures: Cell::new(0),
            connected: Cell::new(false),
            cuts: Cell::new(0),
            wait_seconds: Cell::new(POLL_SECONDS_DEFAULT),
            probing: Cell::new(false),
            probes: Cell::new(0),
            renew: Event::new(),
        })
    }

    /// Polls for as long as this tab leads.
    pub(super) async fn run(self: Rc<Self>) {
        while self.engine.leads() {
            match self.once().await {
                Outcome::Answered | Outcome::Cut | Outcome::Renewed => {}
                Outcome::Failed => {
                    let platform = self.engine.platform();
                    let wait_ms = back_off::wait_ms(self.failures.get(), &mut platform.rng());
                    or(platform.pause(wait_ms), self.renew.listen()).await;
                }
                Outcome::Stopped => self.renew.listen().await,
            }
        }
    }

    /// The network or the person is back, or there is a new sign-in in another tab: whatever is held or paused is asked
    /// again. A connection that died meanwhile says nothing, so the poll that is held is not trusted.
    pub(super) fn returned(&self) {
        if self.probing.get() {
            return;
        }
        self.probing.set(self.connected.replace(false));
        self.probes.set(PROBES);
        self.renew.notify(usize::MAX);
    }

    /// The browser says that there is no network: the poll that is held will not be answered.
    pub(super) fn lost(&self) {
        self.engine.say_status(Status::Offline);
        self.engine.platform().cancel_poll();
    }

    async fn once(&self) -> Outcome {
        let platform = self.engine.platform();
        let (begun, probes) = (platform.now_ms(), self.probes.get());
        let error = match self.ask().await {
            Ok(None) => return Outcome::Renewed,
            Ok(Some(answer)) => match receive(&self.engine, answer).await {
                Ok(()) => {
                    // Receipts are owed now; and what could not be opened is asked for a minute later, whether something
                    // comes meanwhile or not.
                    self.sender.pump();
                    return self.answered();
                }
                Err(error) => error,
            },
            Err(error) => error,
        };
        match error {
            AppError::Http(HttpError::TimedOut | HttpError::Offline) if probes > 0 => Outcome::Renewed,
            AppError::Http(error) => self.failed(&error, platform.now_ms().saturating_sub(begun)),
            AppError::NotLeading => Outcome::Stopped,
            error => {
                self.engine.say(Notice::Failed(error));
                self.failures.set(self.failures.get().saturating_add(1));
                Outcome::Failed
            }
        }
    }

    /// One question. `None`: it was ended by [`Poller::returned`].
    async fn ask(&self) -> Result<Option<PollAnswer>, AppError> {
        let platform = self.engine.platform();
        let cursor = self.engine.read(|messenger| messenger.cursor()).await?;
        // At first, after a failure and after coming back the question is whether anybody is there: it is answered at once.
        let wait_seconds = if self.connected.get() { self.wait_seconds.get() } else { 0 };
        let deadline_ms = match self.probes.get() {
            0 => wait_seconds.saturating_mul(1_000).saturating_add(GRACE_MS),
            left => {
                self.probes.set(left - 1);
                PROBE_MS
            }
        };
        let body = json::write(&Poll { cursor, wait_seconds: Some(wait_seconds) })?;
        let renewal = self.renew.listen();
        let renewed = async {
            renewal.await;
            None
        };
        let slow = async {
            if self.probing.get() {
                platform.pause(SAID_AFTER_MS).await;
                self.engine.say_status(Status::Connecting);
            }
            pending().await
        };
        let answered = async { Some(platform.poll(body, deadline_ms).await) };
        match or(answered, or(renewed, slow)).await {
            Some(answer) => Ok(Some(json::read(&answer?)?)),
            None => {
                platform.cancel_poll();
                Ok(None)
            }
        }
    }

    fn answered(&self) -> Outcome {
        self.failures.set(0);
        self.probes.set(0);
        self.probing.set(false);
        // An empty answer to the question whether anybody is there says nothing about cuts.
        if self.connected.replace(true) {
            self.cuts.set(0);
        }
        self.engine.say_status(Status::Connected);
        Outcome::Answered
    }

    fn failed(&self, error: &HttpError, held_ms: u64) -> Outcome {
        self.probing.set(false);
        match error.code() {
            Some(ProblemCode::SignedOut) => {
                self.engine.say_status(Status::SignedOut);
                return Outcome::Stopped;
            }
            Some(ProblemCode::NoDevice | ProblemCode::UnknownDevice) => {
                self.engine.say_status(Status::NoDevice);
                return Outcome::Stopped;
            }
            _ => {}
        }
        let online = self.engine.platform().is_online();
        let cut = held_ms >= HELD_MS && matches!(error, HttpError::Offline | HttpError::Unreadable);
        if cut && online {
            self.cuts.set(self.cuts.get().saturating_add(1));
            if self.cuts.get() >= 2 {
                // Three quarters of what was held is under the cut, whatever its cause.
                let held = u32::try_from(held_ms.saturating_mul(3) / 4_000).unwrap_or(POLL_SECONDS_DEFAULT);
                self.wait_seconds.set(held.clamp(WAIT_SECONDS_MIN, POLL_SECONDS_DEFAULT));
            }
            return Outcome::Cut;
        }
        self.connected.set(false);
        self.failures.set(self.failures.get().saturating_add(1));
        self.engine.say_status(if online { Status::Reconnecting } else { Status::Offline });
        Outcome::Failed
    }
}

impl<P: Platform> std::fmt::Debug for Poller<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poller").field("connected", &self.connected).finish_non_exhaustive()
    }
}
