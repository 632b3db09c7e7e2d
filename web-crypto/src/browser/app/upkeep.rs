//! What the leading tab keeps up beside writing and reading: texts of a saved file, the history, the vault.

use super::{
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

/// Does it when there is something to do.
pub struct Upkeep<P: Platform> {
    engine: Rc<Engine<P>>,
    rare: Run<P>,
    vault: Rc<VaultSync>,
    scheduled: Cell<bool>,
    /// At work; and called again meanwhile.
    at_work: Cell<bool>,
    again: Cell<bool>,
}

impl<P: Platform> Upkeep<P> {
    pub(super) fn new(engine: Rc<Engine<P>>, rare: Run<P>) -> Rc<Self> {
        Rc::new(Self {
            engine,
            rare,
            vault: Rc::default(),
            scheduled: Cell::new(false),
            at_work: Cell::new(false),
            again: Cell::new(false),
        })
    }

    /// There is something to keep. Once for all that comes meanwhile.
    pub(super) fn soon(self: &Rc<Self>) {
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

    /// The same at once: somebody waits for it.
    pub(super) fn now(self: &Rc<Self>) {
        let upkeep = self.clone();
        self.engine.platform().spawn(async move { upkeep.work().await });
    }

    /// Goes on with what an earlier tab left.
    pub(super) fn resume(self: &Rc<Self>) {
        let upkeep = self.clone();
        self.engine.platform().spawn(async move {
            let store = upkeep.engine.store();
            if !matches!(store.after(Store::ToKeep.name(), "").await, Ok(None))
                || !matches!(store.after(TO_RESTORE, "").await, Ok(None))
            {
                upkeep.work().await;
            }
        });
    }

    async fn work(&self) {
        self.again.set(true);
        if self.at_work.replace(true) {
            return;
        }
        while self.again.replace(false) {
            // The poll says when the server is gone. What is to be kept stays in line for the next call.
            if let Err(AppError::Alarm(alarm)) = (self.rare)(self.engine.clone(), Rare::Keep(self.vault.clone())).await
            {
                self.engine.say(Notice::Failed(alarm.into()));
            }
        }
        self.at_work.set(false);
    }
}

impl<P: Platform> std::fmt::Debug for Upkeep<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upkeep").field("at_work", &self.at_work).finish_non_exhaustive()
    }
}
