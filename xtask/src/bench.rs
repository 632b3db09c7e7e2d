//! Owns `cargo xtask bench`: its parts by name, and where their tables go. Knows nothing of what a part measures.
//! A benchmark is no test: it says what it saw, and fails only when something did not work.

mod browser;
mod crypto;
mod page;
mod samples;
pub(crate) mod server;

use crate::problem::Problem;
use crate::project::{self, Project};
use std::fs;
use std::path::Path;

const DOCUMENT: &str = "docs/benchmarks.md";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which parts; all of them when none is named
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Print the tables and leave docs/benchmarks.md as it is
    #[arg(long)]
    dry: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Sealing, opening, ping-pong and session set-up, beside vodozemac and libolm
    Crypto,
    /// Key press to text in another browser, and the way in on a slow phone
    Page,
    /// Mailboxes and polls over the real routes, beside nchan, Prosody and ejabberd
    Server,
}

impl Part {
    const ALL: [Part; 3] = [Part::Crypto, Part::Page, Part::Server];

    /// Names its section: `<!-- bench:NAME -->` to `<!-- /bench:NAME -->`.
    fn name(self) -> &'static str {
        match self {
            Part::Crypto => "crypto",
            Part::Page => "page",
            Part::Server => "server",
        }
    }

    fn measure(self, project: &Project) -> Result<String, Problem> {
        match self {
            Part::Crypto => crypto::measure(project),
            Part::Page => page::measure(project),
            Part::Server => server::measure(project),
        }
    }
}

pub(crate) fn run(project: &Project, options: &Options) -> Result<(), Problem> {
    let parts = if options.parts.is_empty() { &Part::ALL } else { options.parts.as_slice() };
    for part in parts {
        let section = format!("{}\n{}", circumstances(project)?, part.measure(project)?);
        println!("\n{section}");
        if !options.dry {
            write(&project.path(DOCUMENT), part.name(), &section)?;
        }
    }
    Ok(())
}

/// The machine, the compiler and the day.
fn circumstances(project: &Project) -> Result<String, Problem> {
    let word = |program: &str, arguments: &[&str]| {
        project::read(project.program(program).args(arguments)).map(|text| text.trim().to_owned())
    };
    let day = word("date", &["+%Y-%m-%d"])?;
    let compiler = word("rustc", &["--version"])?;
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        information.lines().filter(|line| line.starts_with(name)).find_map(|line| line.split_once(": ")).map(|(_, x)| x)
    };
    let processor = field("model name").unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown");
    Ok(format!("Measured on {day}: {processor}, {cores} cores, load before {load}; {compiler}.\n"))
}

/// Replaces what stands between the part's markers.
fn write(document: &Path, name: &str, section: &str) -> Result<(), Problem> {
    let text = fs::read_to_string(document).map_err(Problem::file("cannot read", document))?;
    let replaced = replace(&text, name, section)
        .ok_or_else(|| Problem::Words(format!("{DOCUMENT} has no markers <!-- bench:{name} -->")))?;
    fs::write(document, replaced).map_err(Problem::file("cannot write", document))
}

fn replace(text: &str, name: &str, section: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- bench:{name} -->"), format!("<!-- /bench:{name} -->"));
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n\n{}\n\n{end}{after}", section.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_what_stands_around_it_stays() {
        let text = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n";
        let once = replace(text, "x", "new\n").unwrap();
        assert_eq!(once, "a\n<!-- bench:x -->\n\nnew\n\n<!-- /bench:x -->\nb\n");
        assert_eq!(replace(&once, "x", "new").unwrap(), once);
        assert_eq!(replace(text, "y", "new"), None);
    }
}
