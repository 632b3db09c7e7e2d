//! What the leading tab keeps up beside writing and reading: texts of a saved file, changes of groups that do not count,
//! the history, the vault, the delivery token.

use super::{
    delivery_token::UnknownToken,
    engine::{Engine, Notice},
    error::AppError,
    rare::{Rare, Run},
    to_restore::TO_RESTORE,
    vault_sync::VaultSync,
};
use crate::{
    browser::platform::service::{Platform, Ranges},
    client::records::Store,
};
use std::{cell::Cell, rc::Rc};

/// What is written in one go is kept in one go.
pub const PAUSE_MS: u32 = 4_000;
/// After a failure, and once more as much after each further one.
pub const RETRY_MS: u32 = 60_000;
/// From here on the wait between two attempts no longer grows.
const RETRIES_THAT_COUNT: u32 = 30;

/// Does it when there is something to do.
pub struct Upkeep<P: Platform> {
    engine: Rc<Engine<P>>,
    rare: Run<P>,
    vault: Rc<VaultSync>,
    unknown: Rc<UnknownToken>,
    scheduled: Cell<bool>,
    /// At work; and called again meanwhile.
    at_work: Cell<bool>,
    again: Cell<bool>,
    /// Something may be lacking on the server.
    behind: Cell<bool>,
    /// In a row.
    failures: Cell<u32>,
}

impl<P: Platform> Upkeep<P> {
    pub(super) fn new(engine: Rc<Engine<P>>, rare: Run<P>) -> Rc<Self> {
        Rc::new(Self {
            engine,
            rare,
            vault: Rc::default(),
            unknown: Rc::default(),
            scheduled: Cell::new(false),
            at_work: Cell::new(false),
            again: Cell::new(false),
            behind: Cell::new(false),
            failures: Cell::new(0),
        })
    }

    /// There is something to keep. Once for all that comes meanwhile.
    pub(super) fn soon(self: &Rc<Self>) {
        self.set_behind(true);
        if self.scheduled.replace(true) {
            return;
        }
        let upkeep = self.clone();
        self.engine.platform().spawn(async move {
            upkeep.engine.platform().pause(PAUSE_MS).await;
            upkeep.scheduled.set(false);
            upkeep.work().await;
        });
    }

    /// Another device may have put something into the vault that this one was not told.
    pub(super) fn look_again(self: &Rc<Self>) {
        self.vault.forget();
        self.soon();
    }

    /// The same at once: somebody waits for it.
    pub(super) fn now(self: &Rc<Self>) {
        self.set_behind(true);
        let upkeep = self.clone();
        self.engine.platform().spawn(async move { upkeep.work().await });
    }

    /// The network is back: what failed is tried again.
    pub(super) fn returned(self: &Rc<Self>) {
        if self.behind.get() {
            self.soon();
        }
    }

    /// Goes on with what an earlier tab left. Texts that the history lacks wait in the storage. What the vault lacks is
    /// found when it is compared, which waits until the page has its first messages.
    pub(super) fn resume(self: &Rc<Self>) {
        self.set_behind(true);
        let upkeep = self.clone();
        self.engine.platform().spawn(async move {
            let store = upkeep.engine.store();
            if matches!(store.after(Store::ToKeep.name(), "").await, Ok(None))
                && matches!(store.after(TO_RESTORE, "").await, Ok(None))
            {
                upkeep.soon();
            } else {
                upkeep.work().await;
            }
        });
    }

    async fn work(self: &Rc<Self>) {
        self.again.set(true);
        if self.at_work.replace(true) {
            return;
        }
        while self.again.replace(false) {
            let keep = Rare::Keep(self.vault.clone(), self.unknown.clone());
            let kept = (self.rare)(self.engine.clone(), keep).await;
            let failures = if kept.is_ok() { 0 } else { self.failures.get() + 1 };
            self.failures.set(failures);
            match kept {
                Ok(()) => self.set_behind(self.again.get() || self.scheduled.get()),
                Err(AppError::Alarm(alarm)) => self.engine.say(Notice::Failed(alarm.into())),
                // The poll says when the server is gone.
                Err(_) => self.retry(failures),
            }
        }
        self.at_work.set(false);
    }

    fn retry(self: &Rc<Self>, failures: u32) {
        let upkeep = self.clone();
        self.engine.platform().spawn(async move {
            upkeep.engine.platform().pause(RETRY_MS * failures.min(RETRIES_THAT_COUNT)).await;
            // Another call may have come in between.
            if upkeep.failures.get() == failures && upkeep.engine.leads() {
                upkeep.work().await;
            }
        });
    }

    fn set_behind(&self, behind: bool) {
        if self.behind.replace(behind) != behind {
            self.engine.say(Notice::Behind(behind));
        }
    }
}

impl<P: Platform> std::fmt::Debug for Upkeep<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upkeep").field("at_work", &self.at_work).finish_non_exhaustive()
    }
}
