//! From what waits to the server: encrypts what can be encrypted, posts it, writes down the answer, and goes on.
//!
//! Only the leading tab does. The body of a post is what the store has, to the byte, so that a repeated post is the same
//! post.

use super::{
    alarm::Alarm,
    back_off,
    engine::{Engine, Notice},
    error::AppError,
    rare::{Rare, Run},
    status::Status,
};
use crate::{
    browser::platform::{error::HttpError, json, service::Platform},
    client::{
        conversation::MessageId,
        encrypt_next::{Needs, Next},
        outbox::OutboxEntry,
        records::simple,
    },
};
use cliquet_wire::{
    address::Address,
    envelope::MessagesSent,
    problem::{Problem, ProblemCode},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// A post that is not answered by then is repeated.
pub const DEADLINE_MS: u32 = 30_000;
/// A server may ask for a longer pause than the back-off; no longer than this is heeded.
const RETRY_AFTER_SECONDS_MAX: u64 = 3_600;
/// A contact whose keys could not be fetched is put off for as long as after so many failures, or longer.
const PUT_OFF_FAILURES_MIN: u32 = 4;

/// The outbox of the leading tab.
pub struct Sender<P: Platform> {
    engine: Rc<Engine<P>>,
    rare: Run<P>,
    /// Somebody looks for work already, and is to look once more.
    at_work: Cell<bool>,
    again: Cell<bool>,
    in_flight: RefCell<Vec<MessageId>>,
    /// Failures in a row.
    failures: Cell<u32>,
    /// Nothing is tried before this pause is over; ended early by `pump_now`.
    paused: Cell<bool>,
    pauses: Cell<u32>,
    /// What could not be fetched. Its accounts wait, unless it would be asked for in another way now.
    put_off: RefCell<Vec<Needs>>,
    /// By the clock: receipts that are held back leave then. In the past: nobody waits.
    receipts_wait_until: Cell<u64>,
}

/// What a look for work found.
enum Found {
    Nothing,
    Encrypted,
    Missing(Needs),
}

impl<P: Platform> Sender<P> {
    pub(super) fn new(engine: Rc<Engine<P>>, rare: Run<P>) -> Rc<Self> {
        Rc::new(Self {
            engine,
            rare,
            at_work: Cell::new(false),
            again: Cell::new(false),
            in_flight: RefCell::default(),
            failures: Cell::new(0),
            paused: Cell::new(false),
            pauses: Cell::new(0),
            put_off: RefCell::default(),
            receipts_wait_until: Cell::new(0),
        })
    }

    /// Encrypts and posts everything that is waiting.
    pub(super) fn pump(self: &Rc<Self>) {
        if !self.engine.leads() || self.paused.get() {
            return;
        }
        if self.at_work.replace(true) {
            self.again.set(true);
            return;
        }
        let sender = self.clone();
        self.engine.platform().spawn(async move {
            loop {
                sender.again.set(false);
                if let Err(error) = sender.work().await {
                    sender.complain(error);
                    sender.pause(0);
                    break;
                }
                if !sender.again.get() {
                    break;
                }
            }
            sender.at_work.set(false);
        });
    }

    /// The network or the person is back: whatever was put off is tried now.
    pub(super) fn pump_now(self: &Rc<Self>) {
        self.pauses.set(self.pauses.get().wrapping_add(1));
        self.paused.set(false);
        self.put_off.borrow_mut().clear();
        self.pump();
    }

    async fn work(self: &Rc<Self>) -> Result<(), AppError> {
        // What an earlier tab left in the outbox goes first.
        self.post_all().await?;
        loop {
            match self.encrypt_next().await? {
                Found::Nothing => return self.wait_for_receipts().await,
                Found::Encrypted => self.post_all().await?,
                Found::Missing(needs) => self.fetch(&needs).await?,
            }
        }
    }

    /// Looks for work again when receipts in a group have been held back long enough.
    async fn wait_for_receipts(self: &Rc<Self>) -> Result<(), AppError> {
        let due = self.engine.read(|messenger| messenger.group_receipts_due()).await?;
        let now = self.engine.platform().now_ms();
        // What is due and was not sent waits for something else, whose end looks for work.
        let Some(due) = due.filter(|due| *due > now) else { return Ok(()) };
        let other = self.receipts_wait_until.get();
        if other > now && other <= due {
            return Ok(());
        }
        self.receipts_wait_until.set(due);
        let sender = self.clone();
        self.engine.platform().spawn(async move {
            sender.engine.platform().pause(u32::try_from(due - now).unwrap_or(u32::MAX)).await;
            sender.pump();
        });
        Ok(())
    }

    async fn encrypt_next(&self) -> Result<Found, AppError> {
        let put_off = self.put_off.borrow().clone();
        let platform = self.engine.platform();
        self.engine
            .run_with(async |messenger| {
                let (now, rng) = (platform.now_ms(), &mut platform.rng());
                let put_off = put_off.iter().filter(|needs| messenger.is_current(needs));
                let put_off: Vec<Address> = put_off.map(|needs| needs.address().clone()).collect();
                Ok(match messenger.encrypt_next(platform.store(), &put_off, now, rng).await? {
                    Next::Idle => (None, Found::Nothing),
                    Next::Needs(needs) => (None, Found::Missing(needs)),
                    Next::Encrypted(step) => (Some(step), Found::Encrypted),
                })
            })
            .await
    }

    /// Brings what is missing, or puts its address off.
    async fn fetch(self: &Rc<Self>, needs: &Needs) -> Result<(), AppError> {
        let (code, alarm) = match (self.rare)(self.engine.clone(), Rare::Fetch(needs.clone())).await {
            Ok(()) => return Ok(()),
            Err(AppError::Http(HttpError::Problem(problem))) => (problem.code, None),
            Err(AppError::Alarm(alarm)) => (ProblemCode::BadSignature, Some(alarm)),
            Err(error) => return Err(error),
        };
        let (store, now) = (self.engine.store(), self.engine.platform().now_ms());
        let refused = self.engine.run_with(async |messenger| {
            let step = messenger.need_refused(store, needs, code, now).await?;
            let is_refused = step.is_some();
            Ok((step, is_refused))
        });
        if !refused.await? {
            return Ok(());
        }
        // Without one's own devices nothing can be encrypted for anyone.
        if needs.address() == self.engine.email() {
            return Err(alarm.unwrap_or(Alarm::NotProven).into());
        }
        if let Some(alarm) = alarm {
            self.engine.say(Notice::Failed(alarm.into()));
        }
        self.put_off.borrow_mut().push(needs.clone());
        self.pause_put_off();
        Ok(())
    }

    /// Posts every entry of the outbox that is not under way, each beside the others.
    async fn post_all(self: &Rc<Self>) -> Result<(), AppError> {
        let waiting: Vec<OutboxEntry> = self.engine.read(|messenger| messenger.outbox().cloned().collect()).await?;
        for entry in waiting {
            if self.paused.get() || self.in_flight.borrow().contains(&entry.id) {
                continue;
            }
            self.in_flight.borrow_mut().push(entry.id);
            let sender = self.clone();
            self.engine.platform().spawn(async move {
                sender.post(&entry).await;
                sender.in_flight.borrow_mut().retain(|id| *id != entry.id);
                sender.pump();
            });
        }
        Ok(())
    }

    async fn post(self: &Rc<Self>, entry: &OutboxEntry) {
        let platform = self.engine.platform();
        let name = simple(entry.id);
        let answer = platform.post(&name, &entry.body, DEADLINE_MS).await;
        let (settled, pause_ms) = match answer.and_then(|text| json::read::<MessagesSent>(&text)) {
            Ok(sent) => {
                self.failures.set(0);
                (self.settle(entry, Ok(sent)).await, None)
            }
            Err(HttpError::Problem(problem)) => {
                match problem.code {
                    ProblemCode::SignedOut => self.engine.say_status(Status::SignedOut),
                    ProblemCode::NoDevice => self.engine.say_status(Status::NoDevice),
                    _ => {}
                }
                let retry_seconds = problem.retry_after.map_or(0, |seconds| seconds.min(RETRY_AFTER_SECONDS_MAX));
                let retry_ms = u32::try_from(retry_seconds * 1_000).unwrap_or(u32::MAX);
                (self.settle(entry, Err(&problem)).await, Some(retry_ms))
            }
            // Whether it arrived is not known: the same bytes once more are safe.
            Err(_) => (Ok(()), Some(0)),
        };
        if let Err(error) = settled {
            self.engine.say(Notice::Failed(error));
            self.pause(0);
        } else if let Some(at_least_ms) = pause_ms {
            self.pause(at_least_ms);
        }
        let waits = self.engine.read(|messenger| messenger.outbox().any(|waiting| waiting.id == entry.id)).await;
        if !waits.unwrap_or(false) {
            platform.forget(&name);
        }
    }

    async fn settle(&self, entry: &OutboxEntry, outcome: Result<MessagesSent, &Problem>) -> Result<(), AppError> {
        let (store, now) = (self.engine.store(), self.engine.platform().now_ms());
        self.engine
            .run(async |messenger| {
                Ok(Some(match outcome {
                    Ok(sent) => messenger.sent(store, entry.id, &sent, now).await?,
                    Err(problem) => messenger.refused(store, entry.id, problem.code, &problem.accounts, now).await?,
                }))
            })
            .await
    }

    /// After a failure. The end of the pause looks for work again.
    fn pause(self: &Rc<Self>, at_least_ms: u32) {
        self.failures.set(self.failures.get().saturating_add(1));
        self.paused.set(true);
        let mine = self.pauses.get().wrapping_add(1);
        self.pauses.set(mine);
        let pause_ms = back_off::wait_ms(self.failures.get(), &mut self.engine.platform().rng()).max(at_least_ms);
        let sender = self.clone();
        self.engine.platform().spawn(async move {
            sender.engine.platform().pause(pause_ms).await;
            if sender.pauses.get() == mine {
                sender.pump_now();
            }
        });
    }

    /// The others go on; those that were put off are tried again later.
    fn pause_put_off(self: &Rc<Self>) {
        let failures = self.failures.get().saturating_add(1);
        self.failures.set(failures);
        let sender = self.clone();
        self.engine.platform().spawn(async move {
            let platform = sender.engine.platform();
            let wait_ms = back_off::wait_ms(failures.max(PUT_OFF_FAILURES_MIN), &mut platform.rng());
            platform.pause(wait_ms).await;
            sender.put_off.borrow_mut().clear();
            sender.pump();
        });
    }

    /// The poll says whether the server is there; a device directory that is missing says it once more.
    fn complain(&self, error: AppError) {
        if !matches!(error, AppError::Http(_)) {
            self.engine.say(Notice::Failed(error));
        }
    }
}

impl<P: Platform> std::fmt::Debug for Sender<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("in_flight", &self.in_flight).finish_non_exhaustive()
    }
}
