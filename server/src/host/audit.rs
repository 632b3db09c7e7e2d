//! `cliquet audit`: what was done with accounts and invites.

use super::{Outcome, open, time};
use cliquet_server::audit;
use std::io::{Write, stdout};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many of the last ones are shown.
    #[arg(long, default_value_t = 50)]
    last: u32,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let (_, database) = open()?;
    let entries = audit::last(&*database.connection()?, options.last)?;
    let mut out = stdout();
    if entries.is_empty() {
        writeln!(out, "Nothing was done yet.")?;
    }
    // As in a log, the newest at the end.
    for entry in entries.iter().rev() {
        let by = entry.actor.as_ref().map(|actor| format!(", by {actor}")).unwrap_or_default();
        // One line for each.
        let subject = entry.subject.replace('\n', " ");
        writeln!(out, "{}  {} {subject}{by}", time(entry.time), entry.action)?;
    }
    Ok(())
}
