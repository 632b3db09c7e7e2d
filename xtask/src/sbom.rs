//! Owns the lists of what the server's binary and the browser modules are made of: a CycloneDX document for each.

mod document;
mod graph;

use crate::problem::Problem;
use crate::project::{self, Project, WASM_TARGET};
use crate::wasm;
use graph::Graph;
use rustsec::Lockfile;
use serde_json::Value;
use std::fs;

/// Where the documents are written.
const FOLDER: &str = "target/sbom";

/// What is made from packages, and with which features.
#[derive(Debug)]
struct Artefact {
    /// `cliquet`, or the name of a browser module.
    name: &'static str,
    package: &'static str,
    /// In place of the package's default features.
    features: Option<&'static str>,
    target: String,
    /// Where macros and build scripts run.
    host: String,
}

/// What `cargo xtask build` makes, with the features that it is made with.
fn artefacts(project: &Project) -> Result<Vec<Artefact>, Problem> {
    let version = project::read(project.program("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or_else(|| Problem::Words("`rustc -vV` does not name the machine it compiles for".into()))?;
    let artefact = |name, package, features, target: &str| Artefact {
        name,
        package,
        features,
        target: target.to_owned(),
        host: host.to_owned(),
    };
    let binary = artefact("cliquet", "cliquet-server", None, host);
    let module = |module: &wasm::Module| artefact(module.name, "cliquet-web-crypto", Some(module.feature), WASM_TARGET);
    Ok(std::iter::once(binary).chain(wasm::MODULES.iter().map(module)).collect())
}

pub(crate) fn write(project: &Project) -> Result<(), Problem> {
    let folder = project.path(FOLDER);
    fs::create_dir_all(&folder).map_err(Problem::file("cannot make", &folder))?;
    for artefact in artefacts(project)? {
        let document = document(project, &artefact)?;
        let path = folder.join(format!("{}.cdx.json", artefact.name));
        fs::write(&path, format!("{document:#}\n")).map_err(Problem::file("cannot write", &path))?;
        println!("{FOLDER}/{}.cdx.json", artefact.name);
    }
    Ok(())
}

fn document(project: &Project, artefact: &Artefact) -> Result<Value, Problem> {
    let graph = Graph::of(|| project.cargo(), artefact)?;
    let mut metadata = project.cargo();
    metadata.args(["metadata", "--locked", "--format-version", "1"]);
    metadata.args(["--filter-platform", &artefact.target, "--filter-platform", &artefact.host]);
    let metadata: Value = serde_json::from_str(&project::read(&mut metadata)?)
        .map_err(|error| Problem::Words(format!("cargo metadata cannot be read: {error}")))?;
    let lock_file = Lockfile::load(project.path("Cargo.lock"))
        .map_err(|error| Problem::Words(format!("Cargo.lock cannot be read: {error}")))?;
    document::of(artefact, &graph, &metadata, &lock_file)
}

#[cfg(test)]
mod tests;
