//! Whether this server can do its work: every store that it needs answers.
//!
//! Owns which stores those are. Knows nothing of who asks, and changes nothing.

use crate::{
    database::Database,
    error::Error,
    files::Files,
    history::Histories,
    mailbox::{Mailbox as _, Mailboxes},
};
use rocket::{Phase, Rocket};

/// The stores. Clones share them.
#[derive(Clone, Debug)]
pub struct Stores {
    pub database: Database,
    pub histories: Histories,
    pub files: Files,
    pub mailboxes: Mailboxes,
}

impl Stores {
    /// Those of this server. `None`: they are not attached yet.
    pub fn of<P: Phase>(rocket: &Rocket<P>) -> Option<Self> {
        Some(Self {
            database: rocket.state::<Database>()?.clone(),
            histories: rocket.state::<Histories>()?.clone(),
            files: rocket.state::<Files>()?.clone(),
            mailboxes: rocket.state::<Mailboxes>()?.clone(),
        })
    }

    /// Asks each of them for something small.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], whatever is wrong with the first that does not answer: who asks is to come back.
    pub async fn check(&self) -> Result<(), Error> {
        for database in [&self.database, &self.histories.database] {
            database.check().await.map_err(Error::unavailable)?;
        }
        self.files.check().await.map_err(Error::unavailable)?;
        self.mailboxes.check().await.map_err(Error::unavailable)
    }
}
