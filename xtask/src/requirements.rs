//! Owns the table of requirements in docs/protocol.md. Its rows say what is required; which tests hold it is written
//! from marks in the tests:
//!
//! ```text
//! /// Requirements: K5, K7        (in Python: # Requirements: K5, K7)
//! #[test]
//! fn a_one_time_key_is_handed_out_once() {
//! ```
//!
//! A new requirement is a new row with an id and a sentence. Knows nothing of what the requirements mean.

use crate::problem::Problem;
use crate::project::Project;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

pub(crate) const DOCUMENT: &str = "docs/protocol.md";
/// The first line of the table.
const HEAD: &str = "| | requirement | tests |";

/// The names of the tests for each requirement, by the file they are in, in the files' own order.
type Tests = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// What is wrong with marks and table. `sources` are the paths, from the root, of our own Rust and Python files. With
/// `write`, a table that is not up to date is written and no fault.
pub(crate) fn check<'a>(
    project: &Project,
    sources: impl Iterator<Item = &'a Path>,
    write: bool,
) -> Result<Vec<String>, Problem> {
    let path = project.path(DOCUMENT);
    let document = fs::read_to_string(&path).map_err(Problem::file("cannot read", &path))?;
    let mut tests = Tests::new();
    let mut faults = Vec::new();
    for source in sources {
        let text = fs::read_to_string(project.root.join(source)).map_err(Problem::file("cannot read", source))?;
        faults.extend(collect(&source.to_string_lossy(), &text, &mut tests));
    }
    let (written, missing) = with_tests(&document, &tests);
    faults.extend(missing);
    if written != document {
        if write {
            fs::write(&path, written).map_err(Problem::file("cannot write", &path))?;
        } else {
            faults.push(format!("{DOCUMENT}: the tests of requirements are others now; cargo xtask tidy --write"));
        }
    }
    Ok(faults)
}

/// Adds the marked tests of a file to `tests`, and returns what is wrong with its marks.
fn collect(path: &str, text: &str, tests: &mut Tests) -> Vec<String> {
    let mut faults = Vec::new();
    let mut lines = text.lines().map(str::trim_start).enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let Some(ids) = mark(line) else { continue };
        // Between a mark and its test are only the test's other comments and its attributes.
        let mut is_test = false;
        while let Some((_, line)) = lines.next_if(|(_, line)| is_above_function(line)) {
            is_test |= line.ends_with("test]") || line.contains("::test(");
        }
        let name = lines.peek().and_then(|(_, line)| function(line));
        // pytest knows a test by its name.
        let name = name.filter(|name| is_test || (path.ends_with(".py") && name.starts_with("test_")));
        let Some(name) = name else {
            faults.push(format!("{path}: line {}: a requirement's mark that is over no test", number + 1));
            continue;
        };
        for id in ids {
            let files = tests.entry(id.to_owned()).or_default();
            files.entry(path.to_owned()).or_default().push(name.to_owned());
        }
    }
    faults
}

/// The ids of a line `/// Requirement: D1` or `/// Requirements: D1, D5`.
fn mark(line: &str) -> Option<impl Iterator<Item = &str>> {
    let comment = line.strip_prefix("///").or_else(|| line.strip_prefix('#'))?.trim_start();
    let ids = comment.strip_prefix("Requirement: ").or_else(|| comment.strip_prefix("Requirements: "))?;
    Some(ids.split(',').map(str::trim))
}

/// Whether a line is a comment, an attribute or a decorator.
fn is_above_function(line: &str) -> bool {
    ["///", "#", "@"].iter().any(|begin| line.starts_with(begin))
}

fn function(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").unwrap_or(line);
    let line = line.strip_prefix("fn ").or_else(|| line.strip_prefix("def "))?;
    line.split_once('(').map(|(name, _)| name)
}

/// The document with the last cell of each row written from `tests`, and what is missing on either side.
fn with_tests(document: &str, tests: &Tests) -> (String, Vec<String>) {
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    let mut written = String::with_capacity(document.len());
    let mut in_table = false;
    for line in document.lines() {
        in_table = line == HEAD || (in_table && line.starts_with('|'));
        let mut cells = line.split('|').map(str::trim).skip(1);
        match (in_table, cells.next(), cells.next()) {
            (true, Some(id), Some(requirement)) if is_id(id) => {
                let files = tests.get(id);
                if files.is_none() {
                    faults.push(format!("{DOCUMENT}: no test for requirement {id}"));
                }
                if !ids.insert(id) {
                    faults.push(format!("{DOCUMENT}: two requirements are called {id}"));
                }
                written.push_str(&format!("| {id} | {requirement} | {} |\n", cell(files)));
            }
            _ => {
                written.push_str(line);
                written.push('\n');
            }
        }
    }
    for (id, files) in tests.iter().filter(|(id, _)| !ids.contains(id.as_str())) {
        let files: Vec<&str> = files.keys().map(String::as_str).collect();
        faults.push(format!("{}: requirement {id} is not in the table of {DOCUMENT}", files.join(", ")));
    }
    (written, faults)
}

/// A capital letter and a number, such as `D10`.
fn is_id(cell: &str) -> bool {
    let number = cell.strip_prefix(|letter: char| letter.is_ascii_uppercase());
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `file`: `test`, `test`; `file`: `test`
fn cell(files: Option<&BTreeMap<String, Vec<String>>>) -> String {
    let of_file = |(file, names): (&String, &Vec<String>)| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("`{file}`: {}", names.join(", "))
    };
    files.into_iter().flatten().map(of_file).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "Words.\n\n| | requirement | tests |\n|---|---|---|\n| D1 | One. | |\n| D10 | Ten. | old |\n\n\
                         | D2 | of another table | as it is |\n";
    const FULL: &str = "Words.\n\n| | requirement | tests |\n|---|---|---|\n\
                        | D1 | One. | `a/b.rs`: `both`, `one` |\n| D10 | Ten. | `a/b.rs`: `both`; `c/d.py`: `test_ten` |\n\n\
                        | D2 | of another table | as it is |\n";
    const RUST: &str = "    /// Requirements: D1, D10\n    #[test]\n    #[ignore = \"slow\"]\n    fn both() {}\n\n\
                        /// Words of its own.\n///\n/// Requirement: D1\n/// More.\n#[rocket::async_test]\nasync fn one() {}\n\
                        /// Holds nothing in particular.\n#[test]\nfn other() {}\n";
    const PYTHON: &str = "# Requirement: D10\ndef test_ten():\n    pass\n";

    fn collected(files: &[(&str, &str)]) -> (Tests, Vec<String>) {
        let mut tests = Tests::new();
        let faults = files.iter().flat_map(|(path, text)| collect(path, text, &mut tests)).collect();
        (tests, faults)
    }

    #[test]
    fn the_table_is_written_from_the_marks_and_then_stays() {
        let (tests, faults) = collected(&[("a/b.rs", RUST), ("c/d.py", PYTHON)]);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(with_tests(EMPTY, &tests), (FULL.to_owned(), vec![]));
        assert_eq!(with_tests(FULL, &tests), (FULL.to_owned(), vec![]));
    }

    #[test]
    fn a_requirement_without_a_test_is_named() {
        let (tests, _) = collected(&[("c/d.py", PYTHON)]);
        assert_eq!(with_tests(FULL, &tests).1, ["docs/protocol.md: no test for requirement D1"]);
    }

    #[test]
    fn a_mark_without_a_requirement_and_a_requirement_that_is_there_twice_are_named() {
        let (tests, _) = collected(&[("a/b.rs", RUST)]);
        let without = FULL.replace("| D1 | One.", "| d1 | One.");
        assert_eq!(with_tests(&without, &tests).1, ["a/b.rs: requirement D1 is not in the table of docs/protocol.md"]);
        let twice = FULL.replace("| D10 |", "| D1 |");
        assert!(with_tests(&twice, &tests).1.contains(&"docs/protocol.md: two requirements are called D1".to_owned()));
    }

    #[test]
    fn a_mark_over_no_test_is_named() {
        let faults = |path, text: &str| collected(&[(path, text)]).1.len();
        assert_eq!(faults("a.rs", "/// Requirement: D1\n#[cfg(test)]\nfn no_test() {}\n"), 1);
        assert_eq!(faults("a.rs", "/// Requirement: D1\n\n#[test]\nfn further_down() {}\n"), 1);
        assert_eq!(faults("a.rs", "/// Requirement: D1"), 1);
        assert_eq!(faults("a.py", "# Requirement: D1\ndef no_test():\n"), 1);
    }
}
