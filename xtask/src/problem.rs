//! Why a chore could not be done, in words that say what to do.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{what} {}: {source}", path.display())]
    File { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error("cannot start `{program}`: {source}")]
    Start { program: String, source: std::io::Error },
    #[error("`{command}` failed ({status})")]
    Failed { command: String, status: std::process::ExitStatus },
    #[error("{0}")]
    Words(String),
}

impl Problem {
    /// For `map_err`: names the file and what was tried with it.
    pub(crate) fn file(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Problem + use<> {
        let path = path.to_owned();
        move |source| Problem::File { what, path, source }
    }
}
