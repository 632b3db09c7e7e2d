//! From what waits to the server: seals one thing, posts it, marks it, and goes on with the next.
//!
//! Only the leading tab does. htmx posts through an element of its own for each entry of the outbox; the body is what
//! the store has, to the byte, so that a repeated post is the same post.

use super::{
    home::{Home, Trouble},
    htmx,
    long_polling::back_off,
    platform::{
        http::{self, HttpError},
        random, timer,
        webcrypto::WebVerifier,
    },
    search_user, show,
    status::State,
};
use crate::client::{
    conversation::MessageId,
    messenger::StepError,
    outbox::OutboxEntry,
    records::simple,
    seal_next::{Needs, Next},
};
use cliquet_wire::{
    address::Address,
    contacts::{Bundles, ClaimBundles},
    envelope::MessagesSent,
    problem::ProblemCode,
};
use js_sys::Array;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use web_sys::{AbortSignal, Element};

/// A post that is not answered by then is repeated.
const DEADLINE_MS: u32 = 30_000;

/// How posting goes.
#[derive(Debug, Default)]
pub struct Posting {
    /// Somebody looks for work already, and is to look once more.
    sealing: Cell<bool>,
    again: Cell<bool>,
    /// Posts whose answers are still to come.
    in_flight: RefCell<Vec<MessageId>>,
    /// Failures in a row.
    failures: Cell<u32>,
    /// Nothing is tried before this pause is over; ended early by `pump_now`.
    paused: Cell<bool>,
    pause: Cell<u32>,
    /// What is missing for them could not be fetched.
    put_off: RefCell<Vec<Address>>,
}

/// What a look for work found.
enum Found {
    Nothing,
    Sealed,
    Missing(Needs),
}

impl Home {
    /// Seals and posts as long as there is something, from whatever reason to look.
    pub fn pump(self: &Rc<Self>) {
        let posting = &self.posting;
        if !self.leads() || posting.paused.get() {
            return;
        }
        if posting.sealing.replace(true) {
            posting.again.set(true);
            return;
        }
        self.spawn(async move |home: Rc<Home>| {
            loop {
                home.posting.again.set(false);
                let outcome = home.seal_all().await;
                if let Err(trouble) = &outcome {
                    home.complain_quietly(trouble);
                    home.pause(0);
                }
                if outcome.is_err() || !home.posting.again.get() {
                    break;
                }
            }
            home.posting.sealing.set(false);
            home.trigger_posts().await;
        });
    }

    /// The network or the person is back: whatever was put off is tried now.
    pub fn pump_now(self: &Rc<Self>) {
        self.posting.pause.set(self.posting.pause.get().wrapping_add(1));
        self.posting.paused.set(false);
        self.posting.put_off.borrow_mut().clear();
        self.pump();
    }

    async fn seal_all(self: &Rc<Self>) -> Result<(), Trouble> {
        loop {
            match self.seal_one().await? {
                Found::Nothing => return Ok(()),
                Found::Sealed => {}
                Found::Missing(needs) => self.fetch(&needs).await?,
            }
        }
    }

    async fn seal_one(self: &Rc<Self>) -> Result<Found, Trouble> {
        let put_off = self.posting.put_off.borrow().clone();
        let turn = self.turn().await?;
        match turn.messenger().seal_next(&self.store, &put_off, timer::now_ms(), &mut random::system()).await? {
            Next::Idle => Ok(Found::Nothing),
            Next::Needs(needs) => Ok(Found::Missing(needs)),
            Next::Sealed(step) => turn.end(Ok(Some(step))).await.map(|()| Found::Sealed),
        }
    }

    /// Brings what is missing, or puts its address off.
    async fn fetch(self: &Rc<Self>, needs: &Needs) -> Result<(), Trouble> {
        let fetched = match needs {
            Needs::Card { address } => match search_user::card(address).await {
                Ok(card) => {
                    let turn = self.turn().await?;
                    let arrived = turn.messenger().card_arrived(card, timer::now_ms(), &WebVerifier).await;
                    turn.end(arrived).await
                }
                Err(error) => Err(error.into()),
            },
            Needs::Bundles { address, devices } => {
                let claim = ClaimBundles { devices: devices.clone() };
                match http::post::<Bundles>(&["/contacts/", address.as_str(), "/bundles"].concat(), &claim).await {
                    Ok(Bundles { bundles }) => {
                        let (turn, rng) = (self.turn().await?, &mut random::system());
                        let arrived = turn.messenger().bundles_arrived(address, bundles, &WebVerifier, rng).await;
                        turn.end(arrived).await
                    }
                    Err(error) => Err(error.into()),
                }
            }
        };
        let code = match fetched {
            Ok(()) => return Ok(()),
            Err(Trouble::Http(HttpError::Problem(problem))) => problem.code,
            Err(Trouble::Step(StepError::NotProven)) => ProblemCode::BadSignature,
            Err(trouble) => return Err(trouble),
        };
        let turn = self.turn().await?;
        let refused = turn.messenger().need_refused(&self.store, needs, code).await;
        turn.end(refused).await?;
        // Without one's own devices nothing can be sealed for anyone.
        if *needs.address() == self.email {
            return Err(Trouble::Step(StepError::NotProven));
        }
        self.posting.put_off.borrow_mut().push(needs.address().clone());
        self.pause_put_off();
        Ok(())
    }

    /// Puts the outbox's entries on the page and lets htmx post those that are not under way, each beside the others.
    async fn trigger_posts(self: &Rc<Self>) {
        if self.posting.paused.get() {
            return;
        }
        let Ok(turn) = self.turn().await else { return };
        let waiting: Vec<MessageId> = turn.messenger().outbox().map(|entry| entry.id).collect();
        drop(turn);
        let names: Vec<String> = waiting.iter().map(|id| simple(*id)).collect();
        show::keep_in_outbox(&names);
        for (id, name) in waiting.iter().zip(&names) {
            if self.posting.in_flight.borrow().contains(id) {
                continue;
            }
            let Some((element, new)) = show::outbox(name) else { continue };
            if new {
                htmx::process(&element);
            }
            htmx::trigger(&element, "post");
        }
    }

    /// htmx's fetch for an element of the outbox.
    pub async fn post(self: Rc<Self>, element: Element, signal: AbortSignal) -> u16 {
        let Ok(turn) = self.turn().await else { return 204 };
        let name = element.get_attribute("data-outbox");
        let entry = turn.messenger().outbox().find(|entry| name == Some(simple(entry.id))).cloned();
        drop(turn);
        let Some(entry) = entry else { return 204 };
        if self.posting.in_flight.borrow().contains(&entry.id) {
            return 204;
        }
        self.posting.in_flight.borrow_mut().push(entry.id);
        let status = self.post_entry(&entry, &signal).await;
        self.posting.in_flight.borrow_mut().retain(|id| *id != entry.id);
        status
    }

    async fn post_entry(self: &Rc<Self>, entry: &OutboxEntry, signal: &AbortSignal) -> u16 {
        let signals = Array::of2(signal, &AbortSignal::timeout_with_u32(DEADLINE_MS));
        let answer = http::post_until::<MessagesSent>("/messages", &entry.body, &AbortSignal::any(&signals)).await;
        let (settled, status, pause_ms) = match answer {
            Ok(sent) => {
                self.posting.failures.set(0);
                (self.settle_post(entry, Ok(sent)).await, 201, None)
            }
            Err(HttpError::Problem(problem)) => {
                let code = problem.code;
                match code {
                    ProblemCode::SignedOut => self.say(State::SignedOut),
                    ProblemCode::NoDevice => self.say(State::NoDevice),
                    _ => {}
                }
                let retry_ms =
                    problem.retry_after.map_or(0, |s| u32::try_from(s.min(3_600) * 1_000).unwrap_or(u32::MAX));
                (self.settle_post(entry, Err(code)).await, problem.status, Some(retry_ms))
            }
            // Whether it arrived is not known: the same bytes once more are safe.
            Err(error) => (Ok(()), htmx::status_of(&error), Some(0)),
        };
        if let Err(trouble) = settled {
            self.complain(&trouble);
            self.pause(0);
        } else if let Some(at_least_ms) = pause_ms {
            self.pause(at_least_ms);
        }
        status
    }

    async fn settle_post(
        self: &Rc<Self>,
        entry: &OutboxEntry,
        outcome: Result<MessagesSent, ProblemCode>,
    ) -> Result<(), Trouble> {
        let turn = self.turn().await?;
        let made = match outcome {
            Ok(sent) => turn.messenger().sent(&self.store, entry.id, &sent).await,
            Err(code) => turn.messenger().refused(&self.store, entry.id, code).await,
        };
        turn.end(made).await
    }

    /// After a post: the next one. When there is a pause, its end looks again.
    pub fn post_ended(self: &Rc<Self>) {
        self.pump();
    }

    fn pause(self: &Rc<Self>, at_least_ms: u32) {
        let posting = &self.posting;
        posting.failures.set(posting.failures.get().saturating_add(1));
        posting.paused.set(true);
        let mine = posting.pause.get().wrapping_add(1);
        posting.pause.set(mine);
        let pause_ms = back_off(posting.failures.get()).max(at_least_ms);
        self.spawn(async move |home: Rc<Home>| {
            timer::pause(pause_ms).await;
            if home.posting.pause.get() == mine {
                home.pump_now();
            }
        });
    }

    /// The others go on; whoever was put off is tried again later.
    fn pause_put_off(self: &Rc<Self>) {
        let failures = self.posting.failures.get().saturating_add(1);
        self.posting.failures.set(failures);
        self.spawn(async move |home: Rc<Home>| {
            timer::pause(back_off(failures.max(4))).await;
            home.posting.put_off.borrow_mut().clear();
            home.pump();
        });
    }

    /// The poll says whether the server is there; a missing card says it once more.
    fn complain_quietly(&self, trouble: &Trouble) {
        if !matches!(trouble, Trouble::Http(_)) {
            self.complain(trouble);
        }
    }
}
