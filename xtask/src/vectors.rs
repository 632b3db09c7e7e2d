//! Owns the browser module of the published test vectors. It lies beside what is served and is never part of it: a test
//! in a real browser loads it from a little server of its own.

use crate::fingerprint::{self, Inputs};
use crate::problem::Problem;
use crate::project::{self, Project, WASM_TARGET};
use crate::wasm;
use std::fs;
use std::path::PathBuf;

const NAME: &str = "vectors";

/// `vectors.js` and `vectors_bg.wasm`.
fn directory(project: &Project) -> PathBuf {
    project.path("target/vectors")
}

pub(crate) fn build(project: &Project) -> Result<(), Problem> {
    wasm::add_target(project)?;
    let flags = wasm::flags(project)?;
    let inputs = inputs(project, &flags)?;
    let made = directory(project);
    fs::create_dir_all(&made).map_err(Problem::file("cannot make", &made))?;
    let stamp = made.join("vectors.stamp");
    if made.join("vectors.js").exists() && fingerprint::is_fresh(&stamp, &inputs) {
        return Ok(());
    }
    println!("Building the browser module of the published test vectors");
    let mut cargo = project.cargo();
    cargo.args(["rustc", "--quiet", "--package", "cliquet-vectors", "--lib", "--crate-type", "cdylib", "--locked"]);
    // The same profile, flags and folder as the modules that are served, so that the same dependencies are tested.
    cargo.args(["--target", WASM_TARGET, "--profile", "wasm", "--target-dir", "target/wasm"]);
    project::run(cargo.env("CARGO_ENCODED_RUSTFLAGS", &flags).env_remove("RUSTFLAGS"))?;
    let compiled = project.path("target/wasm").join(WASM_TARGET).join("wasm/cliquet_vectors.wasm");
    wasm::bind(&compiled, NAME, &made)?;
    fingerprint::remember(&stamp, &inputs)
}

fn inputs(project: &Project, flags: &str) -> Result<String, Problem> {
    let mut inputs = Inputs::default();
    inputs.text(&wasm::inputs(project, flags)?);
    inputs.text(include_str!("vectors.rs"));
    inputs.file(&project.path("web-crypto/vectors/Cargo.toml"))?;
    for file in project::files(&project.path("web-crypto/vectors/src"))? {
        inputs.file(&file)?;
    }
    Ok(inputs.finish())
}
