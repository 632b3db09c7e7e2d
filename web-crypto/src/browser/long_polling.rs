//! The long poll: one stable element, triggered again whenever its request ends.
//!
//! Owns when to ask again, and for how long. Knows nothing of what is inside an answer.

use super::{
    home::{self, Home, Trouble},
    htmx,
    platform::{
        http::{self, HttpError},
        timer,
    },
    receive,
    status::State,
    view::dom,
};
use cliquet_wire::{
    limits::POLL_SECONDS_DEFAULT,
    poll::{Poll, PollAnswer},
    problem::ProblemCode,
};
use js_sys::Array;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use web_sys::{AbortController, AbortSignal};

/// Waits after failures grow from here,
const BACK_OFF_FIRST_MS: u32 = 1_000;
/// to here: a person who comes back to a mended network should not wait for longer.
const BACK_OFF_MAX_MS: u32 = 30_000;
/// An answer that takes this much longer than asked for does not come any more.
const GRACE_MS: u32 = 10_000;
/// A poll that was held for less was not cut, it failed.
const HELD_MS: u64 = 4_000;
/// Shorter polls would cost more than they gain.
const WAIT_SECONDS_MIN: u32 = 5;

/// How polling goes.
#[derive(Debug)]
pub struct Polling {
    outcome: Cell<Outcome>,
    failures: Cell<u32>,
    /// The last poll was answered.
    connected: Cell<bool>,
    /// Polls cut in a row, and how long to wait since then: some proxies cut sooner than servers answer.
    cuts: Cell<u32>,
    wait_seconds: Cell<u32>,
    /// A pause between two polls; ended early when the network or the person comes back.
    pause: Cell<u32>,
    running: Cell<bool>,
    current: RefCell<Option<AbortController>>,
}

/// How the last poll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Answered,
    /// Held, then lost: the next one may wait for less, but need not wait.
    Cut,
    Failed,
    /// There is no sense in asking again before the person does something.
    Stopped,
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            outcome: Cell::new(Outcome::Answered),
            failures: Cell::new(0),
            connected: Cell::new(false),
            cuts: Cell::new(0),
            wait_seconds: Cell::new(POLL_SECONDS_DEFAULT),
            pause: Cell::new(0),
            running: Cell::new(false),
            current: RefCell::new(None),
        }
    }
}

impl Home {
    /// One poll: asks, keeps what comes, and tells htmx the status.
    pub async fn poll(self: Rc<Self>, signal: AbortSignal) -> u16 {
        if !self.leads() {
            self.polling.outcome.set(Outcome::Stopped);
            return 204;
        }
        self.polling.running.set(true);
        let begun = timer::now_ms();
        let outcome = self.poll_once(&signal).await;
        self.polling.running.set(false);
        let held = timer::now_ms().saturating_sub(begun);
        let (outcome, status) = match outcome {
            Ok(()) if !self.leads() => (Outcome::Stopped, 204),
            Ok(()) => {
                self.polling.failures.set(0);
                // An empty answer to the question whether anybody is there says nothing about cuts.
                if self.polling.connected.replace(true) {
                    self.polling.cuts.set(0);
                }
                self.say(State::Connected);
                (Outcome::Answered, 200)
            }
            Err(Trouble::Http(error)) => (self.poll_failed(&error, held), htmx::status_of(&error)),
            Err(Trouble::NotLeading) => (Outcome::Stopped, 204),
            Err(trouble) => {
                self.complain(&trouble);
                (Outcome::Failed, 599)
            }
        };
        self.polling.outcome.set(outcome);
        status
    }

    async fn poll_once(self: &Rc<Self>, signal: &AbortSignal) -> Result<(), Trouble> {
        let cursor = self.turn().await?.messenger().cursor();
        let polling = &self.polling;
        // At first, and after a failure, the question is whether anybody is there: it is answered at once.
        let wait_seconds = if polling.connected.get() { polling.wait_seconds.get() } else { 0 };
        let body = http::write(&Poll { cursor, wait_seconds: Some(wait_seconds) })?;
        let deadline = AbortSignal::timeout_with_u32(wait_seconds.saturating_mul(1_000).saturating_add(GRACE_MS));
        let hurry = AbortController::new().map_err(|_| HttpError::Unreadable)?;
        let signals = Array::of3(signal, &deadline, &hurry.signal());
        polling.current.replace(Some(hurry));
        let answer = http::post_until::<PollAnswer>("/poll", &body, &AbortSignal::any(&signals)).await;
        polling.current.replace(None);
        receive::keep(self, answer?).await
    }

    fn poll_failed(&self, error: &HttpError, held_ms: u64) -> Outcome {
        match error.code() {
            Some(ProblemCode::SignedOut) => {
                self.say(State::SignedOut);
                return Outcome::Stopped;
            }
            Some(ProblemCode::NoDevice | ProblemCode::UnknownDevice) => {
                self.say(State::NoDevice);
                return Outcome::Stopped;
            }
            _ => {}
        }
        let polling = &self.polling;
        let cut = held_ms >= HELD_MS && matches!(error, HttpError::Offline | HttpError::Unreadable);
        if cut && online() {
            polling.cuts.set(polling.cuts.get().saturating_add(1));
            if polling.cuts.get() >= 2 {
                // Three quarters of what was held stays under the cut, whatever its cause.
                let held = u32::try_from(held_ms.saturating_mul(3) / 4_000).unwrap_or(POLL_SECONDS_DEFAULT);
                polling.wait_seconds.set(held.clamp(WAIT_SECONDS_MIN, POLL_SECONDS_DEFAULT));
            }
            return Outcome::Cut;
        }
        polling.connected.set(false);
        polling.failures.set(polling.failures.get().saturating_add(1));
        self.say(if online() { State::Reconnecting } else { State::Offline });
        Outcome::Failed
    }

    /// This tab leads from now on.
    pub fn polling_begins(self: &Rc<Self>) {
        self.polling.outcome.set(Outcome::Answered);
        if !self.polling.running.get() {
            poll_now();
        }
    }

    /// After each poll: the next one, now or later.
    pub fn poll_ended(self: &Rc<Self>) {
        match self.polling.outcome.get() {
            Outcome::Answered | Outcome::Cut => poll_now(),
            Outcome::Stopped => {}
            Outcome::Failed => {
                let pause = back_off(self.polling.failures.get());
                self.spawn(async move |home: Rc<Home>| home.poll_after(pause).await);
            }
        }
    }

    async fn poll_after(self: Rc<Self>, pause_ms: u32) {
        let mine = self.polling.pause.get().wrapping_add(1);
        self.polling.pause.set(mine);
        timer::pause(pause_ms).await;
        // Whoever ended this pause early has polled already.
        if self.polling.pause.get() == mine && !self.polling.running.get() {
            poll_now();
        }
    }

    /// Something changed for the better, perhaps a new sign-in in another tab: ask now.
    pub fn poll_soon(self: &Rc<Self>) {
        if self.leads() && !self.polling.running.get() {
            self.polling.pause.set(self.polling.pause.get().wrapping_add(1));
            poll_now();
        }
    }

    /// The browser says so: the poll that is held will not be answered.
    fn went_offline(&self) {
        self.say(State::Offline);
        if let Some(current) = self.polling.current.take() {
            current.abort();
        }
    }
}

/// What the browser knows of the network and of the person.
pub fn listen(home: &Rc<Home>) {
    let (Some(window), Some(document)) = (dom::window(), dom::document()) else { return };
    let online = home.clone();
    dom::on(&window, "online", move |_| {
        online.poll_soon();
        online.pump_now();
    });
    let offline = home.clone();
    dom::on(&window, "offline", move |_| offline.went_offline());
    let seen = home.clone();
    dom::on(&document, "visibilitychange", move |_| {
        if home::in_sight() {
            seen.poll_soon();
            seen.pump_now();
            receive::in_sight(&seen);
        }
    });
}

fn poll_now() {
    if let Some(element) = dom::by_id("poll") {
        htmx::trigger(&element, "poll");
    }
}

/// Doubles with every failure; somewhere in the upper half of the span, so that clients do not come back in step.
pub fn back_off(failures: u32) -> u32 {
    let span = BACK_OFF_FIRST_MS.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(BACK_OFF_MAX_MS);
    span / 2 + home::chance(span / 2)
}

pub fn online() -> bool {
    dom::window().is_none_or(|window| window.navigator().on_line())
}
