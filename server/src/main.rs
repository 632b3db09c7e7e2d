//! The command line: `cliquet` serves; the rest is for whoever hosts it.

mod doctor;
mod logger;

use clap::{Parser, Subcommand};
use cliquet_server::{
    clock::{Clock, DAY_MS},
    config::{self, Config},
    database::Database,
    invites, seed,
    token::Token,
};
use rocket::{error::ErrorKind, fairing::AdHoc};
use std::{
    error::Error,
    io::{Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

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
    /// Looks at settings, data and surroundings, and says what is wrong and what to do.
    Doctor,
    /// For developing only: fills an empty data folder with accounts for load tests, whose tokens stand in a file.
    SeedAccounts {
        #[arg(long)]
        count: u32,
        /// A new file. One line of JSON for each account: its address, its device, its bearer token. Each account may
        /// write to those on the lines before and after its own; the first and the last are neighbours.
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
        Some(Command::SeedAccounts { count, out }) => seed_accounts(count, &out),
        Some(Command::Doctor) => match doctor::look(&mut stdout()) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error.into()),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text.push_str(&format!(": {error}"));
                cause = error.source();
            }
            eprintln!("cliquet: {text}\n`cliquet doctor` may say more.");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Outcome {
    let figment = config::figment();
    let rocket::Config { log_level, address, port, .. } = rocket::Config::try_from(&figment)?;
    logger::start(log_level);
    rocket::execute(async {
        let server = cliquet_server::build(figment, Clock::system())?
            .attach(AdHoc::on_liftoff("Says where", move |_| {
                Box::pin(async move { log::info!("listening on {address} port {port}") })
            }));
        // Rocket panics when its error goes unseen.
        server.launch().await.map(drop).map_err(|error| match error.kind() {
            ErrorKind::Bind(cause) => format!("{address} port {port} cannot be listened on: {cause}").into(),
            _ => error.pretty_print().into(),
        })
    })
}

fn open() -> Result<(Config, Database), Box<dyn Error>> {
    let config = Config::from_figment(&config::figment())?;
    let database = Database::open(&config.data_dir())?;
    Ok((config, database))
}

fn create_invite(days: Option<u32>, url: Option<&str>) -> Outcome {
    let (config, database) = open()?;
    let token = Token::generate()?;
    let days = days.unwrap_or(config.invite_days);
    let now_ms = Clock::system().now_ms();
    invites::create(&*database.connection()?, &token, now_ms, now_ms.saturating_add(u64::from(days) * DAY_MS))?;
    let base = url.unwrap_or_default().trim_end_matches('/');
    writeln!(stdout(), "{base}/sign-up?invite={}", token.write())?;
    eprintln!("Good for one account, for {days} days. It is not shown again.");
    Ok(())
}

fn seed_accounts(count: u32, out: &Path) -> Outcome {
    let config = Config::from_figment(&config::figment())?;
    seed::seed(&config, count, out, Clock::system().now_ms())?;
    eprintln!("{count} accounts, each with a token in {}. Anyone who reads it is them.", out.display());
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
