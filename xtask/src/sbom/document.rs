//! Owns the shape of a list: CycloneDX 1.5 in JSON (<https://cyclonedx.org/docs/1.5/json/>). It has no time and no path in
//! it, so that the same lock file gives the same bytes on two machines of a kind.

use super::Artefact;
use super::graph::{Graph, Package};
use crate::problem::Problem;
use rustsec::Lockfile;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// # Errors
///
/// When the graph has a package that the metadata or the lock file lacks.
pub(super) fn of(artefact: &Artefact, graph: &Graph, metadata: &Value, lock_file: &Lockfile) -> Result<Value, Problem> {
    let descriptions = descriptions(metadata);
    let mut components = Vec::new();
    for package in graph.needs.keys() {
        let description = descriptions.get(package).ok_or_else(|| unknown(package, "cargo metadata"))?;
        let mut component = component(package, description, lock_file)?;
        let scope = if graph.linked.contains(package) { "required" } else { "excluded" };
        component.insert("scope".to_owned(), json!(scope));
        components.push(Value::Object(component));
    }
    let dependencies: Vec<Value> =
        std::iter::once(json!({ "ref": artefact.name, "dependsOn": [purl(&graph.root, lock_file)?] }))
            .chain(dependencies(graph, lock_file)?)
            .collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": artefact.name,
                "name": artefact.name,
                "version": graph.root.version,
            },
            "properties": [{ "name": "cliquet:target", "value": artefact.target }],
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn unknown(package: &Package, source: &str) -> Problem {
    Problem::Words(format!("{source} lacks {} {}, which an artefact is made from", package.name, package.version))
}

/// What `cargo metadata` says of each package.
fn descriptions(metadata: &Value) -> BTreeMap<Package, &Value> {
    let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    let with_key = packages.filter_map(|description| {
        let text = |name: &str| description.get(name).and_then(Value::as_str).map(str::to_owned);
        Some((Package { name: text("name")?, version: text("version")? }, description))
    });
    with_key.collect()
}

fn component(package: &Package, description: &Value, lock_file: &Lockfile) -> Result<Map<String, Value>, Problem> {
    let purl = purl(package, lock_file)?;
    let names = ["type", "bom-ref", "name", "version", "purl"];
    let values = ["library", &purl, &package.name, &package.version, &purl];
    let mut component = Map::from_iter(names.into_iter().map(str::to_owned).zip(values.map(Value::from)));
    if let Some(licence) = description.get("license").and_then(Value::as_str) {
        component.insert("licenses".to_owned(), json!([{ "expression": expression(licence) }]));
    } else if let Some(file) = description.get("license_file").and_then(Value::as_str) {
        component.insert("licenses".to_owned(), json!([{ "license": { "name": file } }]));
    }
    if let Some(checksum) = &locked(package, lock_file)?.checksum {
        component.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": format!("{checksum:x}") }]));
    }
    Ok(component)
}

/// Older crates separate licences by a slash, which SPDX does not know.
fn expression(licence: &str) -> String {
    licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")
}

/// The address of a package in the world. Ours are not on crates.io, where somebody else may take their names.
fn purl(package: &Package, lock_file: &Lockfile) -> Result<String, Problem> {
    let kind = if locked(package, lock_file)?.source.is_some() { "cargo" } else { "generic" };
    // `+` begins a build's name in a version, and means a space in an address.
    Ok(format!("pkg:{kind}/{}@{}", package.name, package.version.replace('+', "%2B")))
}

fn locked<'a>(package: &Package, lock_file: &'a Lockfile) -> Result<&'a rustsec::package::Package, Problem> {
    let is_it = |locked: &&rustsec::package::Package| {
        locked.name.as_str() == package.name && locked.version.to_string() == package.version
    };
    lock_file.packages.iter().find(is_it).ok_or_else(|| unknown(package, "the lock file"))
}

fn dependencies(graph: &Graph, lock_file: &Lockfile) -> Result<Vec<Value>, Problem> {
    let of = |(package, needs): (&Package, &BTreeSet<Package>)| -> Result<Value, Problem> {
        let needs = needs.iter().map(|needed| purl(needed, lock_file)).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "ref": purl(package, lock_file)?, "dependsOn": needs }))
    };
    graph.needs.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_between_licences_is_an_or() {
        assert_eq!(expression("MIT/Apache-2.0"), "MIT OR Apache-2.0");
        assert_eq!(expression("Unlicense / MIT"), "Unlicense OR MIT");
        assert_eq!(expression("(MIT OR Apache-2.0) AND Unicode-3.0"), "(MIT OR Apache-2.0) AND Unicode-3.0");
    }
}
