//! Who waits on which mailbox, in this process.
//!
//! Owns the waking, and the ephemeral envelopes on their way to who waits. Knows nothing of what is stored: a waiter that
//! is woken reads for itself.

use super::contract::{Arrived, MailboxId, Offer, Stored, Unavailable};
use cliquet_wire::limits::POLL_EPHEMERAL_MAX;
use std::{
    collections::{HashMap, hash_map::Entry},
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// At most one waiter for each mailbox.
#[derive(Debug, Default)]
pub(super) struct Hub {
    waiters: Mutex<HashMap<MailboxId, Arc<Waiter>>>,
    registered: AtomicU64,
}

/// One reading within a wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Tells this process's waiters apart.
    pub(super) waiter: u64,
    pub(super) is_first: bool,
}

#[derive(Debug, Default)]
struct Waiter {
    /// Keeps one wake-up that comes before anyone listens, so that none is lost between a read and the wait after it.
    woken: Notify,
    ended: AtomicBool,
    number: u64,
    /// The other processes have been told: what they announce from now on is newer.
    announced: AtomicBool,
    /// Offered to this wait and not yet handed out. Lost with it.
    ephemeral: Mutex<Vec<Arc<str>>>,
}

impl Waiter {
    /// More than an answer holds is dropped.
    fn take(&self, json: Arc<str>) {
        let mut ephemeral = self.ephemeral();
        if ephemeral.len() < POLL_EPHEMERAL_MAX {
            ephemeral.push(json);
            self.woken.notify_one();
        }
    }

    fn taken(&self) -> Vec<Arc<str>> {
        std::mem::take(&mut *self.ephemeral())
    }

    fn ephemeral(&self) -> MutexGuard<'_, Vec<Arc<str>>> {
        // Whole after every statement, whatever panicked.
        self.ephemeral.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.woken.notify_one();
    }
}

impl Hub {
    /// Something may have come for this mailbox.
    pub(super) fn wake(&self, mailbox: MailboxId) {
        if let Some(waiter) = self.lock().get(&mailbox) {
            waiter.woken.notify_one();
        }
    }

    /// Something may have come for any mailbox.
    pub(super) fn wake_all(&self) {
        for waiter in self.lock().values() {
            waiter.woken.notify_one();
        }
    }

    /// To the waiter of this process, if there is one.
    pub(super) fn offer(&self, offer: Offer) {
        if let Some(waiter) = self.lock().get(&offer.mailbox) {
            waiter.take(offer.json);
        }
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Nobody waits here any more.
    pub(super) fn end(&self, mailbox: MailboxId) {
        if let Some(waiter) = self.lock().remove(&mailbox) {
            waiter.end();
        }
    }

    /// The announcement of a waiter of this process has come back: in the order that all processes see.
    pub(super) fn announced(&self, mailbox: MailboxId, number: u64) {
        if let Some(waiter) = self.lock().get(&mailbox)
            && waiter.number == number
        {
            waiter.announced.store(true, Ordering::Release);
        }
    }

    /// Another process announced a wait. One of ours that was announced before it is the older one; one whose own
    /// announcement is still on its way is the newer.
    pub(super) fn waits_elsewhere(&self, mailbox: MailboxId) {
        let mut waiters = self.lock();
        if let Entry::Occupied(entry) = waiters.entry(mailbox)
            && entry.get().announced.load(Ordering::Acquire)
        {
            entry.remove().end();
        }
    }

    /// Registers a waiter for this mailbox and ends the one before it.
    fn register(self: &Arc<Self>, mailbox: MailboxId) -> Registration {
        let number = self.registered.fetch_add(1, Ordering::Relaxed);
        let waiter = Arc::new(Waiter { number, ..Waiter::default() });
        if let Some(older) = self.lock().insert(mailbox, Arc::clone(&waiter)) {
            older.end();
        }
        Registration { hub: Arc::clone(self), mailbox, waiter }
    }

    /// Reads until there is something, the deadline passes, or the wait is ended. Registers before the first read, so
    /// that what comes after the read wakes. `recheck` reads again at intervals, for wake-ups that can get lost.
    pub(super) async fn wait<F, R>(
        self: &Arc<Self>,
        mailbox: MailboxId,
        deadline: Instant,
        recheck: Option<Duration>,
        mut read: R,
    ) -> Result<Arrived, Unavailable>
    where
        F: Future<Output = Result<Vec<Stored>, Unavailable>>,
        R: FnMut(Reading) -> F,
    {
        let registration = self.register(mailbox);
        let mut reading = Reading { waiter: registration.waiter.number, is_first: true };
        loop {
            // Boxed: what reading needs is not kept in memory while nothing comes.
            let stored = Box::pin(read(reading)).await?;
            reading.is_first = false;
            if registration.waiter.ended.load(Ordering::Acquire) {
                return Ok(Arrived::default());
            }
            let arrived = Arrived { stored, ephemeral: registration.waiter.taken() };
            if !arrived.is_empty() || Instant::now() >= deadline {
                return Ok(arrived);
            }
            let next = recheck.map_or(deadline, |interval| deadline.min(Instant::now() + interval));
            tokio::select! {
                () = registration.waiter.woken.notified() => {}
                () = sleep_until(next) => {
                    if next == deadline {
                        return Ok(Arrived::default());
                    }
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailboxId, Arc<Waiter>>> {
        // The map is whole after every statement, whatever panicked.
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves the hub when dropped, also when the wait was cancelled.
struct Registration {
    hub: Arc<Hub>,
    mailbox: MailboxId,
    waiter: Arc<Waiter>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Entry::Occupied(entry) = self.hub.lock().entry(self.mailbox)
            && Arc::ptr_eq(entry.get(), &self.waiter)
        {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::contract::Kind, *};
    use std::sync::atomic::AtomicUsize;

    fn mailbox(number: u8) -> MailboxId {
        MailboxId::from_random([number; 16])
    }

    fn stored() -> Vec<Stored> {
        vec![Stored { cursor: 1, kind: Kind::Envelope, json: "{}".into() }]
    }

    fn in_seconds(seconds: u64) -> Instant {
        Instant::now() + Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn a_wake_up_between_the_read_and_the_wait_is_kept() {
        let hub = Arc::new(Hub::default());
        let reads = AtomicUsize::new(0);
        let found = hub
            .wait(mailbox(1), in_seconds(60), None, |_| {
                let first = reads.fetch_add(1, Ordering::SeqCst) == 0;
                if first {
                    hub.wake(mailbox(1));
                }
                async move { Ok(if first { Vec::new() } else { stored() }) }
            })
            .await;
        assert_eq!(found.unwrap().stored, stored());
        assert_eq!(reads.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_wake_up_is_made_good_by_reading_again() {
        let hub = Arc::new(Hub::default());
        let reads = AtomicUsize::new(0);
        let start = Instant::now();
        let recheck = Some(Duration::from_secs(7));
        let read = |_| {
            let late = reads.fetch_add(1, Ordering::SeqCst) == 1;
            async move { Ok(if late { stored() } else { Vec::new() }) }
        };
        assert_eq!(hub.wait(mailbox(1), in_seconds(60), recheck, read).await.unwrap().stored, stored());
        assert_eq!(start.elapsed(), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn empty_at_the_deadline_and_nobody_is_left_behind() {
        let hub = Arc::new(Hub::default());
        let start = Instant::now();
        let found = hub.wait(mailbox(1), in_seconds(25), None, |_| async { Ok(Vec::new()) }).await;
        assert!(found.unwrap().is_empty());
        assert_eq!(start.elapsed(), Duration::from_secs(25));
        assert!(hub.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_offered_ends_the_wait_that_is_held_and_is_otherwise_dropped() {
        let hub = Arc::new(Hub::default());
        let nothing = |_| async { Ok(Vec::new()) };
        let offer = |number, json: &str| hub.offer(Offer { mailbox: mailbox(number), json: json.into() });
        offer(1, "too early");
        let start = Instant::now();
        let offering = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            offer(2, "for another");
            tokio::time::sleep(Duration::from_secs(1)).await;
            (0..=POLL_EPHEMERAL_MAX).for_each(|number| offer(1, &number.to_string()));
        };
        let (arrived, ()) = tokio::join!(hub.wait(mailbox(1), in_seconds(60), None, nothing), offering);
        let arrived = arrived.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(4));
        let expected: Vec<Arc<str>> = (0..POLL_EPHEMERAL_MAX).map(|number| number.to_string().into()).collect();
        assert_eq!(arrived, Arrived { stored: Vec::new(), ephemeral: expected });
        assert!(hub.wait(mailbox(1), in_seconds(1), None, nothing).await.unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_newer_wait_ends_the_older_and_stays() {
        let hub = Arc::new(Hub::default());
        let nothing = |_| async { Ok(Vec::new()) };
        let start = Instant::now();
        let older = async { (hub.wait(mailbox(1), in_seconds(50), None, nothing).await.unwrap(), start.elapsed()) };
        let newer = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let found = hub.wait(mailbox(1), in_seconds(5), None, nothing).await.unwrap();
            (found, start.elapsed())
        };
        let ((first, first_end), (second, second_end)) = tokio::join!(older, newer);
        assert!(first.is_empty() && second.is_empty());
        assert_eq!((first_end, second_end), (Duration::from_secs(1), Duration::from_secs(6)));
        assert!(hub.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_wait_leaves_the_hub() {
        let hub = Arc::new(Hub::default());
        let wait = hub.wait(mailbox(1), in_seconds(50), None, |_| async { Ok(Vec::new()) });
        assert!(tokio::time::timeout(Duration::from_secs(1), wait).await.is_err());
        assert!(hub.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_processes_the_one_that_announced_last_waits() {
        let hub = Arc::new(Hub::default());
        let waiter = || hub.register(mailbox(1));
        let has_ended = |registration: &Registration| registration.waiter.ended.load(Ordering::Acquire);
        // The other's announcement comes before ours: ours is newer.
        let ours = waiter();
        hub.waits_elsewhere(mailbox(1));
        hub.announced(mailbox(1), ours.waiter.number);
        assert!(!has_ended(&ours));
        // That of an older waiter of ours says nothing of this one.
        let newer = waiter();
        assert!(has_ended(&ours));
        hub.announced(mailbox(1), ours.waiter.number);
        hub.waits_elsewhere(mailbox(1));
        assert!(!has_ended(&newer));
        hub.announced(mailbox(1), newer.waiter.number);
        hub.waits_elsewhere(mailbox(2));
        assert!(!has_ended(&newer));
        hub.waits_elsewhere(mailbox(1));
        assert!(has_ended(&newer) && hub.lock().is_empty());
    }
}
