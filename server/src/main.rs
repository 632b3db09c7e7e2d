//! The command line: `cliquet` serves; the other commands are for the host.

mod certificate;
mod doctor;
mod health;
mod host;
mod https;
mod init;
mod logger;
mod serve;

use self::host::{Outcome, account::AccountCommand, invite::InviteCommand, settings};
use clap::{CommandFactory, Parser, Subcommand};
use cliquet_server::{
    backup::{self, Counts, Mailboxes, Progress},
    causes,
    clock::Clock,
    files, restore, seed,
};
use std::{
    io::{Write, stdin, stdout},
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
    /// Asks three questions and sets a server up: settings, data folder, an invite for its owner.
    Init(init::Options),
    /// Serves. The same as no command.
    Serve,
    /// Makes, lists and takes back invites.
    #[command(subcommand)]
    Invite(InviteCommand),
    /// Lists, suspends and deletes accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Shows what the host did with accounts and invites.
    Audit(host::audit::Options),
    /// Writes everything that this server keeps, but the files that people sent, into one new file. The server may run
    /// meanwhile.
    Backup {
        /// A new file. It holds everything that the server holds: protect it like the server.
        file: PathBuf,
    },
    /// Makes the data folder from a backup. The folder must be absent or empty, and the server must not run.
    Restore { file: PathBuf },
    /// Looks at settings, data and surroundings, and says what is wrong and what to do.
    Doctor(doctor::Options),
    /// Asks the server that runs with these settings whether it is well. Fails when it is not: for containers.
    Health,
    /// Prints the manual page.
    #[command(hide = true)]
    Man,
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

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        None | Some(Command::Serve) => serve::serve(),
        Some(Command::Init(options)) => init::run(&options, &mut stdin().lock(), &mut stdout()).map_err(Into::into),
        Some(Command::Invite(command)) => host::invite::run(command),
        Some(Command::Account(command)) => host::account::run(&command),
        Some(Command::Audit(options)) => host::audit::run(&options),
        Some(Command::Backup { file }) => back_up(&file),
        Some(Command::Restore { file }) => restore_from(&file),
        Some(Command::SeedAccounts { count, devices, out }) => seed_accounts(count, devices, &out),
        Some(Command::Health) => health::ask().map_err(Into::into),
        Some(Command::Man) => clap_mangen::Man::new(Arguments::command()).render(&mut stdout()).map_err(Into::into),
        Some(Command::Doctor(options)) => match doctor::look(&options, &mut stdout()) {
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
