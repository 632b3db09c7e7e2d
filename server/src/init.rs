//! `cliquet init`: three questions, and a server that is ready to be started.
//!
//! Owns the order of things: what stands in the way is said before the first question, and an attempt that fails leaves no
//! settings behind. Knows nothing of how a server is started.

mod answers;
mod error;
mod proxy;
mod settings;

pub(crate) use self::answers::Options;

use self::{
    answers::Answers,
    error::InitError,
    settings::{SettingsFile, settings},
};
use cliquet_server::{
    audit::{self, Action, Actor},
    clock::{Clock, DAY_MS},
    config::{self, Config, Registration},
    database::{self, Database},
    invites, private_files,
    token::Token,
};
use std::{
    env, fs,
    io::{BufRead, Write},
    path::{Path, PathBuf},
};

/// Asks, and sets up.
pub(crate) fn run(options: &Options, input: &mut impl BufRead, out: &mut impl Write) -> Result<(), InitError> {
    let path = config::file();
    if path.exists() {
        return Err(InitError::Configured(path));
    }
    let data_dir = config::is_of_system().then_some(config::SYSTEM_DATA_FOLDER);
    let answers = Answers::ask(options, input, out)?;
    let file = SettingsFile::write(&path, &settings(&answers, data_dir))?;
    let (folder, invite) = set_up()?;
    file.keep();
    say(&answers, &path, &folder, &invite, out)
}

/// Makes the data folder, with an invite for the owner. The settings are read as the server reads them.
fn set_up() -> Result<(PathBuf, Invite), InitError> {
    let config = Config::from_figment(&config::figment()).map_err(Box::new)?;
    let folder = std::path::absolute(config.data_dir())?;
    let open = || -> Result<_, database::Error> {
        let database = Database::open(&folder)?;
        let connection = database.connection()?;
        let accounts: u64 = connection.query_row("SELECT count(*) FROM accounts", [], |row| row.get(0))?;
        Ok((connection, accounts))
    };
    let (connection, accounts) = open().map_err(|source| InitError::Data { folder: folder.clone(), source })?;
    if accounts > 0 {
        return Err(InitError::InUse(folder));
    }
    let (token, now_ms) = (Token::generate()?, Clock::system().now_ms());
    let expires_ms = now_ms.saturating_add(u64::from(config.invite_days) * DAY_MS);
    let number = invites::create(&connection, &token, 1, now_ms, expires_ms)?;
    audit::record(&connection, Action::CreateInvite, &number, Actor::CommandLine, now_ms)?;
    drop(connection);
    for entry in fs::read_dir(&folder)? {
        private_files::give_to_owner_of(&folder, &entry?.path())?;
    }
    Ok((folder, Invite { token, days: config.invite_days }))
}

struct Invite {
    token: Token,
    days: u32,
}

fn say(answers: &Answers, path: &Path, folder: &Path, invite: &Invite, out: &mut impl Write) -> Result<(), InitError> {
    let Answers { url, proxy, registration } = answers;
    writeln!(out, "\nThe settings are in {}, the data will be in {}.", path.display(), folder.display())?;
    proxy.say(url, out)?;
    let cliquet = called();
    let start = if config::is_of_system() { "systemctl enable --now cliquet" } else { &cliquet };
    writeln!(out, "\nStart it:\n\n    {start}\n")?;
    writeln!(out, "and open the first account, which is yours, with this link:\n")?;
    // The token is behind the `#`: browsers send it to nobody.
    writeln!(out, "    {url}/sign-up#invite={}\n", invite.token.write())?;
    let days = invite.days;
    writeln!(out, "It is good for {days} days and is not shown again; `{cliquet} invite create` makes another one.")?;
    match registration {
        Registration::Invite => writeln!(out, "Invite people the same way: one link for each.")?,
        Registration::Open => writeln!(out, "After you, anyone may open an account.")?,
        Registration::Closed => writeln!(out, "After you, nobody can open an account.")?,
    }
    writeln!(out, "`{cliquet} doctor` says whether all is well.")?;
    Ok(())
}

/// How the program is called here: with its path if that was needed, as `./cliquet` from the archive.
fn called() -> String {
    let called = env::args().next().filter(|called| called.contains('/'));
    called.unwrap_or_else(|| "cliquet".to_owned())
}
