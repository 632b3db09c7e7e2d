//! Owns the browser module of the published test vectors. It lies beside what is served and is never part of it: a test
//! in a real browser loads it from a little server of its own. So it need be neither small nor reproducible.

use crate::fingerprint::{self, Inputs};
use crate::problem::Problem;
use crate::project::{self, Project, WASM_TARGET};
use crate::wasm;
use std::fs;
use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

/// As in the modules that are served: it decides how the arithmetic is compiled.
const FLAGS: &str = "-Ctarget-feature=+simd128";

pub(crate) fn build(project: &Project) -> Result<(), Problem> {
    wasm::add_target(project)?;
    let inputs = inputs(project)?;
    let made = project.path("target/vectors");
    fs::create_dir_all(&made).map_err(Problem::file("cannot make", &made))?;
    let stamp = made.join("vectors.stamp");
    if made.join("vectors.js").exists() && fingerprint::is_fresh(&stamp, &inputs) {
        return Ok(());
    }
    let mut cargo = project.cargo();
    cargo.args(["rustc", "--package", "cliquet-vectors", "--lib", "--crate-type", "cdylib", "--locked"]);
    // The same folder as the served modules', which have compiled the macros already.
    cargo.args(["--target", WASM_TARGET, "--profile", "wasm", "--target-dir", "target/wasm"]);
    project::run(cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS).env_remove("RUSTFLAGS"))?;
    let compiled = project.path("target/wasm").join(WASM_TARGET).join("wasm/cliquet_vectors.wasm");
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name("vectors").typescript(false).omit_default_module_path(true);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(&made))
        .map_err(|error| Problem::Words(format!("wasm-bindgen could not make the glue of the vectors: {error:#}")))?;
    fingerprint::remember(&stamp, &inputs)
}

fn inputs(project: &Project) -> Result<String, Problem> {
    let mut inputs = Inputs::default();
    inputs.text(include_str!("vectors.rs"));
    inputs.text(&project::read(project.program("rustc").arg("-vV"))?);
    let mut files: Vec<PathBuf> =
        ["Cargo.toml", "Cargo.lock", "web-crypto/Cargo.toml", "web-crypto/vectors/Cargo.toml", "wire/Cargo.toml"]
            .map(|file| project.path(file))
            .into();
    for directory in ["web-crypto/src", "web-crypto/vectors/src", "web-crypto/primitives/src", "wire/src"] {
        files.extend(project::files(&project.path(directory))?);
    }
    for file in &files {
        inputs.file(file)?;
    }
    Ok(inputs.finish())
}
