//! Owns where the database of advisories comes from: a folder that is named, RustSec's repository, or an earlier copy of
//! it on this machine.

use super::Advisories;
use crate::problem::Problem;
use crate::project::{self, Project};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Names a folder with the database, which is then the only one that is looked at.
const VARIABLE: &str = "CLIQUET_ADVISORIES";
const REPOSITORY: &str = "https://github.com/RustSec/advisory-db";
const COPY: &str = "target/advisory-db";
/// A younger copy is not fetched once more. RustSec publishes a few advisories a week.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// The repository without its past has a few megabytes. A network that swallows everything is given up.
const FETCH_PATIENCE: Duration = Duration::from_secs(120);

pub(super) enum Source {
    There(Advisories),
    /// There is none: why, and how to give one.
    None(String),
}

/// The newest advisories that can be had.
///
/// # Errors
///
/// When a database is there and cannot be read.
pub(super) fn bring(project: &Project) -> Result<Source, Problem> {
    if let Some(named) = env::var_os(VARIABLE) {
        return Ok(Source::There(named_folder(Path::new(&named))?));
    }
    let copy = project.path(COPY);
    let fetched = if is_fresh(&copy) { Ok(()) } else { fetch(project, REPOSITORY, &copy, FETCH_PATIENCE) };
    if fetched.is_ok() {
        return Advisories::open(&copy).map(Source::There);
    }
    let copies = std::iter::once(copy).chain(copies_of_others(&cargo_home()));
    let newest = newest(copies)?;
    if let (Some(advisories), Err(problem)) = (&newest, &fetched) {
        println!("{REPOSITORY} was not reached ({problem}); checking against an earlier copy: {advisories}");
    }
    Ok(match (newest, fetched) {
        (Some(advisories), _) => Source::There(advisories),
        (None, fetched) => Source::None(none(fetched.err())),
    })
}

fn named_folder(folder: &Path) -> Result<Advisories, Problem> {
    Advisories::open(folder).map_err(|problem| Problem::Words(format!("{problem} (the folder that {VARIABLE} names)")))
}

fn none(problem: Option<Problem>) -> String {
    let why = problem.map_or_else(String::new, |problem| format!(" ({problem})"));
    format!(
        "the lock files were not checked against RustSec's advisories: {REPOSITORY} was not reached{why}, and no earlier \
         copy is on this machine.\n  With a copy of the repository in a folder: {VARIABLE}=FOLDER cargo xtask advisories"
    )
}

fn is_fresh(copy: &Path) -> bool {
    let age = || SystemTime::now().duration_since(fs::metadata(copy).ok()?.modified().ok()?).ok();
    age().is_some_and(|age| age < FRESH)
}

/// Brings the repository without its past into `copy`. An earlier copy stays as it is until the new one is complete.
fn fetch(project: &Project, repository: &str, copy: &Path, patience: Duration) -> Result<(), Problem> {
    let new = copy.with_extension("new");
    let _ = fs::remove_dir_all(&new);
    let mut git = project.program("git");
    git.args(["clone", "--quiet", "--depth", "1", repository]).arg(&new).env("GIT_TERMINAL_PROMPT", "0");
    run_within(&mut git, patience)?;
    if copy.exists() {
        fs::remove_dir_all(copy).map_err(Problem::file("cannot remove", copy))?;
    }
    fs::rename(&new, copy).map_err(Problem::file("cannot make", copy))
}

/// Runs to the end, or ends it.
fn run_within(command: &mut Command, patience: Duration) -> Result<(), Problem> {
    let line = project::line(command);
    let start = |source| Problem::Start { program: line.clone(), source };
    let mut child = command.spawn().map_err(start)?;
    let until = Instant::now() + patience;
    while Instant::now() < until {
        match child.try_wait().map_err(start)? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(Problem::Failed { command: line, status }),
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(Problem::Words(format!("`{line}` took more than {} s", patience.as_secs())))
}

/// Where `cargo audit` and `cargo deny` keep theirs.
fn copies_of_others(cargo_home: &Path) -> Vec<PathBuf> {
    let kept = fs::read_dir(cargo_home.join("advisory-dbs")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut copies: Vec<PathBuf> = kept.chain([cargo_home.join("advisory-db")]).collect();
    copies.sort();
    copies
}

/// The copy with the newest advisory.
fn newest(copies: impl Iterator<Item = PathBuf>) -> Result<Option<Advisories>, Problem> {
    let mut newest: Option<Advisories> = None;
    for copy in copies.filter(|copy| copy.join("crates").is_dir()) {
        let advisories = Advisories::open(&copy)?;
        if newest.as_ref().is_none_or(|before| before.newest < advisories.newest) {
            newest = Some(advisories);
        }
    }
    Ok(newest)
}

fn cargo_home() -> PathBuf {
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::tests::{Advisory, database};

    fn project() -> Project {
        Project::find().unwrap()
    }

    #[test]
    fn a_repository_that_is_not_reached_leaves_the_earlier_copy_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("advisory-db");
        fs::create_dir_all(copy.join("crates")).unwrap();
        let nowhere = format!("file://{}", folder.path().join("nowhere").display());
        let problem = fetch(&project(), &nowhere, &copy, FETCH_PATIENCE).unwrap_err();
        assert!(problem.to_string().contains("git clone"), "{problem}");
        assert!(copy.join("crates").is_dir());
        let words = none(Some(problem));
        assert!(words.contains("were not checked") && words.contains("CLIQUET_ADVISORIES=FOLDER"), "{words}");
    }

    #[test]
    fn a_fetched_repository_takes_the_place_of_the_earlier_copy() {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("repository");
        database(&repository, &[Advisory { id: "RUSTSEC-2001-0001", ..Advisory::EXAMPLE }]);
        let git = |arguments: &[&str]| {
            let settings = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"];
            project::run(project().program("git").args(settings).arg("-C").arg(&repository).args(arguments)).unwrap();
        };
        git(&["init", "--quiet"]);
        git(&["add", "."]);
        git(&["commit", "--quiet", "--message", "One advisory"]);
        let copy = folder.path().join("advisory-db");
        fs::create_dir_all(copy.join("crates/old")).unwrap();
        fetch(&project(), &format!("file://{}", repository.display()), &copy, FETCH_PATIENCE).unwrap();
        assert!(is_fresh(&copy) && !copy.join("crates/old").exists());
        assert_eq!(Advisories::open(&copy).unwrap().database.iter().count(), 1);
    }

    #[test]
    fn a_fetch_that_does_not_end_is_given_up() {
        let problem = run_within(Command::new("sleep").arg("600"), Duration::ZERO).unwrap_err();
        assert_eq!(problem.to_string(), "`sleep 600` took more than 0 s");
    }

    #[test]
    fn of_several_copies_the_one_with_the_newest_advisory_is_taken() {
        let home = tempfile::tempdir().unwrap();
        assert!(newest(copies_of_others(home.path()).into_iter()).unwrap().is_none());
        let (old, new) = (home.path().join("advisory-db"), home.path().join("advisory-dbs/github.com-1"));
        database(&old, &[Advisory { date: "2001-01-31", ..Advisory::EXAMPLE }]);
        database(&new, &[Advisory { date: "2001-02-01", ..Advisory::EXAMPLE }]);
        let found = newest(copies_of_others(home.path()).into_iter()).unwrap().unwrap();
        assert_eq!((found.directory, found.newest), (new, "2001-02-01".to_owned()));
    }

    #[test]
    fn a_named_folder_without_a_database_is_an_error_with_its_name_and_the_variable_s() {
        let folder = tempfile::tempdir().unwrap();
        let words = named_folder(&folder.path().join("nowhere")).unwrap_err().to_string();
        assert!(words.contains("nowhere") && words.contains("CLIQUET_ADVISORIES"), "{words}");
    }
}
