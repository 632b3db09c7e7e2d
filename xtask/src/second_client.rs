//! Owns the environment of the second client, which the tests let talk with ours: Python packages of exact versions, in a
//! folder of their own under `target/`, from PyPI.

use crate::problem::Problem;
use crate::project::{self, Project};
use std::fs;

/// What Debian leaves out of Python: looked for as if it were a program.
pub(crate) const ENSUREPIP: &str = "ensurepip";
const PACKAGES: &str = "server/tests/second_client/requirements.txt";
const ENVIRONMENT: &str = "target/second-client";

pub(crate) fn has_ensurepip(project: &Project) -> bool {
    project
        .program("python3")
        .args(["-c", "import ensurepip, venv"])
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Makes it once, and again when the list of packages changes.
pub(crate) fn bring(project: &Project) -> Result<(), Problem> {
    let (list, made) = (project.path(PACKAGES), project.path(ENVIRONMENT));
    let packages = fs::read_to_string(&list).map_err(Problem::file("cannot read", &list))?;
    let stamp = made.join("packages.txt");
    if fs::read_to_string(&stamp).is_ok_and(|kept| kept == packages) {
        return Ok(());
    }
    println!("Bringing the packages of the second client");
    project::run(project.program("python3").args(["-m", "venv", "--clear", ENVIRONMENT]))?;
    let mut pip = project.program(made.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
        "--require-hashes",
    ]);
    project::run(pip.args(["--requirement", PACKAGES]))?;
    fs::write(&stamp, packages).map_err(Problem::file("cannot write", &stamp))
}
