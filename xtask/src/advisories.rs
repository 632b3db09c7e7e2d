//! Owns the check of every lock file against the advisories of RustSec. Knows nothing of where a database of them
//! comes from.

mod database;

use crate::lock_files;
use crate::problem::Problem;
use crate::project::Project;
use database::Source;
use figment::Figment;
use figment::providers::{Format, Toml};
use rustsec::advisory::Informational;
use rustsec::database::Query;
use rustsec::{Collection, Database, Lockfile, Vulnerability};
use std::path::{Path, PathBuf};

/// A database with one advisory that is made up, and a lock file that it concerns.
const PLANTED_DATABASE: &str = "xtask/planted/advisories";
const PLANTED_LOCK_FILE: &str = "xtask/planted/Cargo.lock";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Check these files, in place of the project's own
    #[arg(long = "lock-file", value_name = "PATH")]
    lock_files: Vec<PathBuf>,
}

/// The advisories alone. A check that could not be made is a failure here.
pub(crate) fn alone(project: &Project, options: &Options) -> Result<(), Problem> {
    let lock_files = if options.lock_files.is_empty() { of_project(project) } else { options.lock_files.clone() };
    match check(project, &lock_files)? {
        Outcome::Checked => Ok(()),
        Outcome::NotChecked(why) => Err(Problem::Words(why)),
    }
}

/// What a check without a finding means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Checked,
    /// There is no database to check against: why, and how to give one.
    NotChecked(String),
}

/// Checks the lock files of the project.
///
/// # Errors
///
/// When an advisory concerns one of them, when the planted one is not found, or when a database cannot be read.
pub(crate) fn check_project(project: &Project) -> Result<Outcome, Problem> {
    check(project, &of_project(project))
}

fn check(project: &Project, lock_files: &[PathBuf]) -> Result<Outcome, Problem> {
    check_the_check(project)?;
    let advisories = match database::bring(project)? {
        Source::There(database) => database,
        Source::None(why) => return Ok(Outcome::NotChecked(why)),
    };
    let refused = advisories.concerning(lock_files, &ignored(&project.path("deny.toml"))?)?;
    if refused.is_empty() {
        println!("no advisory concerns a lock file: {advisories}");
        return Ok(Outcome::Checked);
    }
    Err(Problem::Words(format!("advisories concern the lock files ({advisories}):\n  {}", refused.join("\n  "))))
}

fn of_project(project: &Project) -> Vec<PathBuf> {
    lock_files::WORKSPACES.iter().map(|workspace| project.path(workspace).join("Cargo.lock")).collect()
}

/// A check that finds nothing anywhere would pass unseen. It has to find what is planted, and only there.
fn check_the_check(project: &Project) -> Result<(), Problem> {
    let planted = Advisories::open(&project.path(PLANTED_DATABASE))?;
    if planted.concerning(&[project.path(PLANTED_LOCK_FILE)], &[])?.len() != 1 {
        let words = format!("the advisory planted in {PLANTED_DATABASE} was not found in {PLANTED_LOCK_FILE}");
        return Err(Problem::Words(words));
    }
    let elsewhere = planted.concerning(&of_project(project), &[])?;
    if elsewhere.is_empty() {
        return Ok(());
    }
    Err(Problem::Words(format!("a planted advisory was found where it is not planted:\n  {}", elsewhere.join("\n  "))))
}

/// The advisories that are no danger here. `cargo deny` reads the same list.
fn ignored(rules: &Path) -> Result<Vec<String>, Problem> {
    let read = Figment::from(Toml::file_exact(rules)).extract_inner("advisories.ignore");
    read.map_err(|error| Problem::Words(format!("{} cannot be read: {error}", rules.display())))
}

/// A database that was opened, and where.
#[derive(Debug)]
struct Advisories {
    directory: PathBuf,
    database: Database,
    /// The date of the newest advisory.
    newest: String,
}

impl Advisories {
    /// # Errors
    ///
    /// When the directory holds no database, an empty one, or one with a file that is no advisory.
    fn open(directory: &Path) -> Result<Self, Problem> {
        let place = directory.display();
        let database = Database::open(directory)
            .map_err(|error| Problem::Words(format!("the advisories in {place} cannot be read: {error}")))?;
        let newest = database.iter().map(|advisory| advisory.date().as_str()).max();
        let Some(newest) = newest.map(str::to_owned) else {
            return Err(Problem::Words(format!("there are no advisories in {place}")));
        };
        Ok(Self { directory: directory.to_owned(), newest, database })
    }

    /// One line for each package of a lock file that an advisory concerns.
    fn concerning(&self, lock_files: &[PathBuf], ignored: &[String]) -> Result<Vec<String>, Problem> {
        let mut lines = Vec::new();
        for path in lock_files {
            let lock_file = Lockfile::load(path)
                .map_err(|error| Problem::Words(format!("{} cannot be read: {error}", path.display())))?;
            let found = self.database.query_vulnerabilities(&lock_file, &query());
            let found = found.iter().filter(|found| counts(found, ignored));
            lines.extend(found.map(|found| line(path, found)));
        }
        Ok(lines)
    }
}

impl std::fmt::Display for Advisories {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (count, place) = (self.database.iter().count(), self.directory.display());
        write!(out, "those of {place}: {count}, the newest of {}", self.newest)
    }
}

/// What is unsound or no longer maintained counts like what is vulnerable, as it does for `cargo deny`. What was
/// withdrawn does not.
fn query() -> Query {
    Query::new().collection(Collection::Crates).withdrawn(false)
}

fn counts(found: &Vulnerability, ignored: &[String]) -> bool {
    let is_notice = found.advisory.informational.as_ref().is_some_and(Informational::is_notice);
    !is_notice && !ignored.iter().any(|id| id == found.advisory.id.as_str())
}

fn line(path: &Path, found: &Vulnerability) -> String {
    let (package, advisory) = (&found.package, &found.advisory);
    let patched: Vec<String> = found.versions.patched().iter().map(ToString::to_string).collect();
    let way_out = if patched.is_empty() {
        "no version is better".to_owned()
    } else {
        format!("better: {}", patched.join(" or "))
    };
    let kind = advisory.informational.as_ref().map_or("vulnerable", Informational::as_str);
    format!(
        "{}: {} {} is {kind}: {}, {} ({way_out})",
        path.display(),
        package.name,
        package.version,
        advisory.id,
        advisory.title
    )
}

#[cfg(test)]
mod tests;
