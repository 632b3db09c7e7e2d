//! Owns what is checked beyond the tests: the documentation and the dependencies.

use crate::problem::Problem;
use crate::progress::Progress;
use crate::project::{self, Project};
use crate::test;

pub(crate) fn ci(project: &Project, options: &test::Options) -> Result<(), Problem> {
    let mut progress = Progress::of(2 + test::steps(options));
    progress.step("documentation");
    let mut doc = project.cargo();
    doc.args(["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"]);
    project::run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    progress.step("dependencies");
    // An advisory database needs the network, so it is asked only where the tool is installed.
    if project::read(project.cargo().args(["deny", "--version"])).is_ok() {
        project::run(project.cargo().args(["deny", "check"]))?;
    } else {
        println!("Left out: cargo deny (not installed; cargo install cargo-deny)");
    }
    test::run_all(project, options, &mut progress)
}
