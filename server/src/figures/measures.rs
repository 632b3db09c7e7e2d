//! What is looked at only when somebody asks for the figures: counts that stores keep, and what they hold.
//!
//! Owns how often that may be: a hundred programs that ask cost the stores as much as one. A figure that cannot be had
//! is `NaN`: the last value that was read could be out of date.

use super::{families::*, problems::ProblemCounts, registry::Registry};
use crate::{
    clock::Clock,
    config::Config,
    database,
    guesses::Guesses,
    mailbox::{Mailbox as _, Tally},
    push::{Counts, Push},
    readiness::Stores,
    storage,
    throttle::{Refusals, Throttle},
};
use rocket::{Phase, Rocket};
use std::{
    path::PathBuf,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// A look at the stores serves for so long.
pub(super) const MEASURED_EVERY: Duration = Duration::from_secs(5);

/// Everything that is looked at.
pub(super) struct Measures {
    stores: Stores,
    clock: Clock,
    folder: PathBuf,
    refusals: Vec<(&'static str, Refusals)>,
    problems: ProblemCounts,
    push: Push,
    measured: Mutex<Option<Instant>>,
}

/// What the databases say.
struct Kept {
    accounts: u64,
    devices: u64,
    bytes: u64,
}

impl Measures {
    /// Of this server. Writes what never changes. `None`: its stores are not attached.
    pub(super) fn of<P: Phase>(rocket: &Rocket<P>, registry: &Registry) -> Option<Self> {
        let (config, stores) = (rocket.state::<Config>()?, Stores::of(rocket)?);
        registry.gauge(BUILD_INFO, &[("version", env!("CARGO_PKG_VERSION"))]).set(1.0);
        for (family, limit) in [
            (MAILBOX_LIFE, config.mailbox_limits.life_seconds),
            (STORAGE_LIMIT, config.storage_bytes()),
            (FILES_LIMIT, stores.files.limits.server_bytes_max),
        ] {
            registry.gauge(family, &[]).set(limit as f64);
        }
        let (throttle, guesses) = (rocket.state::<Throttle>()?, rocket.state::<Guesses>()?);
        Some(Self {
            stores,
            clock: rocket.state::<Clock>()?.clone(),
            folder: config.data_dir(),
            refusals: throttle.refused().into_iter().chain(guesses.refused()).collect(),
            problems: rocket.state::<ProblemCounts>()?.clone(),
            push: rocket.state::<Push>()?.clone(),
            measured: Mutex::default(),
        })
    }

    /// Brings the registry up to date.
    pub(super) async fn write(&self, registry: &Registry) {
        self.write_counts(registry);
        let mut measured = self.measured.lock().await;
        if measured.is_some_and(|at| at.elapsed() < MEASURED_EVERY) {
            return;
        }
        self.measure(registry).await;
        *measured = Some(Instant::now());
    }

    /// Numbers in memory.
    fn write_counts(&self, registry: &Registry) {
        let Tally { accepted, delivered, expired } = self.stores.mailboxes.tally();
        for (family, count) in [(ACCEPTED, accepted), (DELIVERED, delivered), (EXPIRED, expired)] {
            registry.counter(family, &[]).absolute(count);
        }
        let Counts { sent, gone, failed } = self.push.tally();
        for (outcome, count) in [("sent", sent), ("gone", gone), ("failed", failed)] {
            registry.counter(PUSHES, &[("outcome", outcome)]).absolute(count);
        }
        for (limit, refused) in &self.refusals {
            registry.counter(THROTTLED, &[("limit", limit)]).absolute(refused.load(Ordering::Relaxed));
        }
        for (code, count) in self.problems.all() {
            registry.counter(PROBLEMS, &[("code", code.as_str())]).absolute(count);
        }
        registry.gauge(POLLS_HELD, &[]).set(self.stores.mailboxes.held() as f64);
        registry.collect_process();
    }

    /// What needs the disk or Redis.
    async fn measure(&self, registry: &Registry) {
        let set =
            |family, value: Option<u64>| registry.gauge(family, &[]).set(value.map_or(f64::NAN, |value| value as f64));
        set(READY, Some(self.stores.check().await.is_ok().into()));
        let depth = self.stores.mailboxes.depth().await.ok();
        set(MAILBOX_ENVELOPES, depth.map(|depth| depth.envelopes));
        set(MAILBOX_BYTES, depth.map(|depth| depth.bytes));
        let now_ms = self.clock.now_ms();
        let age = |oldest_ms: Option<u64>| oldest_ms.map_or(0, |oldest_ms| now_ms.saturating_sub(oldest_ms) / 1_000);
        set(MAILBOX_OLDEST, depth.map(|depth| age(depth.oldest_ms)));
        let kept = self.kept().await.ok();
        set(ACCOUNTS, kept.as_ref().map(|kept| kept.accounts));
        set(DEVICES, kept.as_ref().map(|kept| kept.devices));
        set(STORAGE_BYTES, kept.as_ref().map(|kept| kept.bytes));
        set(DISK_FREE, storage::free_bytes(&self.folder).ok());
        let files = self.stores.files.totals().await.ok();
        set(FILES, files.map(|files| files.files));
        set(FILES_BYTES, files.map(|files| files.bytes));
    }

    async fn kept(&self) -> Result<Kept, database::Error> {
        let folder = self.folder.clone();
        let look = move |connection: &mut rusqlite::Connection| {
            let count = |sql| connection.query_row(sql, [], |row| row.get(0));
            Ok(Kept {
                accounts: count("SELECT count(*) FROM accounts")?,
                devices: count("SELECT count(*) FROM devices WHERE revoked IS NULL")?,
                bytes: storage::used_bytes(&folder)?,
            })
        };
        self.stores.database.run(look).await
    }
}
