//! Owns the table of requirements in docs/protocol.md: that each has a test, that each named test is there, and that no
//! test for a requirement is missing from it.

use crate::problem::Problem;
use crate::project::Project;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

pub(crate) const DOCUMENT: &str = "docs/protocol.md";
/// Key agreement, cross-signing, double ratchet: how many requirements each letter has.
const REQUIREMENTS: [(char, u32); 3] = [('K', 9), ('C', 4), ('D', 10)];

/// A test, as the table names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    requirement: String,
    file: String,
    test: String,
}

/// `sources`: the paths, from the root, of all our own Rust files.
pub(crate) fn check<'a>(project: &Project, sources: impl Iterator<Item = &'a Path>) -> Result<Vec<String>, Problem> {
    let document = project.path(DOCUMENT);
    let table = table(&fs::read_to_string(&document).map_err(Problem::file("cannot read", &document))?);
    let mut files = Vec::new();
    for source in sources {
        let text = fs::read_to_string(project.root.join(source)).map_err(Problem::file("cannot read", source))?;
        files.push((source.to_string_lossy().into_owned(), text));
    }
    Ok(faults(&table, &files))
}

/// The rows `| K1 | what | `file`: `test`, `test`; `file`: `test` |`.
fn table(document: &str) -> Vec<Named> {
    let mut named = Vec::new();
    for line in document.lines() {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (Some(requirement), Some(_), Some(tests)) = (cells.next(), cells.next(), cells.next()) else { continue };
        if !ids().contains(requirement) {
            continue;
        }
        let mut file = String::new();
        // Between every other pair of backticks stands a name.
        for name in tests.split('`').skip(1).step_by(2) {
            if name.contains('/') {
                file = name.to_owned();
            } else {
                named.push(Named { requirement: requirement.into(), file: file.clone(), test: name.into() });
            }
        }
    }
    named
}

fn faults(table: &[Named], files: &[(String, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    for id in ids() {
        if !table.iter().any(|named| named.requirement == id) {
            faults.push(format!("{DOCUMENT}: no test for requirement {id}"));
        }
    }
    for Named { requirement, file, test } in table {
        let there = files.iter().any(|(path, text)| path == file && functions(text).any(|name| name == test));
        if !there {
            faults.push(format!("{DOCUMENT}: {requirement} names {test}, which is not in {file}"));
        }
    }
    for (path, text) in files {
        for test in functions(text) {
            for requirement in requirements_of(test) {
                let named = Named { requirement, file: path.clone(), test: test.to_owned() };
                if !table.contains(&named) {
                    faults
                        .push(format!("{path}: {test} is not in the table of {DOCUMENT} under {}", named.requirement));
                }
            }
        }
    }
    faults
}

fn ids() -> BTreeSet<String> {
    REQUIREMENTS.iter().flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n}"))).collect()
}

fn functions(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
        line.split_once('(').map(|(name, _)| name)
    })
}

/// `d1_d5_every_flipped_bit…` proves D1 and D5.
fn requirements_of(test: &str) -> impl Iterator<Item = String> {
    test.split('_').map(str::to_uppercase).take_while(|word| ids().contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_table() -> (String, Vec<(String, String)>) {
        let row = |id: &String| format!("| {id} | what | `a/b.rs`: `{}_holds` |\n", id.to_lowercase());
        let function = |id: &String| format!("    async fn {}_holds() {{}}\n", id.to_lowercase());
        let files = vec![("a/b.rs".to_owned(), ids().iter().map(function).collect())];
        (ids().iter().map(row).collect(), files)
    }

    #[test]
    fn a_full_table_is_tidy() {
        let (document, files) = full_table();
        assert_eq!(faults(&table(&document), &files), Vec::<String>::new());
    }

    #[test]
    fn a_requirement_without_a_test_and_a_test_that_is_gone_are_named() {
        let (document, files) = full_table();
        let without: String =
            document.lines().filter(|line| !line.contains("K1 ")).map(|line| format!("{line}\n")).collect();
        // Its row, and the test that stands in no row.
        assert_eq!(faults(&table(&without), &files).len(), 2);
        let renamed = vec![(files[0].0.clone(), files[0].1.replace("d10_holds", "d10_held"))];
        assert_eq!(faults(&table(&document), &renamed).len(), 2);
    }

    #[test]
    fn a_test_for_two_requirements_stands_in_both_rows() {
        let (mut document, mut files) = full_table();
        files.push(("a/c.rs".into(), "fn d1_d5_both() {}\nfn k1() {}\nfn key_d1_is_none() {}".into()));
        assert_eq!(faults(&table(&document), &files).len(), 3, "k1 is one, too");
        document += "| D1 | what | `a/c.rs`: `d1_d5_both` |\n| D5 | what | `a/c.rs`: `d1_d5_both` |\n";
        document += "| K1 | what | `a/c.rs`: `k1` |\n";
        assert_eq!(faults(&table(&document), &files), Vec::<String>::new());
    }
}
