//! `cliquet doctor`: what is wrong, in plain words, and what to do about it.
//!
//! Owns the checks and their words. Makes no data folder; one that is there is brought up to date, as by a start.

mod files;
mod finding;
mod https;
mod metrics;
mod outside;
mod redis;

use self::finding::Finding;
use cliquet_server::{
    config::{self, Config, MailboxLimits, Registration},
    database::{self, Database},
    history::{self, Histories},
    invites, storage,
};
use cliquet_wire::limits::{ENVELOPE_JSON_BYTES_MAX, POLL_SECONDS_MAX};
use std::{
    fs,
    io::{self, Write},
    net::TcpListener,
    path::Path,
};

pub(crate) use outside::Options;

/// Prints every finding. True: nothing is wrong.
pub(crate) fn look(options: &Options, out: &mut impl Write) -> io::Result<bool> {
    let (mut well, mut printed) = (true, Ok(()));
    let mut say = |finding| {
        let (mark, text) = match finding {
            Finding::Fine(text) => ("ok   ", text),
            Finding::Note(text) => ("note ", text),
            Finding::Wrong(text) => {
                well = false;
                ("WRONG", text)
            }
        };
        if printed.is_ok() {
            printed = writeln!(out, "{mark}  {text}");
        }
    };
    findings(options, &mut say);
    printed.map(|()| well)
}

fn findings(options: &Options, say: &mut impl FnMut(Finding)) {
    let figment = config::figment();
    let (config, rocket) = match (Config::from_figment(&figment), rocket::Config::try_from(figment)) {
        (Ok(config), Ok(rocket)) => (config, rocket),
        (Err(error), _) | (_, Err(error)) => {
            return say(Finding::Wrong(format!(
                "A setting does not read: {error}. Mend it in Rocket.toml or in ROCKET_…."
            )));
        }
    };
    say(Finding::Fine("The settings read.".to_owned()));
    data(&config).into_iter().for_each(&mut *say);
    mailbox(&config).into_iter().for_each(&mut *say);
    say(retention(&config));
    say(history(&config));
    files::findings(&config).into_iter().for_each(&mut *say);
    say(storage(&config));
    network(&config, &rocket).into_iter().for_each(&mut *say);
    https::findings(&config, &rocket).into_iter().for_each(&mut *say);
    metrics::finding(&config).into_iter().for_each(&mut *say);
    let ip_header = rocket.ip_header.as_ref().map(|name| name.as_str());
    outside::look(options, &config, ip_header, say);
}

fn data(config: &Config) -> Vec<Finding> {
    let folder = config.data_dir();
    let shown = folder.display();
    let counted = Database::open_existing(&folder).and_then(|database| {
        let connection = database.connection()?;
        let verdict: String = connection.query_row("PRAGMA quick_check", [], |row| row.get(0))?;
        let accounts: u64 = connection.query_row("SELECT count(*) FROM accounts", [], |row| row.get(0))?;
        let has_invites = invites::are_any(&connection)?;
        // A write that is taken back shows whether the disk takes one.
        connection.execute_batch("BEGIN IMMEDIATE; CREATE TABLE doctor (x); ROLLBACK")?;
        Ok::<_, database::Error>((verdict, accounts, has_invites))
    });
    let (verdict, accounts, has_invites) = match counted {
        Ok(found) => found,
        Err(database::Error::Absent) => return vec![absent(&folder)],
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            return vec![Finding::Wrong(format!(
                "The database in {shown} does not open: {error} ({cause}). Check that the folder is yours to write, that \
                 the disk has room, and that data_dir is what you mean."
            ))];
        }
    };
    let mut findings = vec![if verdict == "ok" {
        Finding::Fine(format!("The database in {shown} is sound and takes writes; it has {accounts} accounts."))
    } else {
        Finding::Wrong(format!("The database in {shown} is damaged ({verdict}). Stop the server and restore a backup."))
    }];
    findings.push(match (accounts, config.registration) {
        (0, _) if has_invites => Finding::Note(
            "There is no account yet: the first one is for who has an invite. `cliquet invite create` makes another one."
                .to_owned(),
        ),
        (0, _) => Finding::Note(
            "There is no account yet: the first to sign up needs no invite. Let that be you, or make an invite first: \
             `cliquet invite create`."
                .to_owned(),
        ),
        (_, Registration::Open) => Finding::Note("Registration is open: anyone may make an account.".to_owned()),
        (_, Registration::Invite) => Finding::Fine("New accounts need an invite: `cliquet invite create`.".to_owned()),
        (_, Registration::Closed) => Finding::Fine("Registration is closed.".to_owned()),
    });
    findings
}

/// No server was started with this folder. Tries whether one could make it, and takes that back.
fn absent(folder: &Path) -> Finding {
    let shown = folder.display();
    let there = folder.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(folder);
    let trial = there.join(format!(".cliquet-doctor-{}", std::process::id()));
    match fs::create_dir(&trial).and_then(|()| fs::remove_dir(&trial)) {
        Ok(()) => Finding::Note(format!(
            "There is no server's data in {shown} yet: `cliquet` makes it when it serves. If a server runs already, \
             data_dir is not what it uses: set ROCKET_DATA_DIR as there, or call this in the folder of its Rocket.toml."
        )),
        Err(error) => Finding::Wrong(format!(
            "{shown} cannot be made: {error}. Check that data_dir is what you mean and that the folder is yours to write."
        )),
    }
}

fn mailbox(config: &Config) -> Vec<Finding> {
    match config.mailbox.as_str() {
        "sqlite" => vec![Finding::Fine("Undelivered envelopes wait in the data folder.".to_owned())],
        url if url.starts_with("redis://") || url.starts_with("redis+unix://") => redis::findings(url),
        _ => vec![Finding::Wrong(
            "mailbox must be \"sqlite\" or an address that begins with redis:// or redis+unix://.".to_owned(),
        )],
    }
}

/// How long what nobody fetched is kept, and how much of it.
fn retention(config: &Config) -> Finding {
    let MailboxLimits { envelopes_max, bytes_max, life_seconds, .. } = config.mailbox_limits;
    let (megabytes, hours) = (bytes_max / 1024 / 1024, life_seconds / 3600);
    let text = format!(
        "One device may leave {envelopes_max} envelopes or {megabytes} MiB unfetched, each for {} days and {} hours.",
        hours / 24,
        hours % 24,
    );
    if envelopes_max == 0 || bytes_max < ENVELOPE_JSON_BYTES_MAX as u64 || life_seconds < u64::from(POLL_SECONDS_MAX) {
        return Finding::Wrong(format!("{text} Hardly anything arrives like this: raise mailbox_limits."));
    }
    Finding::Fine(text)
}

fn history(config: &Config) -> Finding {
    let folder = config.data_dir();
    let opened = folder.join(history::FILE_NAME).is_file().then(|| Histories::open(&folder, config)).transpose();
    let kept = opened.and_then(|histories| {
        let Some(histories) = histories else { return Ok(("ok".to_owned(), 0.0)) };
        let connection = histories.database.connection()?;
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        let bytes: Option<u64> = connection.query_row("SELECT sum(bytes) FROM histories", [], |row| row.get(0))?;
        Ok::<_, database::Error>((verdict, bytes.unwrap_or(0) as f64 / 1e6))
    });
    match (kept, config.history_megabytes) {
        (Err(error), _) => Finding::Wrong(format!(
            "The history in {} does not open: {error}. Check that its files are yours to write and the disk has room.",
            folder.display()
        )),
        (Ok((verdict, _)), _) if verdict != "ok" => {
            Finding::Wrong(format!("The history in {} is damaged ({verdict}). Restore a backup.", folder.display()))
        }
        (Ok((_, kept)), 0) => Finding::Note(format!(
            "history_megabytes is 0: nobody's history is kept, and who loses their devices loses it. {kept:.1} MB of \
             earlier ones can be read and deleted."
        )),
        (Ok((_, kept)), quota) => Finding::Fine(format!(
            "Each account may keep {quota} MiB of sealed history; all together keep {kept:.1} MB."
        )),
    }
}

/// How much all files hold, and how much they may.
fn storage(config: &Config) -> Finding {
    let used = match storage::used_bytes(&config.data_dir()) {
        Ok(used) => used as f64 / 1024.0 / 1024.0,
        Err(error) => return Finding::Wrong(format!("The files in data_dir cannot be measured: {error}.")),
    };
    match config.storage_megabytes {
        0 => Finding::Note(format!(
            "The data folder holds {used:.1} MiB, and may fill the disk: set storage_megabytes to less than the disk has."
        )),
        limit if used >= f64::from(limit) => Finding::Wrong(format!(
            "The data folder holds {used:.1} MiB of the {limit} MiB that storage_megabytes allows: nothing more is taken. \
             Raise it if the disk has room."
        )),
        limit => Finding::Fine(format!("The data folder holds {used:.1} MiB of the {limit} MiB that it may.")),
    }
}

fn network(config: &Config, rocket: &rocket::Config) -> Vec<Finding> {
    let (address, port) = (rocket.address, rocket.port);
    let mut findings = vec![match TcpListener::bind((address, port)) {
        Ok(_) => Finding::Fine(format!("{address} port {port} is free.")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::Note(format!(
            "{address} port {port} is taken: by Cliquet, if it runs; else choose another port in Rocket.toml."
        )),
        Err(error) => {
            Finding::Wrong(format!("{address} port {port} cannot be used: {error}. Choose another in Rocket.toml."))
        }
    }];
    if config.insecure_cookie {
        findings.push(Finding::Note(
            "insecure_cookie is on: anyone who listens on the network can take over accounts. Better: a proxy with TLS."
                .to_owned(),
        ));
    }
    if !address.is_loopback() && rocket.ip_header.is_some() {
        findings.push(Finding::Wrong(
            "ip_header is set and the server listens to the world: anyone may write any address into that header. \
             Listen on 127.0.0.1 behind your proxy, or remove ip_header."
                .to_owned(),
        ));
    }
    if address.is_loopback() && rocket.ip_header.is_none() {
        findings.push(Finding::Note(
            "Behind a proxy, all visitors look like one and share its limits: let the proxy set a header with their \
             address and name it in ip_header."
                .to_owned(),
        ));
    }
    findings
}
