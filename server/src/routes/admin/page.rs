//! What the page of admins shows, and where it is read.

use super::qr_code::QrPath;
use crate::{
    accounts::{self, Summary},
    announcement::{self, ANNOUNCEMENT_CHARS_MAX},
    audit::{self, Action, Entry},
    config::{Config, Registration},
    database::{self, Database},
    error::Error,
    files,
    history::{self, Histories},
    invites::{self, Invite, USES_MAX},
    mailbox::{Mailbox as _, Mailboxes},
    storage,
    token::Token,
};
use cliquet_wire::{address::Address, bytes::Digest};
use rocket::{
    Request,
    request::{FromRequest, Outcome},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Accounts on the page, the newest: more are for the command line.
const ACCOUNTS_MAX: usize = 500;
/// Invites on it, the newest.
const INVITES_MAX: usize = 50;
/// Of the log, the last ones.
const LOG_ENTRIES: u32 = 50;
const MEGABYTE: f64 = 1_000_000.0;

/// What `admin.html` needs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct AdminPage {
    version: &'static str,
    registration: Registration,
    /// In megabytes, like the other.
    stored: String,
    free: Option<String>,
    /// Envelopes that wait to be fetched. `None`: the store does not answer.
    waiting: Option<u64>,
    accounts: Vec<AccountLine>,
    /// More than are shown.
    accounts_in_all: usize,
    invites: Vec<InviteLine>,
    uses_max: u32,
    made: Option<MadeInvite>,
    announcement: String,
    announcement_chars_max: usize,
    log: Vec<LogLine>,
    self_address: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct AccountLine {
    email: Address,
    created: u64,
    last_seen: Option<u64>,
    devices: u64,
    /// Megabytes of history and of files.
    stored: String,
    suspended: Option<u64>,
    is_admin: bool,
    is_me: bool,
}

#[derive(Clone, Debug, Serialize)]
struct InviteLine {
    number: i64,
    /// `open`, `used` or `expired`.
    state: &'static str,
    expires: u64,
    uses: u32,
    used: u32,
}

/// An invite that was made just now. It is not shown again.
#[derive(Clone, Debug, Serialize)]
pub(super) struct MadeInvite {
    link: String,
    qr: Option<QrPath>,
    uses: u32,
    days: u32,
}

#[derive(Clone, Debug, Serialize)]
struct LogLine {
    time: u64,
    action: &'static str,
    subject: String,
    actor: Option<String>,
}

impl MadeInvite {
    /// `address`: where people open this server.
    pub(super) fn new(address: &str, token: &Token, uses: u32, days: u32) -> Self {
        // Behind the `#`: browsers send it to nobody.
        let link = format!("{address}/sign-up#invite={}", token.write());
        Self { qr: QrPath::of(&link).ok(), link, uses, days }
    }
}

/// Where it is read.
#[derive(Debug)]
pub(super) struct Sources<'r> {
    config: &'r Config,
    database: &'r Database,
    histories: &'r Histories,
    mailboxes: &'r Mailboxes,
    /// As the browser calls this server.
    host: Option<String>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Sources<'r> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let state = request.rocket();
        let host = request.host().map(ToString::to_string);
        match (state.state(), state.state(), state.state(), state.state()) {
            (Some(config), Some(database), Some(histories), Some(mailboxes)) => {
                Outcome::Success(Self { config, database, histories, mailboxes, host })
            }
            _ => Outcome::Error(Error::internal("a store is not attached").at_guard(request)),
        }
    }
}

/// What the database of accounts has for the page.
struct Hosted {
    accounts: Vec<Summary>,
    invites: Vec<Invite>,
    announcement: Option<String>,
    log: Vec<Entry>,
    files: BTreeMap<Digest, files::Totals>,
    stored_bytes: u64,
}

impl Sources<'_> {
    /// Where people open this server: as the settings say, else as this browser calls it.
    pub(super) fn address(&self) -> String {
        match (&self.config.url, &self.host) {
            (Some(url), _) => url.to_string(),
            (None, Some(host)) => format!("http://{host}"),
            (None, None) => String::new(),
        }
    }

    /// The page as `me` sees it.
    pub(super) async fn page(&self, me: Address, now_ms: u64, made: Option<MadeInvite>) -> Result<AdminPage, Error> {
        let Hosted { mut accounts, invites, announcement, log, files, stored_bytes } = self.hosted().await?;
        let accounts_in_all = accounts.len();
        accounts.reverse();
        accounts.truncate(ACCOUNTS_MAX);
        let histories = self.histories_of(&accounts).await?;
        let lines = accounts.into_iter().zip(histories).map(|(account, history_bytes)| {
            let file_bytes = files.get(&account.owner).map_or(0, |totals| totals.bytes);
            AccountLine {
                is_me: account.email == me,
                email: account.email,
                created: account.created,
                last_seen: account.last_seen,
                devices: account.devices,
                stored: megabytes(history_bytes + file_bytes),
                suspended: account.suspended,
                is_admin: account.is_admin,
            }
        });
        Ok(AdminPage {
            version: env!("CARGO_PKG_VERSION"),
            registration: self.config.registration,
            stored: megabytes(stored_bytes),
            free: storage::free_bytes(&self.config.data_dir()).ok().map(megabytes),
            waiting: self.mailboxes.depth().await.ok().map(|depth| depth.envelopes),
            accounts: lines.collect(),
            accounts_in_all,
            invites: invites.into_iter().take(INVITES_MAX).map(|invite| invite_line(&invite, now_ms)).collect(),
            uses_max: USES_MAX,
            made,
            announcement: announcement.unwrap_or_default(),
            announcement_chars_max: ANNOUNCEMENT_CHARS_MAX,
            log: log.into_iter().map(log_line).collect(),
            self_address: "/admin",
        })
    }

    async fn hosted(&self) -> Result<Hosted, Error> {
        let folder = self.config.data_dir();
        let look = self.database.run(move |connection| {
            Ok::<_, database::Error>(Hosted {
                accounts: accounts::summaries(connection)?,
                invites: invites::list(connection)?,
                announcement: announcement::present(connection)?,
                log: audit::last(connection, LOG_ENTRIES)?,
                files: files::totals_by_owner_in(&folder)?,
                stored_bytes: storage::used_bytes(&folder)?,
            })
        });
        Ok(look.await?)
    }

    /// Bytes of history of each, in their order.
    async fn histories_of(&self, accounts: &[Summary]) -> Result<Vec<u64>, Error> {
        let owners: Vec<Digest> = accounts.iter().map(|account| account.owner).collect();
        let look = self.histories.database.run(move |connection| {
            let bytes = |owner| Ok(history::totals(connection, owner)?.bytes);
            owners.iter().map(bytes).collect::<Result<_, database::Error>>()
        });
        Ok(look.await?)
    }
}

fn invite_line(invite: &Invite, now_ms: u64) -> InviteLine {
    let Invite { id, expires, uses, used, .. } = *invite;
    let state = match (used >= uses, expires <= now_ms) {
        (true, _) => "used",
        (false, true) => "expired",
        (false, false) => "open",
    };
    InviteLine { number: id, state, expires, uses, used }
}

fn log_line(entry: Entry) -> LogLine {
    let action = match entry.action {
        Action::Announce if entry.subject.is_empty() => "announce-nothing",
        action => action.as_str(),
    };
    LogLine { time: entry.time, action, subject: entry.subject, actor: entry.actor }
}

/// The tenth shows where it says something.
fn megabytes(bytes: u64) -> String {
    let megabytes = bytes as f64 / MEGABYTE;
    if megabytes < 100.0 { format!("{megabytes:.1}") } else { format!("{megabytes:.0}") }
}
