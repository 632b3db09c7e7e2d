//! `cliquet invite`: links that let people open an account.

use super::{Outcome, open};
use clap::{Subcommand, value_parser};
use cliquet_server::{
    audit::Actor,
    clock::{Clock, DAY_MS},
    database, hosting,
    invites::{self, Invite, USES_MAX},
    token::Token,
};
use qrcode::{QrCode, render::unicode::Dense1x2};
use std::io::{Write, stdout};

#[derive(Debug, Subcommand)]
pub(crate) enum InviteCommand {
    /// Makes an invite and prints it. It is shown this once.
    Create {
        /// How many days it is good for; by default what the settings say.
        #[arg(long)]
        days: Option<u32>,
        /// For how many accounts it is good.
        #[arg(long, default_value_t = 1, value_parser = value_parser!(u32).range(1..=i64::from(USES_MAX)))]
        uses: u32,
        /// Where people open this server, such as `https://chat.example.org`; by default what the settings say.
        #[arg(long)]
        url: Option<String>,
        /// Prints it as a QR code, too, for a phone's camera.
        #[arg(long)]
        qr: bool,
    },
    /// Lists invites, newest first.
    List,
    /// Takes an invite back. Accounts that were made with it stay.
    Revoke {
        /// Its number, as `list` shows it.
        number: i64,
    },
}

pub(crate) fn run(command: InviteCommand) -> Outcome {
    match command {
        InviteCommand::Create { days, uses, url, qr } => create(days, uses, url.as_deref(), qr),
        InviteCommand::List => list(),
        InviteCommand::Revoke { number } => revoke(number),
    }
}

fn create(days: Option<u32>, uses: u32, url: Option<&str>, qr: bool) -> Outcome {
    let (config, database) = open()?;
    let set = config.url.as_ref().map(ToString::to_string);
    let url = url.or(set.as_deref()).map(|url| url.trim_end_matches('/'));
    if qr && url.is_none() {
        return Err("a QR code needs a whole link: set `url` in Rocket.toml, or give it as --url".into());
    }
    let (token, days) = (Token::generate()?, days.unwrap_or(config.invite_days));
    let now_ms = Clock::system().now_ms();
    let expires_ms = now_ms.saturating_add(u64::from(days) * DAY_MS);
    let mut connection = database.connection()?;
    database::write(&mut connection, |transaction| {
        hosting::create_invite(transaction, Actor::CommandLine, (&token, uses), now_ms, expires_ms)
    })?;
    let link = format!("{}/sign-up#invite={}", url.unwrap_or_default(), token.write());
    writeln!(stdout(), "{link}")?;
    if qr {
        // Terminals are dark: what is drawn is light.
        let code = QrCode::new(&link)?;
        let drawn = code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
        writeln!(stdout(), "{drawn}")?;
    }
    let accounts = if uses == 1 { "one account".to_owned() } else { format!("{uses} accounts") };
    eprintln!("Good for {accounts}, for {days} days. It is not shown again.");
    Ok(())
}

fn list() -> Outcome {
    let (_, database) = open()?;
    let now_ms = Clock::system().now_ms();
    let invites = invites::list(&*database.connection()?)?;
    let mut out = stdout();
    if invites.is_empty() {
        writeln!(out, "There are no invites. Make one with `cliquet invite create`.")?;
    }
    for invite in invites {
        writeln!(out, "{}: {}", invite.id, state(&invite, now_ms))?;
    }
    Ok(())
}

fn state(invite: &Invite, now_ms: u64) -> String {
    let Invite { expires, uses, used, .. } = *invite;
    let state = match expires.checked_sub(now_ms) {
        _ if used >= uses => "used".to_owned(),
        Some(left) if left > 0 => format!("open, {} days left", left.div_ceil(DAY_MS)),
        _ => "expired".to_owned(),
    };
    if uses == 1 { state } else { format!("{state}, {used} of {uses} accounts made") }
}

fn revoke(number: i64) -> Outcome {
    let (_, database) = open()?;
    let (now_ms, mut connection) = (Clock::system().now_ms(), database.connection()?);
    let is_revoked = database::write(&mut connection, |transaction| {
        hosting::revoke_invite(transaction, Actor::CommandLine, number, now_ms)
    })?;
    if !is_revoked {
        return Err(format!("there is no invite {number}; `cliquet invite list` shows them").into());
    }
    eprintln!("Nobody can open an account with invite {number} any more.");
    Ok(())
}
