//! Web push: word to devices on which no page is open that something waits for their persons (RFC 8030, RFC 8292).
//!
//! The word has no content. It goes to the push service that a person's browser chose, and only to devices that asked for
//! it. Best effort: what is lost is word, and never a message.

mod address;
mod client;
mod endpoint;
mod sender;
pub mod subscriptions;
mod tally;
mod vapid;
mod worker;

use self::{client::PushClient, sender::Sender, vapid::VapidKey, worker::Waiting};
pub use self::{
    client::TrustError,
    endpoint::{Endpoint, EndpointError},
    tally::{Counts, Tally},
};
use crate::{clock::Clock, config::Config, database, database::Database, mailbox::Mailboxes};
use cliquet_wire::{ids::DeviceId, push::PushKey};
use rusqlite::Connection;
use std::sync::Arc;

/// Sends word, unless it is off. Clones share it.
#[derive(Clone, Debug)]
pub struct Push(Option<On>);

#[derive(Clone, Debug)]
struct On {
    sender: Arc<Sender>,
    waiting: Arc<Waiting>,
}

/// Why no word can be sent.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Database(#[from] database::Error),
}

impl Push {
    /// As the settings say. Off also without a public `url`: a push service wants to know whom to ask when something is
    /// wrong (RFC 8292 section 2.1).
    ///
    /// # Errors
    ///
    /// A setting names something that does not read, or the database does not answer.
    pub fn open(config: &Config, connection: &Connection) -> Result<Self, OpenError> {
        let Some(contact) = config.url.as_ref().filter(|url| config.push && !url.is_local()) else {
            return Ok(Self(None));
        };
        let sender = Sender {
            key: VapidKey::load(connection, contact.to_string())?,
            client: PushClient::new(config)?,
            private_hosts: config.push_private_hosts.clone(),
            tally: Tally::default(),
        };
        Ok(Self(Some(On { sender: Arc::new(sender), waiting: Arc::default() })))
    }

    /// The key under which browsers subscribe. `None`: no word is sent.
    pub fn key(&self) -> Option<PushKey> {
        self.0.as_ref().map(|on| on.sender.key.public())
    }

    /// A place to which word may be sent. `None`: no word is sent.
    pub fn endpoint(&self, text: &str) -> Option<Result<Endpoint, EndpointError>> {
        self.0.as_ref().map(|on| Endpoint::read(text, &on.sender.private_hosts))
    }

    /// Something came for these devices that their persons should hear of at once. Returns before anything is sent: whether
    /// somebody is told shows in no answer.
    pub fn notify(&self, devices: impl IntoIterator<Item = DeviceId>) {
        if let Some(on) = &self.0 {
            on.waiting.add(devices);
        }
    }

    /// What was sent since the start.
    pub fn tally(&self) -> Counts {
        self.0.as_ref().map(|on| on.sender.tally.read()).unwrap_or_default()
    }

    /// Sends what [`Push::notify`] asks for, for as long as the server runs.
    pub async fn run(self, database: Database, mailboxes: Mailboxes, clock: Clock) {
        if let Some(on) = self.0 {
            worker::run(on.sender, on.waiting, database, mailboxes, clock).await;
        }
    }
}
