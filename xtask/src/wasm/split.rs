//! Owns the taking apart of a linked module: the main part, and the chunks that are fetched when a function in them is
//! first called. Knows nothing of JavaScript.
//!
//! Which function goes where is said in the code, by `#[wasm_split(NAME, fallible)]`. What only one name needs is in that
//! name's chunk; what several names need, and the main part does not, is in a chunk for that set of names.

use super::encode;
use crate::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::Level;
use wasm_split_cli_support::{Options, SplitWasm, transform};

/// Each set of names that shares code is a file: with more names there would be dozens.
pub(super) const NAMES_MAX: usize = 6;

/// The module from which the main part imports the functions that load chunks.
pub(super) const LOADER: &str = "./__wasm_split.js";

/// One file beside the main part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The names that need it, in alphabetical order.
    pub(super) names: BTreeSet<String>,
    pub(super) wasm: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Parts {
    /// Still with what wasm-bindgen reads.
    pub(super) main: Vec<u8>,
    /// In the order in which they can be instantiated: what is shared comes first.
    pub(super) chunks: Vec<Chunk>,
}

/// Takes the module apart. `folder` is for the splitter's own files.
///
/// # Errors
///
/// Everything that the splitter warns of: it would leave the concerned function in the main part without a word.
pub(super) fn split(linked: &[u8], folder: &Path) -> Result<Parts, Problem> {
    // What an earlier run left would be taken for this one's.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(Problem::file("cannot make", folder))?;
    let main = folder.join("main.wasm");
    let mut options = Options::new(linked);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.link_name = LOADER;
    let made = quietly(|| transform(options))?;
    let read = |path: &Path| fs::read(path).map_err(Problem::file("cannot read", path));
    let chunks = chunks(&made, |file| read(&folder.join(format!("{file}.wasm"))))?;
    Ok(Parts { main: read(&main)?, chunks })
}

/// Runs the splitter. What it warns of is an error.
fn quietly<T, E: std::fmt::Display>(work: impl FnOnce() -> Result<T, E>) -> Result<T, Problem> {
    let said = Said::default();
    let writer = said.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::WARN)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    let done = tracing::subscriber::with_default(subscriber, work);
    let done = done.map_err(|error| Problem::Words(format!("the module cannot be split: {error:#}")))?;
    let said = said.text();
    if said.is_empty() { Ok(done) } else { Err(Problem::Words(format!("the splitter warns:\n{}", said.trim_end()))) }
}

/// Collects what is logged, from every thread of the splitter.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// By the names that need them, from the splitter's list of the files that each name needs.
fn chunks(made: &SplitWasm, read: impl Fn(&str) -> Result<Vec<u8>, Problem>) -> Result<Vec<Chunk>, Problem> {
    let mut needed_by: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for (name, files) in &made.prefetch_map {
        if !files.iter().any(|file| file.starts_with("split_")) {
            let why = "everything that it needs is in the main part or shared with others";
            return Err(Problem::Words(format!("the chunk {name} is empty: {why}")));
        }
        for file in files {
            needed_by.entry(file).or_default().insert(name.clone());
        }
    }
    if made.prefetch_map.len() > NAMES_MAX {
        let words = format!("{} split names; at most {NAMES_MAX} make few files", made.prefetch_map.len());
        return Err(Problem::Words(words));
    }
    let mut chunks = Vec::new();
    for (file, names) in needed_by {
        let wasm = encode::compact(&read(file)?)
            .map_err(|error| Problem::Words(format!("the chunk {file} cannot be encoded: {error}")))?;
        chunks.push(Chunk { names, wasm });
    }
    chunks.sort_by(|one, other| other.names.len().cmp(&one.names.len()).then(one.names.cmp(&other.names)));
    Ok(chunks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_of_the_splitter_is_an_error_and_information_is_none() {
        let work = || {
            tracing::info!("all is well");
            Ok::<_, String>(1)
        };
        assert_eq!(quietly(work).unwrap(), 1);
        let problem = quietly(|| {
            // As the splitter does, from another thread.
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            let thread = std::thread::spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || tracing::warn!("nobody calls it"));
            });
            thread.join().unwrap();
            Ok::<_, String>(1)
        });
        assert!(problem.unwrap_err().to_string().contains("nobody calls it"));
    }
}
