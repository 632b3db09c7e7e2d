//! When texts disappear: the leading tab waits for the next end, and deletes what is over.
//!
//! What is over is not shown in the meantime either: `load_messages` leaves it out.

use super::{engine::Engine, error::AppError};
use crate::{browser::platform::service::Platform, client::messenger::Messenger};
use std::{cell::Cell, rc::Rc};

/// The longest wait in one go: so late is noticed that the clock was set, or that the computer slept.
pub const WAIT_MS_MAX: u64 = 60_000;

/// Deletes texts in time.
pub struct Lifetimes<P: Platform> {
    engine: Rc<Engine<P>>,
    /// By the clock. In the past: nobody waits.
    waits_until: Cell<u64>,
}

impl<P: Platform> Lifetimes<P> {
    pub(super) fn new(engine: Rc<Engine<P>>) -> Rc<Self> {
        Rc::new(Self { engine, waits_until: Cell::new(0) })
    }

    /// Deletes what is over now.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub(super) async fn end_due(&self) -> Result<(), AppError> {
        let (engine, mut more) = (&self.engine, true);
        while more {
            let ended = engine.run_with(async |messenger| {
                let step = messenger.end_next(engine.store(), engine.platform().now_ms()).await?;
                let found = step.is_some();
                Ok((step, found))
            });
            more = ended.await?;
        }
        Ok(())
    }

    /// Deletes what is over, and waits for the next end if nobody does yet.
    pub(super) fn look(self: &Rc<Self>) {
        let lifetimes = self.clone();
        self.engine.platform().spawn(async move {
            let engine = &lifetimes.engine;
            while engine.leads() {
                // The next call tries again what the storage refused now; nothing of it is shown.
                let Ok(()) = lifetimes.end_due().await else { return };
                let Ok(Some(end)) = Messenger::next_end(engine.store()).await else { return };
                let now = engine.platform().now_ms();
                let wait = end.saturating_sub(now).clamp(1, WAIT_MS_MAX);
                let other = lifetimes.waits_until.get();
                if other > now && other <= now + wait {
                    return;
                }
                lifetimes.waits_until.set(now + wait);
                engine.platform().pause(u32::try_from(wait).unwrap_or(u32::MAX)).await;
            }
        });
    }
}

impl<P: Platform> std::fmt::Debug for Lifetimes<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lifetimes").field("waits_until", &self.waits_until).finish_non_exhaustive()
    }
}
