//! Every kept input of every fuzz target, once: what a fuzzer found stays mended.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use cliquet_trials::targets;
use std::{collections::BTreeSet, fs, path::PathBuf};

/// Small enough for a repository.
const CORPUS_BYTES_MAX: u64 = 300 * 1024;

fn fuzz(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(folder)
}

fn names(folder: PathBuf) -> BTreeSet<String> {
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_kept_input_of_every_fuzz_target_keeps_its_promises() {
    let (mut inputs, mut bytes) = (0, 0);
    for (name, body) in targets::ALL {
        let folder = fuzz("corpus").join(name);
        for file in names(folder.clone()) {
            let input = fs::read(folder.join(&file)).unwrap();
            (inputs, bytes) = (inputs + 1, bytes + input.len() as u64);
            // The test runner shows this when the input fails.
            println!("{name}/{file}");
            body(&input);
        }
    }
    assert!(inputs > targets::ALL.len());
    assert!(bytes <= CORPUS_BYTES_MAX, "{bytes} bytes: minimise the corpus");
}

#[test]
fn every_fuzz_target_has_a_body_and_a_corpus_here() {
    let bodies: BTreeSet<String> = targets::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    let programs: BTreeSet<String> =
        names(fuzz("fuzz_targets")).iter().map(|name| name.trim_end_matches(".rs").to_owned()).collect();
    assert_eq!(bodies, programs);
    assert_eq!(bodies, names(fuzz("corpus")));
}
