//! Tests with small databases and lock files: findings, none, and files that cannot be read.

use super::*;
use std::fs;

/// One advisory, as RustSec writes it down.
#[derive(Clone, Copy)]
pub(super) struct Advisory<'a> {
    pub(super) id: &'a str,
    pub(super) date: &'a str,
    pub(super) more: &'a str,
    pub(super) patched: &'a str,
}

impl Advisory<'_> {
    pub(super) const EXAMPLE: Advisory<'static> =
        Advisory { id: "RUSTSEC-2001-0001", date: "2001-01-31", more: "", patched: "\">= 1.2.3\"" };
}

/// A database in a folder, whose advisories are all against the crate `example`.
pub(super) fn database(folder: &Path, advisories: &[Advisory]) {
    let crates = folder.join("crates/example");
    fs::create_dir_all(&crates).unwrap();
    for Advisory { id, date, more, patched } in advisories {
        let head = format!("[advisory]\nid = \"{id}\"\npackage = \"example\"\ndate = \"{date}\"\n{more}\n");
        let text = format!("```toml\n{head}[versions]\npatched = [{patched}]\n```\n\n# A title\n\nWords.\n");
        fs::write(crates.join(format!("{id}.md")), text).unwrap();
    }
}

fn lock_file(folder: &Path, version: &str, source: &str) -> PathBuf {
    let path = folder.join(format!("{version}.lock"));
    let text = format!("version = 4\n\n[[package]]\nname = \"example\"\nversion = \"{version}\"\n{source}\n");
    fs::write(&path, text).unwrap();
    path
}

const FROM_CRATES_IO: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// How many lines there are about `example` of this version.
fn found(advisories: &[Advisory], version: &str, source: &str, ignored: &[String]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    database(folder.path(), advisories);
    let lock_file = lock_file(folder.path(), version, source);
    Advisories::open(folder.path()).unwrap().concerning(&[lock_file], ignored).unwrap()
}

#[test]
fn a_planted_advisory_is_found_in_the_lock_file_that_it_concerns_and_in_none_of_the_project() {
    let project = Project::find().unwrap();
    check_the_check(&project).unwrap();
    let planted = Advisories::open(&project.path(PLANTED_DATABASE)).unwrap();
    let lines = planted.concerning(&[project.path(PLANTED_LOCK_FILE)], &[]).unwrap();
    let [line] = lines.as_slice() else { unreachable!("one line: {lines:?}") };
    assert!(line.contains("smallvec 1.6.0 is vulnerable: RUSTSEC-2000-0001"), "{line}");
    assert!(line.ends_with("(better: >=1.6.1)"), "{line}");
}

#[test]
fn an_advisory_against_a_version_that_the_project_has_is_found_in_its_lock_files() {
    let project = Project::find().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let crates = folder.path().join("crates/smallvec");
    fs::create_dir_all(&crates).unwrap();
    let planted = project.path(PLANTED_DATABASE).join("crates/smallvec/RUSTSEC-2000-0001.md");
    let text = fs::read_to_string(planted).unwrap().replace(">= 1.6.1", ">= 1000.0.0");
    fs::write(crates.join("RUSTSEC-2000-0001.md"), text).unwrap();
    let lines = Advisories::open(folder.path()).unwrap().concerning(&of_project(&project), &[]).unwrap();
    let of_root = |line: &String| line.starts_with(&project.path("./Cargo.lock").display().to_string());
    assert!(lines.iter().any(of_root), "{lines:?}");
}

#[test]
fn the_last_version_before_the_patched_one_is_found_and_the_patched_one_is_not() {
    let advisory = [Advisory::EXAMPLE];
    assert_eq!(found(&advisory, "1.2.2", FROM_CRATES_IO, &[]).len(), 1);
    assert_eq!(found(&advisory, "1.2.3", FROM_CRATES_IO, &[]).len(), 0);
    assert_eq!(found(&advisory, "1.2.2", "", &[]).len(), 0, "a crate of ours that only has the same name");
}

#[test]
fn an_advisory_without_a_patched_version_says_so() {
    let lines = found(&[Advisory { patched: "", ..Advisory::EXAMPLE }], "9.9.9", FROM_CRATES_IO, &[]);
    assert!(lines.iter().all(|line| line.ends_with("(no version is better)")) && lines.len() == 1, "{lines:?}");
}

#[test]
fn unsound_and_unmaintained_crates_count_and_notices_and_withdrawn_advisories_do_not() {
    let with = |more| found(&[Advisory { more, ..Advisory::EXAMPLE }], "1.0.0", FROM_CRATES_IO, &[]).len();
    assert_eq!(with("informational = \"unsound\""), 1);
    assert_eq!(with("informational = \"unmaintained\""), 1);
    assert_eq!(with("informational = \"notice\""), 0);
    assert_eq!(with("withdrawn = \"2001-02-01\""), 0);
}

#[test]
fn an_ignored_advisory_does_not_count_and_another_of_the_same_crate_does() {
    let two = [Advisory::EXAMPLE, Advisory { id: "RUSTSEC-2001-0002", ..Advisory::EXAMPLE }];
    let lines = found(&two, "1.0.0", FROM_CRATES_IO, &["RUSTSEC-2001-0001".to_owned()]);
    assert!(lines.len() == 1 && lines.iter().all(|line| line.contains("RUSTSEC-2001-0002")), "{lines:?}");
}

#[test]
fn what_is_ignored_is_what_deny_toml_says() {
    let project = Project::find().unwrap();
    assert!(ignored(&project.path("deny.toml")).unwrap().contains(&"RUSTSEC-2023-0071".to_owned()));
    let words = ignored(&project.path("no.toml")).unwrap_err().to_string();
    assert!(words.contains("no.toml"), "{words}");
}

#[test]
fn a_database_that_is_missing_or_empty_or_broken_is_an_error_in_words() {
    let words = |prepare: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let words = Advisories::open(folder.path()).unwrap_err().to_string();
        assert!(words.contains(&folder.path().display().to_string()), "{words}");
        words
    };
    assert!(words(&|_| {}).contains("cannot be read"));
    assert!(words(&|folder| fs::create_dir(folder.join("crates")).unwrap()).contains("there are no advisories"));
    let broken = |folder: &Path| {
        database(folder, &[Advisory::EXAMPLE]);
        fs::write(folder.join("crates/example/RUSTSEC-2001-0001.md"), "```toml\n[advisory\n").unwrap();
    };
    assert!(words(&broken).contains("cannot be read"));
    let misnamed = |folder: &Path| {
        database(folder, &[Advisory::EXAMPLE]);
        let crates = folder.join("crates/example");
        fs::rename(crates.join("RUSTSEC-2001-0001.md"), crates.join("RUSTSEC-2001-0002.md")).unwrap();
    };
    assert!(words(&misnamed).contains("cannot be read"));
}

#[test]
fn a_lock_file_that_is_missing_or_broken_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    database(folder.path(), &[Advisory::EXAMPLE]);
    let advisories = Advisories::open(folder.path()).unwrap();
    for (name, text) in [("missing.lock", None), ("broken.lock", Some("version = 4\n[[package]]\nname = 1\n"))] {
        let path = folder.path().join(name);
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let words = advisories.concerning(&[path], &[]).unwrap_err().to_string();
        assert!(words.contains(name) && words.contains("cannot be read"), "{words}");
    }
}
