//! Owns how packages of npm come: the exact versions of a lock file, into a folder under `target/`, without their scripts.

use crate::problem::Problem;
use crate::project::{self, Project};
use std::fs;
use std::path::{Path, PathBuf};

/// Brings what `package.json` and `package-lock.json` in `list` name, unless it is there. Returns the folder of modules.
pub(crate) fn bring(project: &Project, list: &str, to: &str) -> Result<PathBuf, Problem> {
    let folder = project.path(to);
    let modules = folder.join("node_modules");
    let lock_file = project.path(list).join("package-lock.json");
    let wanted = fs::read_to_string(&lock_file).map_err(Problem::file("cannot read", &lock_file))?;
    let stamp = folder.join("brought.json");
    if modules.is_dir() && fs::read_to_string(&stamp).is_ok_and(|brought| brought == wanted) {
        return Ok(modules);
    }
    fs::create_dir_all(&folder).map_err(Problem::file("cannot make", &folder))?;
    for file in ["package.json", "package-lock.json"] {
        copy(&project.path(list).join(file), &folder.join(file))?;
    }
    project::run(project.program("npm").current_dir(&folder).args(["ci", "--ignore-scripts", "--silent"]))?;
    fs::write(&stamp, wanted).map_err(Problem::file("cannot write", &stamp))?;
    Ok(modules)
}

fn copy(from: &Path, to: &Path) -> Result<(), Problem> {
    fs::copy(from, to).map(drop).map_err(Problem::file("cannot copy", from))
}
