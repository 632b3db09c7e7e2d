//! Owns how Prometheus and promtool come to the tests: those that are installed, or Debian's package, unpacked into a
//! folder of their own under `target/`. It is not installed: an installation would start it as a service of the
//! machine.

use crate::prerequisites::is_installed;
use crate::problem::Problem;
use crate::project::{self, Project};
use std::fs;
use std::path::{Path, PathBuf};

/// Looked for there by `server/tests/observed/prometheus.rs` too.
const UNPACKED: &str = "target/prometheus";
const PROGRAMS: [&str; 2] = ["prometheus", "promtool"];
const PACKAGE: &str = "prometheus";

pub(crate) fn bring(project: &Project) -> Result<(), Problem> {
    if is_there(project) {
        return Ok(());
    }
    if ["apt-get", "dpkg-deb"].into_iter().all(is_installed) {
        println!("Bringing Prometheus for the tests, into {UNPACKED}");
        unpack(project)?;
    }
    if is_there(project) { Ok(()) } else { Err(Problem::Words(ADVICE.to_owned())) }
}

const ADVICE: &str = "the tests need prometheus and promtool\n  on Debian or Ubuntu: sudo apt-get update, then this \
                      again: it unpacks the package and installs nothing\n  elsewhere: put both where PATH finds \
                      them\n  or leave those tests out: cargo xtask test --without prometheus";

fn is_there(project: &Project) -> bool {
    PROGRAMS
        .iter()
        .all(|program| is_installed(program) || project.path(UNPACKED).join("usr/bin").join(program).is_file())
}

fn unpack(project: &Project) -> Result<(), Problem> {
    let folder = project.path(UNPACKED);
    fs::create_dir_all(&folder).map_err(Problem::file("cannot make", &folder))?;
    // What an earlier try left.
    for package in packages(&folder)? {
        fs::remove_file(&package).map_err(Problem::file("cannot remove", &package))?;
    }
    project::run(project.program("apt-get").args(["download", "--quiet", PACKAGE]).current_dir(&folder))?;
    for package in packages(&folder)? {
        project::run(project.program("dpkg-deb").arg("--extract").args([&package, &folder]))?;
        fs::remove_file(&package).map_err(Problem::file("cannot remove", &package))?;
    }
    Ok(())
}

fn packages(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let found = project::files(folder)?;
    Ok(found.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "deb")).collect())
}
