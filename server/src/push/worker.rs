//! When word is sent: after a page that is open has had time to fetch, and not again soon.

use super::{client::Outcome, endpoint::Endpoint, sender::Sender, subscriptions};
use crate::{
    causes,
    clock::Clock,
    database::{self, Database},
    mailbox::{Mailbox as _, Mailboxes},
};
use cliquet_wire::ids::DeviceId;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, sleep_until},
};

/// A page that is open fetches and acknowledges what comes within this time. Then no word is needed.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two words for one device. What comes meanwhile is told by one word, if nobody has fetched it by then.
const PAUSE: Duration = Duration::from_secs(60);
/// Before it is tried again after a push service had no time, if it does not say how long. Then it is given up.
const AGAIN_AFTER: [Duration; 3] = [Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(600)];
/// An attempt has ended by then. Otherwise the device is looked at again.
const ATTEMPT_MAX: Duration = Duration::from_secs(3_600);
/// Devices that are due within this time are looked at together.
const TOGETHER: Duration = Duration::from_millis(200);
/// Devices that are remembered at once: some megabytes. Past it somebody hears of a message when they look.
const DEVICES_MAX: usize = 100_000;
/// Requests to push services that are under way at once, each on a thread of its own. Some may hang for their whole time:
/// anybody may name a place that does not answer.
const AT_ONCE: usize = 64;

/// The devices for which something came.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    schedule: Mutex<Schedule>,
    more: Notify,
}

impl Waiting {
    pub(super) fn add(&self, devices: impl IntoIterator<Item = DeviceId>) {
        let now = Instant::now();
        let mut schedule = self.schedule();
        let was_empty = schedule.turns.is_empty();
        devices.into_iter().for_each(|device| schedule.add(device, now));
        if was_empty && !schedule.turns.is_empty() {
            self.more.notify_one();
        }
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        // Whole after every statement, whatever panicked.
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Schedule {
    turns: HashMap<DeviceId, Turn>,
}

/// When a device is looked at.
#[derive(Debug)]
struct Turn {
    at: Instant,
    /// Something came that no word was sent of.
    is_wanted: bool,
    /// Attempts that failed in a row.
    failed: usize,
}

/// What came of looking at a device.
#[derive(Debug)]
enum Done {
    /// It wants no word, or has fetched everything, or there is no such place any more.
    NotNeeded,
    Sent,
    Later(Option<Duration>),
}

impl Schedule {
    fn add(&mut self, device: DeviceId, now: Instant) {
        let is_full = self.turns.len() >= DEVICES_MAX;
        match self.turns.entry(device) {
            Entry::Occupied(mut turn) => turn.get_mut().is_wanted = true,
            Entry::Vacant(_) if is_full => {}
            Entry::Vacant(place) => {
                place.insert(Turn { at: now + PATIENCE, is_wanted: true, failed: 0 });
            }
        }
    }

    fn next(&self) -> Option<Instant> {
        self.turns.values().map(|turn| turn.at).min()
    }

    /// Those to look at now. Their turns go on when it is known what came of it.
    fn take_due(&mut self, now: Instant) -> Vec<DeviceId> {
        self.turns.retain(|_, turn| turn.is_wanted || turn.at > now);
        let due = self.turns.iter_mut().filter(|(_, turn)| turn.at <= now).map(|(device, turn)| {
            (turn.at, turn.is_wanted) = (now + ATTEMPT_MAX, false);
            *device
        });
        due.collect()
    }

    /// Whether it is given up.
    fn done(&mut self, device: DeviceId, done: &Done, now: Instant) -> bool {
        let Entry::Occupied(mut entry) = self.turns.entry(device) else { return false };
        let turn = entry.get_mut();
        match done {
            Done::NotNeeded if turn.is_wanted => turn.at = now + PATIENCE,
            Done::NotNeeded => drop(entry.remove()),
            Done::Sent => (turn.at, turn.failed) = (now + PAUSE, 0),
            Done::Later(pause) => match AGAIN_AFTER.get(turn.failed) {
                Some(again) => {
                    (turn.at, turn.is_wanted) = (now + pause.unwrap_or_default().max(*again), true);
                    turn.failed += 1;
                }
                None => {
                    entry.remove();
                    return true;
                }
            },
        }
        false
    }
}

/// Looks at the devices that are due, for as long as the server runs.
pub(super) async fn run(
    sender: Arc<Sender>,
    waiting: Arc<Waiting>,
    database: Database,
    mailboxes: Mailboxes,
    clock: Clock,
) {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Some(next) = waiting.schedule().next() else {
            waiting.more.notified().await;
            continue;
        };
        // Who is added meanwhile is due no earlier than this.
        let now = Instant::now();
        sleep_until(next.clamp(now + TOGETHER, now + PATIENCE)).await;
        let due = waiting.schedule().take_due(Instant::now());
        if due.is_empty() {
            continue;
        }
        for (device, endpoint) in reachable(&sender, &database, due, clock.now_ms()).await {
            let Some(endpoint) = endpoint else {
                waiting.schedule().done(device, &Done::NotNeeded, Instant::now());
                continue;
            };
            let Ok(permit) = Arc::clone(&at_once).acquire_owned().await else { return };
            let (sender, waiting) = (sender.clone(), waiting.clone());
            let (database, mailboxes, clock) = (database.clone(), mailboxes.clone(), clock.clone());
            tokio::spawn(async move {
                let done = attempt(&sender, device, endpoint, &database, &mailboxes, clock.now_ms()).await;
                if waiting.schedule().done(device, &done, Instant::now()) {
                    sender.tally.failed();
                }
                drop(permit);
            });
        }
    }
}

/// Where word for each goes, if it wants any.
async fn reachable(
    sender: &Arc<Sender>,
    database: &Database,
    devices: Vec<DeviceId>,
    now_ms: u64,
) -> Vec<(DeviceId, Option<Endpoint>)> {
    let (sender, due) = (sender.clone(), devices.clone());
    let found = database.run(move |connection| {
        let find = |device| subscriptions::reachable(connection, device, &sender.private_hosts, now_ms);
        due.into_iter().map(|device| Ok::<_, database::Error>((device, find(device)?))).collect()
    });
    found.await.unwrap_or_else(|error: database::Error| {
        tracing::warn!(cause = causes::on_one_line(&error), "some devices are not told that something waits");
        devices.into_iter().map(|device| (device, None)).collect()
    })
}

async fn attempt(
    sender: &Sender,
    device: DeviceId,
    endpoint: Endpoint,
    database: &Database,
    mailboxes: &Mailboxes,
    now_ms: u64,
) -> Done {
    // Fetched meanwhile: somebody is there.
    match mailboxes.is_empty(device).await {
        Ok(false) => {}
        Ok(true) => return Done::NotNeeded,
        Err(_) => return Done::Later(None),
    }
    let Ok(authorization) = sender.key.authorization(&endpoint.origin(), now_ms) else { return Done::Later(None) };
    match sender.client.post(endpoint.clone(), authorization).await {
        Outcome::Sent => {
            sender.tally.sent();
            Done::Sent
        }
        Outcome::Later(pause) => Done::Later(pause),
        Outcome::Gone => {
            sender.tally.gone();
            let forgotten =
                database.write(move |transaction| subscriptions::forget_endpoint(transaction, device, &endpoint)).await;
            if let Err(error) = forgotten {
                tracing::warn!(cause = causes::on_one_line(&error), "a subscription that is over stays for now");
            }
            Done::NotNeeded
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: u8) -> DeviceId {
        DeviceId::from_random([number; 16])
    }

    fn second(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_is_looked_at_once_for_what_comes_together_and_again_after_a_pause() {
        let (start, mut schedule) = (Instant::now(), Schedule::default());
        assert_eq!(schedule.next(), None);
        schedule.add(device(1), start);
        schedule.add(device(1), start + second(2));
        assert_eq!(schedule.next(), Some(start + PATIENCE));
        assert!(schedule.take_due(start + second(2)).is_empty());
        assert_eq!(schedule.take_due(start + PATIENCE), [device(1)]);
        // While it is under way, and after word was sent.
        assert!(schedule.take_due(start + PATIENCE).is_empty());
        schedule.add(device(1), start + second(4));
        let sent = start + second(5);
        assert!(!schedule.done(device(1), &Done::Sent, sent));
        assert!(schedule.take_due(sent + PAUSE - second(1)).is_empty());
        assert_eq!(schedule.take_due(sent + PAUSE), [device(1)]);
        // Nothing came since: it is forgotten at the end of the pause.
        let again = sent + PAUSE;
        schedule.done(device(1), &Done::Sent, again);
        assert_eq!(schedule.next(), Some(again + PAUSE));
        assert!(schedule.take_due(again + PAUSE).is_empty());
        assert_eq!(schedule.next(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_while_a_device_is_looked_at_is_looked_for_too() {
        let (start, mut schedule) = (Instant::now(), Schedule::default());
        schedule.add(device(1), start);
        assert_eq!(schedule.take_due(start + PATIENCE), [device(1)]);
        schedule.add(device(1), start + PATIENCE);
        schedule.done(device(1), &Done::NotNeeded, start + PATIENCE);
        assert_eq!(schedule.take_due(start + 2 * PATIENCE), [device(1)]);
        schedule.done(device(1), &Done::NotNeeded, start + 2 * PATIENCE);
        assert_eq!(schedule.next(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_push_service_without_time_is_asked_again_a_few_times() {
        let (start, mut schedule) = (Instant::now(), Schedule::default());
        schedule.add(device(1), start);
        let mut now = start + PATIENCE;
        for (number, again) in AGAIN_AFTER.into_iter().enumerate() {
            assert_eq!(schedule.take_due(now), [device(1)]);
            // It may ask for a longer pause, not for a shorter one.
            let (asked, expected) = if number == 0 { (second(45), second(45)) } else { (second(1), again) };
            assert!(!schedule.done(device(1), &Done::Later(Some(asked)), now));
            assert!(schedule.take_due(now + expected - second(1)).is_empty());
            now += expected;
        }
        assert_eq!(schedule.take_due(now), [device(1)]);
        assert!(schedule.done(device(1), &Done::Later(None), now));
        assert_eq!(schedule.next(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_devices_are_remembered_than_there_is_room_for() {
        let (start, mut schedule) = (Instant::now(), Schedule::default());
        let numbered = |number: usize| DeviceId(uuid::Uuid::from_u128(number as u128));
        (0..=DEVICES_MAX).for_each(|number| schedule.add(numbered(number), start));
        assert_eq!(schedule.take_due(start + PATIENCE).len(), DEVICES_MAX);
    }
}
