//! The command line: `cliquet` serves; the other commands are for the host.

mod doctor;
mod logger;

use clap::{Parser, Subcommand};
use cliquet_server::{
    backup::{self, Counts, Mailboxes, Progress},
    causes,
    clock::{Clock, DAY_MS},
    config::{self, Config},
    database::Database,
    files, invites, restore, seed,
    token::Token,
};
use rocket::{error::ErrorKind, fairing::AdHoc};
use std::{
    error::Error,
    io::{Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// A message costs a quarter less CPU than with glibc's (`docs/decisions/0033-the-server-allocates-with-jemalloc.md`).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Cliquet: sealed letters over plain HTTP. Without a command it serves, as Rocket.toml says.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves. The same as no command.
    Serve,
    /// Makes and lists invites.
    #[command(subcommand)]
    Invite(InviteCommand),
    /// Writes everything that this server keeps, but the files that people sent, into one new file. The server may run
    /// meanwhile.
    Backup {
        /// A new file. It holds everything that the server holds: protect it like the server.
        file: PathBuf,
    },
    /// Makes the data folder from a backup. The folder must be absent or empty, and the server must not run.
    Restore { file: PathBuf },
    /// Looks at settings, data and surroundings, and says what is wrong and what to do.
    Doctor,
    /// For developing only: fills an empty data folder with accounts for load tests, whose tokens stand in a file.
    SeedAccounts {
        #[arg(long)]
        count: u32,
        /// How many devices each account has.
        #[arg(long, default_value_t = 1)]
        devices: usize,
        /// A new file. One line of JSON for each device: its account's address, itself, its bearer token. Each account may
        /// write to the one before it and the one after it; the first and the last are neighbours.
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum InviteCommand {
    /// Makes an invite for one account and prints it. It is shown this once.
    Create {
        /// How many days it is good for; by default what the settings say.
        #[arg(long)]
        days: Option<u32>,
        /// Where people reach this server, such as `https://chat.example.org`, to print a whole link.
        #[arg(long)]
        url: Option<String>,
    },
    /// Lists invites, newest first.
    List,
}

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        None | Some(Command::Serve) => serve(),
        Some(Command::Invite(InviteCommand::Create { days, url })) => create_invite(days, url.as_deref()),
        Some(Command::Invite(InviteCommand::List)) => list_invites(),
        Some(Command::Backup { file }) => back_up(&file),
        Some(Command::Restore { file }) => restore_from(&file),
        Some(Command::SeedAccounts { count, devices, out }) => seed_accounts(count, devices, &out),
        Some(Command::Doctor) => match doctor::look(&mut stdout()) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error.into()),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logger::fail(&causes::on_one_line(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Outcome {
    let figment = config::figment();
    let rocket::Config { log_level, address, port, .. } = rocket::Config::try_from(&figment)?;
    // A format that is none is refused with the other settings.
    logger::start(log_level, figment.extract_inner("log_format").unwrap_or_default());
    rocket::execute(async {
        let server = cliquet_server::build(figment, Clock::system())?
            .attach(AdHoc::on_liftoff("Says where", move |_| {
                Box::pin(async move { tracing::info!(%address, port, "listening on {address} port {port}") })
            }));
        // Rocket panics when its error goes unseen.
        server.launch().await.map(drop).map_err(|error| match error.kind() {
            ErrorKind::Bind(cause) => format!("{address} port {port} cannot be listened on: {cause}").into(),
            _ => error.pretty_print().into(),
        })
    })
}

/// The settings. Says on standard error which data folder they name, since a command may be called in another folder than
/// the server, or without its variables.
fn settings() -> Result<Config, Box<dyn Error>> {
    let figment = config::figment();
    let config = Config::from_figment(&figment)?;
    let folder = std::path::absolute(config.data_dir())?;
    let default = match figment.find_metadata("data_dir") {
        Some(_) => "",
        None => " (the default: ROCKET_DATA_DIR is not set, and no Rocket.toml here names another)",
    };
    eprintln!("The data folder is {}{default}.", folder.display());
    Ok(config)
}

/// The accounts that a server has made. Commands do not make them.
fn open() -> Result<(Config, Database), Box<dyn Error>> {
    let config = settings()?;
    let database = Database::open_existing(&config.data_dir())?;
    Ok((config, database))
}

fn create_invite(days: Option<u32>, url: Option<&str>) -> Outcome {
    let (config, database) = open()?;
    let token = Token::generate()?;
    let days = days.unwrap_or(config.invite_days);
    let now_ms = Clock::system().now_ms();
    invites::create(&*database.connection()?, &token, now_ms, now_ms.saturating_add(u64::from(days) * DAY_MS))?;
    let base = url.unwrap_or_default().trim_end_matches('/');
    writeln!(stdout(), "{base}/sign-up#invite={}", token.write())?;
    eprintln!("Good for one account, for {days} days. It is not shown again.");
    Ok(())
}

fn back_up(file: &Path) -> Outcome {
    let config = settings()?;
    let mut say = |text: &str| eprintln!("{text}");
    let manifest = backup::back_up(&config, file, Clock::system().now_ms(), &mut Progress::new(&mut say))?;
    let Counts { accounts, envelopes, segments } = manifest.counts;
    let bytes: u64 = manifest.files.iter().map(|part| part.bytes).sum();
    writeln!(
        stdout(),
        "{} has {accounts} accounts, {envelopes} undelivered envelopes and {segments} pieces of history: {:.1} MB.",
        file.display(),
        bytes as f64 / 1e6,
    )?;
    if manifest.mailboxes == Mailboxes::InRedis {
        writeln!(stdout(), "Undelivered envelopes are in Redis and not in this file. Back Redis up by its own means.")?;
    }
    let left_out = files::totals_in(&config.data_dir())?;
    if left_out.files > 0 {
        writeln!(
            stdout(),
            "The {} files that people sent, {:.1} MB, are not in this file: after a restore nobody can fetch them. To keep \
             them, copy what begins with \"{}\" in the data folder while the server does not run, and the bucket if they are in \
             one.",
            left_out.files,
            left_out.bytes as f64 / 1e6,
            files::FOLDER_NAME,
        )?;
    }
    Ok(())
}

fn restore_from(file: &Path) -> Outcome {
    let config = settings()?;
    let folder = config.data_dir();
    let mut say = |text: &str| eprintln!("{text}");
    let now_ms = Clock::system().now_ms();
    let manifest = restore::restore(file, &folder, now_ms, &mut Progress::new(&mut say))?;
    let Counts { accounts, envelopes, segments } = manifest.counts;
    let minutes = now_ms.saturating_sub(manifest.created) / 60_000;
    let age = match (minutes / 60 / 24, minutes / 60 % 24) {
        (0, 0) => format!("{minutes} minutes"),
        (0, hours) => format!("{hours} hours"),
        (days, hours) => format!("{days} days and {hours} hours"),
    };
    writeln!(
        stdout(),
        "{} has {accounts} accounts, {envelopes} undelivered envelopes and {segments} pieces of history, as they were {age} \
         ago. Start the server: people go on with the devices they have.",
        folder.display(),
    )?;
    if manifest.mailboxes == Mailboxes::InRedis {
        writeln!(stdout(), "Undelivered envelopes were in Redis and are not restored by this.")?;
    }
    Ok(())
}

fn seed_accounts(count: u32, devices: usize, out: &Path) -> Outcome {
    let config = settings()?;
    seed::seed(&config, count, devices, out, Clock::system().now_ms())?;
    eprintln!("{count} accounts, each device with a token in {}. Anyone who reads it is them.", out.display());
    Ok(())
}

fn list_invites() -> Outcome {
    let (_, database) = open()?;
    let now_ms = Clock::system().now_ms();
    let invites = invites::list(&*database.connection()?)?;
    let mut out = stdout();
    if invites.is_empty() {
        writeln!(out, "There are no invites. Make one with `cliquet invite create`.")?;
    }
    for invites::Invite { id, expires, claimed, .. } in invites {
        let state = match (claimed, expires.checked_sub(now_ms)) {
            (Some(_), _) => "used".to_owned(),
            (None, Some(left)) if left > 0 => format!("open, {} days left", left.div_ceil(DAY_MS)),
            (None, _) => "expired".to_owned(),
        };
        writeln!(out, "{id}: {state}")?;
    }
    Ok(())
}
