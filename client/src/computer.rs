//! This computer's services for the messenger of one account.

use crate::{database::Database, http::Server, random, signer::SharedKeys, store::Store};
use cliquet_web_crypto::{
    browser::platform::{
        error::{HttpError, StoreError},
        service::{Clock, Crypto, Http, NoLocks, Platform, Posts, Presence, Tabs, Tasks},
    },
    crypto::rsa::native::NativeVerifier,
};
use cliquet_wire::{account_key::AccountKey, ids::DeviceId};
use event_listener::Event;
use futures_lite::future::{or, pending};
use rand_core::{CryptoRng, Rng as _};
use rusqlite::params;
use std::{
    cell::{Cell, RefCell},
    fs::File,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How often a process looks whether it may lead, or what others told it.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// What was told this long ago was heard.
const HEARD_AFTER_MS: u64 = 60_000;
/// The name under which frames are sealed.
const FRAME: &str = "frame";

/// The services of this process.
#[derive(Debug)]
pub(crate) struct Computer {
    store: Store,
    server: Server,
    cancelled: Event,
    /// Locked by the process that leads.
    lead: RefCell<Option<File>>,
    /// Tells this process's frames from those of others: two containers may give theirs the same number.
    name: i64,
    /// The last frame that was heard.
    heard: Cell<i64>,
}

impl Computer {
    pub(crate) fn new(store: Store, server: Server) -> Self {
        let heard = newest_frame(store.database()).unwrap_or(0);
        let name = random::system().next_u64().cast_signed();
        Self { store, server, cancelled: Event::new(), lead: RefCell::default(), name, heard: Cell::new(heard) }
    }

    /// What other processes of this account told since the last call.
    pub(crate) fn frames(&self) -> Vec<Vec<u8>> {
        let connection = self.store.database().connection();
        let read = || {
            let select = "SELECT id, process, frame FROM frames WHERE id > ?1 ORDER BY id";
            let mut statement = connection.prepare_cached(select)?;
            let rows = statement.query_map([self.heard.get()], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut frames = Vec::new();
        // What cannot be read now is read the next time.
        for (id, process, sealed) in read().unwrap_or_default() {
            self.heard.set(id);
            if process != self.name
                && let Ok(frame) = self.store.unseal(FRAME, &sealed)
            {
                frames.push(frame.to_vec());
            }
        }
        frames
    }

    /// Waits until it is time to look again.
    pub(crate) async fn look_later() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn newest_frame(database: &Database) -> Option<i64> {
    database.connection().query_row("SELECT max(id) FROM frames", [], |row| row.get(0)).ok().flatten()
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Clock for Computer {
    fn now_ms(&self) -> u64 {
        now_ms()
    }
}

impl Tasks for Computer {
    async fn pause(&self, ms: u32) {
        tokio::time::sleep(Duration::from_millis(ms.into())).await;
    }

    fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        tokio::task::spawn_local(work);
    }
}

impl Http for Computer {
    async fn request(&self, method: &str, path: &str, body: Option<String>) -> Result<String, HttpError> {
        self.server.exchange(method, path, body, None).await
    }
}

impl Posts for Computer {
    async fn post(&self, _: &str, body: &str, deadline_ms: u32) -> Result<String, HttpError> {
        let deadline = Duration::from_millis(deadline_ms.into());
        self.server.exchange("POST", "/messages", Some(body.to_owned()), Some(deadline)).await
    }

    fn forget(&self, _: &str) {}

    async fn poll(&self, body: String, deadline_ms: u32) -> Result<String, HttpError> {
        let cancelled = self.cancelled.listen();
        let ended = async {
            cancelled.await;
            Err(HttpError::Offline)
        };
        let deadline = Duration::from_millis(deadline_ms.into());
        or(ended, self.server.exchange("POST", "/poll", Some(body), Some(deadline))).await
    }

    fn cancel_poll(&self) {
        self.cancelled.notify(usize::MAX);
    }
}

/// The processes of one account are to each other as a browser's tabs are.
impl Tabs for Computer {
    fn announce(&self, frame: &[u8]) {
        let Ok(sealed) = self.store.seal(FRAME, frame) else { return };
        let (connection, now) = (self.store.database().connection(), now_ms());
        let tell = "INSERT INTO frames (process, told_ms, frame) VALUES (?1, ?2, ?3)";
        // Nobody waits for a frame: what it tells of is in the records.
        let _ = connection.execute(tell, params![self.name, now.cast_signed(), sealed]);
        let heard = now.saturating_sub(HEARD_AFTER_MS);
        let _ = connection.execute("DELETE FROM frames WHERE told_ms < ?1", [heard.cast_signed()]);
    }

    async fn lead(&self) -> Result<(), NoLocks> {
        let file = self.store.database().lead_file().map_err(|_| NoLocks)?;
        while file.try_lock().is_err() {
            Self::look_later().await;
        }
        self.lead.replace(Some(file));
        Ok(())
    }

    async fn lead_lost(&self) {
        pending().await
    }
}

impl Presence for Computer {
    fn is_online(&self) -> bool {
        true
    }

    /// Nobody looks at a program: it tells nobody that its person is here.
    fn is_visible(&self) -> bool {
        false
    }
}

impl Crypto for Computer {
    type Verifier = NativeVerifier;

    fn verifier(&self) -> &NativeVerifier {
        &NativeVerifier
    }

    fn rng(&self) -> impl CryptoRng {
        random::system()
    }
}

impl Platform for Computer {
    type Store = Store;
    type Signer = SharedKeys;

    fn store(&self) -> &Store {
        &self.store
    }

    fn speak_for(&self, device: DeviceId) {
        self.server.speak_for(device);
    }

    async fn signer(&self, account_key: AccountKey) -> Result<Option<SharedKeys>, StoreError> {
        Ok(self.store.signer().filter(|keys| *keys.public() == account_key).map(SharedKeys))
    }
}

impl Computer {
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }
}
