//! Owns the rule that each lock file agrees with the manifests beside it. The workspaces of the benchmarks and of the fuzz
//! targets are built by no test, and a stale lock file stops them.

use crate::problem::Problem;
use crate::project::Project;
use std::path::Path;
use std::process::Command;

/// Each workspace has a lock file of its own.
pub(crate) const WORKSPACES: [&str; 4] = [".", "web-crypto/fuzz", "bench/crypto", "bench/server"];

/// What is wrong with the lock files of all workspaces.
///
/// # Errors
///
/// When cargo itself cannot be started.
pub(crate) fn check(project: &Project) -> Result<Vec<String>, Problem> {
    let mut faults = Vec::new();
    for workspace in WORKSPACES {
        if !is_current(project, &project.path(workspace))? {
            faults.push(format!(
                "{workspace}/Cargo.lock does not agree with its manifest: `cargo update --workspace` in {workspace}"
            ));
        }
    }
    Ok(faults)
}

/// Asks without the network first. A machine that never asked the registry has nothing to answer from, and asks it now.
fn is_current(project: &Project, workspace: &Path) -> Result<bool, Problem> {
    Ok(agrees(&mut project.cargo(), workspace, &["--offline"])? || agrees(&mut project.cargo(), workspace, &[])?)
}

/// Cargo with `--locked` refuses to write a lock file that would have to change.
fn agrees(cargo: &mut Command, workspace: &Path, more: &[&str]) -> Result<bool, Problem> {
    cargo.args(["update", "--workspace", "--locked", "--quiet"]).args(more).current_dir(workspace);
    let output = cargo.output().map_err(|error| Problem::Words(format!("cannot start cargo: {error}")))?;
    Ok(output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_lock_file_that_lacks_a_dependency_is_found_and_stays_as_it_is() {
        let folder = std::env::temp_dir().join(format!("cliquet-lock-{}", std::process::id()));
        fs::create_dir_all(folder.join("one/src")).unwrap();
        fs::create_dir_all(folder.join("two/src")).unwrap();
        let manifest = |name: &str, more: &str| {
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{more}")
        };
        fs::write(folder.join("one/src/lib.rs"), "").unwrap();
        fs::write(folder.join("two/src/lib.rs"), "").unwrap();
        fs::write(folder.join("two/Cargo.toml"), manifest("two", "")).unwrap();
        fs::write(folder.join("one/Cargo.toml"), manifest("one", "") + "[workspace]\n").unwrap();
        let one = folder.join("one");
        assert!(
            Command::new("cargo")
                .args(["generate-lockfile", "--offline"])
                .current_dir(&one)
                .status()
                .unwrap()
                .success()
        );
        assert!(agrees(&mut Command::new("cargo"), &one, &["--offline"]).unwrap());

        let before = fs::read(one.join("Cargo.lock")).unwrap();
        fs::write(one.join("Cargo.toml"), manifest("one", "two = { path = \"../two\" }\n") + "[workspace]\n").unwrap();
        assert!(!agrees(&mut Command::new("cargo"), &one, &["--offline"]).unwrap());
        assert_eq!(fs::read(one.join("Cargo.lock")).unwrap(), before);
        fs::remove_dir_all(&folder).unwrap();
    }
}
