//! The book that mdBook makes of `docs`: its table of contents names every document.

use crate::problem::Problem;
use crate::project::{self, Project};
use std::collections::BTreeSet;
use std::fs;

const DOCUMENTS: &str = "docs";
const CONTENTS: &str = "docs/SUMMARY.md";

/// Documents that the book lacks, and chapters that are no documents.
///
/// # Errors
///
/// When the folder or its table of contents cannot be read.
pub(crate) fn check(project: &Project) -> Result<Vec<String>, Problem> {
    let (folder, contents) = (project.path(DOCUMENTS), project.path(CONTENTS));
    let text = fs::read_to_string(&contents).map_err(Problem::file("cannot read", &contents))?;
    let documents = project::files(&folder)?.into_iter().filter(|path| *path != contents);
    let documents = documents.filter_map(|path| Some(path.strip_prefix(&folder).ok()?.to_str()?.to_owned()));
    Ok(differences(&text, &documents.filter(|path| path.ends_with(".md")).collect()))
}

fn differences(contents: &str, documents: &BTreeSet<String>) -> Vec<String> {
    let chapters: Vec<&str> = contents.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)).collect();
    let lacks = documents.iter().filter(|document| !chapters.contains(&document.as_str()));
    let lacks = lacks.map(|document| format!("{CONTENTS} does not name {document}"));
    let wrong = chapters.iter().filter(|chapter| !documents.contains(**chapter));
    lacks.chain(wrong.map(|chapter| format!("{CONTENTS} names {chapter}, which is not there"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_is_not_named_and_a_chapter_that_is_not_there_are_found() {
        let documents = ["README.md", "new.md", "decisions/0001.md"].map(str::to_owned).into();
        let contents = "[Cliquet](README.md)\n- [One](decisions/0001.md)\n- [Gone](gone.md)\n";
        let found = differences(contents, &documents);
        assert_eq!(
            found,
            ["docs/SUMMARY.md does not name new.md", "docs/SUMMARY.md names gone.md, which is not there"]
        );
        let whole = contents.replace("gone.md", "new.md");
        assert!(differences(&whole, &documents).is_empty());
    }
}
