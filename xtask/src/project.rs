//! Owns where things are and how other programs are started. Knows nothing of what they do.

use crate::problem::Problem;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

pub(crate) struct Project {
    pub(crate) root: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Result<Self, Problem> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.parent().filter(|root| root.join("Cargo.lock").exists());
        let root = root.ok_or_else(|| Problem::Words("run this from a checkout of the project".into()))?;
        Ok(Self { root: root.to_owned() })
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(crate) fn cargo(&self) -> Command {
        self.program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// A program started at the project's root, without what the surrounding `cargo run` added to the environment:
    /// build scripts that watch those variables would run again each time.
    pub(crate) fn program(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root);
        for (name, _) in env::vars_os() {
            let added = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
            if name.to_str().is_some_and(|name| added.iter().any(|prefix| name.starts_with(prefix))) {
                command.env_remove(name);
            }
        }
        command
    }
}

/// Runs to the end with this terminal's output.
pub(crate) fn run(command: &mut Command) -> Result<(), Problem> {
    let status = command.status().map_err(|source| Problem::Start { program: name(command), source })?;
    if status.success() { Ok(()) } else { Err(Problem::Failed { command: line(command), status }) }
}

/// Runs to the end and returns what was written to standard output.
pub(crate) fn read(command: &mut Command) -> Result<String, Problem> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|source| Problem::Start { program: name(command), source })?;
    if !output.status.success() {
        return Err(Problem::Failed { command: line(command), status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name(command)).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn name(command: &Command) -> String {
    let path = Path::new(command.get_program());
    path.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned()
}

/// Every file under `directory`, in a stable order; nothing if it is not there.
pub(crate) fn files(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    if !directory.exists() {
        return Ok(found);
    }
    let entries = fs::read_dir(directory).map_err(Problem::file("cannot list", directory))?;
    for entry in entries {
        let path = entry.map_err(Problem::file("cannot list", directory))?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}
