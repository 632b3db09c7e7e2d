//! Cliquet's chores, as one program without a shell: `cargo xtask run`, `cargo xtask test`.
#![allow(clippy::print_stdout, reason = "talking to the terminal is this program's work")]

mod advisories;
mod assets;
mod bench;
mod book;
mod ci;
mod circles;
mod failures;
mod fingerprint;
mod layers;
mod lock_files;
mod npm;
mod package;
mod prerequisites;
mod problem;
mod progress;
mod project;
mod prometheus;
mod requirements;
mod run;
mod sbom;
mod screenshots;
mod second_client;
mod soak;
mod test;
mod tidy;
mod toolchain;
mod totals;
mod vectors;
mod wasm;

use clap::{Parser, Subcommand};
use problem::Problem;
use progress::Progress;
use project::Project;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Cliquet's chores")]
struct Chores {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build everything and serve it on http://localhost:8000
    Run(run::Options),
    /// Build the binary to install: target/release/cliquet
    Build,
    /// Build what is handed to people who host, into target/package: a static program, an archive, a Debian package
    Package(package::Options),
    /// Run every check and every test, and end in the totals
    Test(test::Options),
    /// Everything `test` does, and the documentation
    Ci(test::Options),
    /// The long runs: a million schedules, an hour of each fuzz target
    Soak(soak::Options),
    /// Build the browser modules and their glue
    Wasm(wasm::Options),
    /// Hash, compress and list everything a page loads (builds the browser modules first)
    Assets,
    /// Build the browser module of the published test vectors, for the test that loads it
    Vectors,
    /// Compare with others, side by side, and write docs/benchmarks.md
    Bench(bench::Options),
    /// Take the README's pictures from the running program, into docs/pictures
    Screenshots,
    /// Check the lock files against RustSec's advisories
    Advisories(advisories::Options),
    /// List what the binary and the browser modules are made of, into target/sbom
    Sbom,
    /// Check the rules of the house that no compiler checks
    Tidy(tidy::Options),
}

fn main() -> ExitCode {
    match obey(&Chores::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("\nxtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn obey(chore: &Chore) -> Result<(), Problem> {
    let project = Project::find()?;
    match chore {
        Chore::Run(options) => run::run(&project, options),
        Chore::Build => run::build(&project),
        Chore::Package(options) => package::package(&project, options),
        Chore::Test(options) => test::test(&project, options),
        Chore::Ci(options) => ci::ci(&project, options),
        Chore::Soak(options) => soak::soak(&project, options),
        Chore::Wasm(options) => wasm::some(&project, options),
        Chore::Assets => assets::build(&project, &mut Progress::of(assets::STEPS)),
        Chore::Vectors => vectors::build(&project),
        Chore::Bench(options) => bench::run(&project, options),
        Chore::Screenshots => screenshots::take(&project),
        Chore::Advisories(options) => advisories::alone(&project, options),
        Chore::Sbom => sbom::write(&project),
        Chore::Tidy(options) => tidy::tidy(&project, options),
    }
}
