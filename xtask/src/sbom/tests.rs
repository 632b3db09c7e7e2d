//! Holds the documents of the project against what cargo says it builds, and against themselves.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static DOCUMENTS: LazyLock<Vec<(Artefact, Value)>> = LazyLock::new(documents);

fn documents() -> Vec<(Artefact, Value)> {
    let project = Project::find().unwrap();
    let with_document = |artefact| {
        let document = document(&project, &artefact).unwrap();
        (artefact, document)
    };
    artefacts(&project).unwrap().into_iter().map(with_document).collect()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// `name version` of every component that is linked, or of all.
fn packages(document: &Value, only_linked: bool) -> BTreeSet<String> {
    let components = list(document, "components").iter();
    let chosen = components.filter(|component| !only_linked || text(component, "scope") == "required");
    chosen.map(|component| format!("{} {}", text(component, "name"), text(component, "version"))).collect()
}

/// What cargo says an artefact is linked from, read without regard to depth.
fn linked(artefact: &Artefact) -> BTreeSet<String> {
    let mut cargo = Project::find().unwrap().cargo();
    cargo.args(["tree", "--quiet", "--locked", "--package", artefact.package, "--target", &artefact.target]);
    cargo.args(["--edges", "normal,no-proc-macro", "--prefix", "none", "--no-dedupe", "--format", "{p}"]);
    if let Some(features) = artefact.features {
        cargo.args(["--no-default-features", "--features", features]);
    }
    let name_and_version = |line: &str| {
        let mut words = line.split_whitespace();
        format!("{} {}", words.next().unwrap(), words.next().unwrap().trim_start_matches('v'))
    };
    project::read(&mut cargo).unwrap().lines().map(name_and_version).collect()
}

#[test]
fn every_package_of_the_lock_file_that_an_artefact_is_made_from_is_in_its_list_and_nothing_else() {
    let lock_file = Lockfile::load(Project::find().unwrap().path("Cargo.lock")).unwrap();
    let locked: BTreeSet<String> =
        lock_file.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect();
    for (artefact, document) in &*DOCUMENTS {
        assert_eq!(packages(document, true), linked(artefact), "{}", artefact.name);
        assert!(packages(document, false).is_subset(&locked), "{}", artefact.name);
        assert!(packages(document, false).len() < locked.len(), "{}", artefact.name);
    }
}

#[test]
fn the_server_s_list_has_no_secrets_of_clients_and_a_browser_module_s_has_no_server() {
    let names = |document: &Value| -> BTreeSet<String> {
        list(document, "components").iter().map(|component| text(component, "name").to_owned()).collect()
    };
    for (artefact, document) in &*DOCUMENTS {
        let names = names(document);
        let is_in = |name: &str| names.contains(name);
        let is_server = artefact.name == "cliquet";
        for of_server in ["rocket", "rusqlite", "libsqlite3-sys"] {
            assert_eq!(is_in(of_server), is_server, "{of_server} in {}", artefact.name);
        }
        for of_clients in ["cliquet-web-crypto", "cliquet-primitives", "aes-gcm", "ml-kem", "wasm-bindgen"] {
            assert_eq!(is_in(of_clients), !is_server, "{of_clients} in {}", artefact.name);
        }
        for only_in_tests in ["fantoccini", "proptest", "cliquet-trials", "xtask"] {
            assert!(!is_in(only_in_tests), "{only_in_tests} in {}", artefact.name);
        }
    }
}

#[test]
fn each_component_has_its_address_and_licence_and_what_comes_from_crates_io_the_hash_of_the_lock_file() {
    let lock_file = Lockfile::load(Project::find().unwrap().path("Cargo.lock")).unwrap();
    let hashes: BTreeMap<String, String> = lock_file
        .packages
        .iter()
        .filter_map(|package| {
            let hash = package.checksum.as_ref()?.as_sha256()?;
            let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            Some((format!("pkg:cargo/{}@{}", package.name, package.version).replace('+', "%2B"), hash))
        })
        .collect();
    for (artefact, document) in &*DOCUMENTS {
        for component in list(document, "components") {
            let name = format!("{component} of {}", artefact.name);
            let purl = text(component, "purl");
            let hash = component.pointer("/hashes/0/content").and_then(Value::as_str);
            assert_eq!(hash, hashes.get(purl).map(String::as_str), "{name}");
            assert_eq!(hash.is_none(), purl.starts_with("pkg:generic/cliquet-"), "{name}");
            assert!(component.pointer("/licenses/0/expression").is_some_and(Value::is_string), "{name}");
        }
    }
}

#[test]
fn each_need_is_a_component_and_each_component_is_needed() {
    for (artefact, document) in &*DOCUMENTS {
        let references =
            |value: &Value| list(value, "dependsOn").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let needs: BTreeMap<&str, BTreeSet<String>> =
            list(document, "dependencies").iter().map(|entry| (text(entry, "ref"), references(entry))).collect();
        let components: BTreeSet<String> =
            list(document, "components").iter().map(|component| text(component, "bom-ref").to_owned()).collect();
        assert_eq!(needs.len(), components.len() + 1, "{}", artefact.name);
        let mut reached = BTreeSet::new();
        let mut to_visit = vec![artefact.name.to_owned()];
        while let Some(reference) = to_visit.pop() {
            let needed = needs.get(reference.as_str()).unwrap_or_else(|| unreachable!("{reference} has no entry"));
            to_visit.extend(needed.iter().filter(|needed| reached.insert((*needed).clone())).cloned());
        }
        assert_eq!(reached, components, "{}", artefact.name);
    }
}

#[test]
fn a_list_is_the_same_each_time_and_has_no_path_of_this_machine() {
    let root = Project::find().unwrap().root.display().to_string();
    let text = |(_, document): &(Artefact, Value)| document.to_string();
    let first: Vec<String> = DOCUMENTS.iter().map(text).collect();
    assert_eq!(first, documents().iter().map(text).collect::<Vec<_>>());
    assert!(first.iter().all(|document| !document.contains(&root)));
}
