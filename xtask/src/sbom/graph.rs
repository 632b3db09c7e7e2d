//! Owns which packages an artefact is made from, and which needs which, as cargo says. Knows nothing of documents.

use super::Artefact;
use crate::problem::Problem;
use crate::project;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// A package of a lock file: its name and version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Debug)]
pub(super) struct Graph {
    pub(super) root: Package,
    /// Each package, and what it needs directly.
    pub(super) needs: BTreeMap<Package, BTreeSet<Package>>,
    /// What is in the artefact. The others run while it is built: macros, build scripts and what they need.
    pub(super) linked: BTreeSet<Package>,
}

impl Graph {
    /// Asks `cargo tree` and not `cargo metadata`: the latter answers for the features that all packages of the workspace
    /// want together, tests included, and an artefact is built with its own.
    pub(super) fn of(cargo: impl Fn() -> Command, artefact: &Artefact) -> Result<Self, Problem> {
        let (root, needs) = read(&tree(cargo(), artefact, "normal,build")?)?;
        let (_, linked) = read(&tree(cargo(), artefact, "normal,no-proc-macro")?)?;
        Ok(Self { root, needs, linked: linked.into_keys().collect() })
    }
}

fn tree(mut cargo: Command, artefact: &Artefact, edges: &str) -> Result<String, Problem> {
    cargo.args(["tree", "--quiet", "--locked", "--package", artefact.package, "--target", &artefact.target]);
    cargo.args(["--edges", edges, "--prefix", "depth", "--format", "{p}"]);
    if let Some(features) = artefact.features {
        cargo.args(["--no-default-features", "--features", features]);
    }
    project::read(&mut cargo)
}

type Needs = BTreeMap<Package, BTreeSet<Package>>;

/// Lines such as `2serde v1.0.0 (*)`: how deep, which package. The first is the root, and what is below a package follows
/// it. A tree that occurs once more is not repeated.
fn read(tree: &str) -> Result<(Package, Needs), Problem> {
    let mut needs = Needs::new();
    let mut above: Vec<Package> = Vec::new();
    for line in tree.lines() {
        let (depth, package) =
            package(line).ok_or_else(|| Problem::Words(format!("cargo tree cannot be read: {line}")))?;
        above.truncate(depth);
        if let Some(by) = above.last() {
            needs.entry(by.clone()).or_default().insert(package.clone());
        }
        needs.entry(package.clone()).or_default();
        above.push(package);
    }
    let root = above.into_iter().next().ok_or_else(|| Problem::Words("cargo tree names no package".into()))?;
    Ok((root, needs))
}

fn package(line: &str) -> Option<(usize, Package)> {
    let digits = line.find(|character: char| !character.is_ascii_digit())?;
    let (depth, package) = line.split_at_checked(digits)?;
    let mut words = package.split_whitespace();
    let (name, version) = (words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned());
    Some((depth.parse().ok()?, Package { name, version }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn named(name: &str) -> Package {
        Package { name: name.to_owned(), version: "0.1.0".to_owned() }
    }

    #[test]
    fn depths_become_needs_and_a_repeated_tree_keeps_its_first_branches() {
        let tree = "0a v0.1.0 (/x)\n1b v0.1.0\n2c v0.1.0\n1d v0.1.0 (proc-macro)\n2b v0.1.0 (*)\n";
        let (root, needs) = read(tree).unwrap();
        assert_eq!(root, named("a"));
        let expected = [("a", vec!["b", "d"]), ("b", vec!["c"]), ("c", vec![]), ("d", vec!["b"])];
        let expected = expected.map(|(name, needs)| (named(name), needs.into_iter().map(named).collect()));
        assert_eq!(needs, Needs::from(expected));
    }

    #[test]
    fn what_is_no_tree_is_an_error_in_words() {
        assert!(read("").unwrap_err().to_string().contains("no package"));
        for line in ["a v0.1.0", "0a", "0a 0.1.0", "0"] {
            assert!(read(line).unwrap_err().to_string().contains(line), "{line}");
        }
    }

    fn write_package(folder: &Path, name: &str, more: &str) {
        let package = folder.join(name);
        fs::create_dir_all(package.join("src")).unwrap();
        fs::write(package.join("src/lib.rs"), "").unwrap();
        let head = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        fs::write(package.join("Cargo.toml"), head + more).unwrap();
    }

    /// Every way to depend on a package, and a second package of the workspace that asks for more.
    #[test]
    fn it_has_what_the_artefact_is_built_from_and_nothing_that_others_want() {
        let folder = tempfile::tempdir().unwrap();
        let members = ["root", "other", "linked", "deep", "derive", "script", "tests", "unused", "featured", "windows"];
        let list = members.map(|name| format!("\"{name}\"")).join(", ");
        fs::write(folder.path().join("Cargo.toml"), format!("[workspace]\nresolver = \"3\"\nmembers = [{list}]\n"))
            .unwrap();
        write_package(
            folder.path(),
            "root",
            "[features]\ndefault = [\"unused\"]\nwanted = [\"dep:featured\"]\n\
             [dependencies]\nlinked = { path = \"../linked\" }\nderive = { path = \"../derive\" }\n\
             unused = { path = \"../unused\", optional = true }\nfeatured = { path = \"../featured\", optional = true }\n\
             [build-dependencies]\nscript = { path = \"../script\" }\n[dev-dependencies]\ntests = { path = \"../tests\" }\n\
             [target.'cfg(windows)'.dependencies]\nwindows = { path = \"../windows\" }\n",
        );
        write_package(
            folder.path(),
            "linked",
            "[features]\nmore = [\"dep:unused\"]\n[dependencies]\ndeep = { path = \"../deep\" }\n\
             unused = { path = \"../unused\", optional = true }\n",
        );
        let wants_more = "[dependencies]\nlinked = { path = \"../linked\", features = [\"more\"] }\n";
        write_package(folder.path(), "other", wants_more);
        write_package(
            folder.path(),
            "derive",
            "[lib]\nproc-macro = true\n[dependencies]\ndeep = { path = \"../deep\" }\n",
        );
        for name in ["deep", "script", "tests", "unused", "featured", "windows"] {
            write_package(folder.path(), name, "");
        }
        let cargo = || {
            let mut cargo = Command::new("cargo");
            cargo.current_dir(folder.path()).env("CARGO_NET_OFFLINE", "true");
            cargo
        };
        assert!(cargo().arg("generate-lockfile").status().unwrap().success());
        let target = "x86_64-unknown-linux-gnu".to_owned();
        let host = target.clone();
        let artefact = Artefact { name: "a", package: "root", features: Some("wanted"), target, host };
        let graph = Graph::of(cargo, &artefact).unwrap();
        let names = |packages: Vec<&Package>| packages.iter().map(|package| package.name.clone()).collect::<Vec<_>>();
        assert_eq!(graph.root, named("root"));
        let all = ["deep", "derive", "featured", "linked", "root", "script"];
        assert_eq!(names(graph.needs.keys().collect()), all);
        assert_eq!(names(graph.linked.iter().collect()), ["deep", "featured", "linked", "root"]);
        let of_root = graph.needs.get(&graph.root).unwrap();
        assert_eq!(names(of_root.iter().collect()), ["derive", "featured", "linked", "script"]);
    }
}
