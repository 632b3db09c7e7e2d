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
    /// The first that does not answer. What the cause is is logged, and not shown.
    pub async fn check(&self) -> Result<(), Error> {
        self.database.check().await?;
        self.histories.database.check().await?;
        self.files.check().await?;
        Ok(self.mailboxes.check().await?)
    }
}
