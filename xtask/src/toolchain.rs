//! Owns the rule that one version of Rust is named in one place: `rust-version` in the manifest of the workspace. Every
//! package and the maintainers' CI follow it, and cargo refuses an older compiler.

use crate::problem::Problem;
use crate::project::{self, Project};
use figment::Figment;
use figment::providers::{Format, Toml};
use rustsec::Version;
use serde_json::Value;
use std::fs;

const WORKFLOW: &str = ".github/workflows/ci.yml";

/// What does not follow the version that the workspace names.
///
/// # Errors
///
/// When cargo or the compiler cannot be started, or a file cannot be read.
pub(crate) fn check(project: &Project) -> Result<Vec<String>, Problem> {
    let manifest = project.path("Cargo.toml");
    let wanted: String = Figment::from(Toml::file_exact(&manifest))
        .extract_inner("workspace.package.rust-version")
        .map_err(|error| Problem::Words(format!("Cargo.toml does not name a version of Rust: {error}")))?;
    let compiler = project::read(project.program("rustc").arg("-vV"))?;
    let metadata = project::read(project.cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&metadata)
        .map_err(|error| Problem::Words(format!("cargo metadata cannot be read: {error}")))?;
    let workflow = project.path(WORKFLOW);
    let workflow = fs::read_to_string(&workflow).map_err(Problem::file("cannot read", &workflow))?;
    let faults = [of_compiler(&compiler, &wanted), of_workflow(&workflow, &wanted)];
    Ok(faults.into_iter().flatten().chain(of_packages(&metadata, &wanted)).collect())
}

fn of_compiler(version: &str, wanted: &str) -> Option<String> {
    let release = version.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or("of no known version");
    let parse = |version: &str| Version::parse(version).ok();
    let is_enough = parse(release).zip(parse(&format!("{wanted}.0"))).is_some_and(|(is, wanted)| is >= wanted);
    (!is_enough)
        .then(|| format!("the compiler is {release}, and Cargo.toml wants {wanted} or newer: `rustup update stable`"))
}

fn of_workflow(workflow: &str, wanted: &str) -> Option<String> {
    let installs = format!("rustup toolchain install {wanted} ");
    (!workflow.contains(&installs)).then(|| format!("{WORKFLOW} does not have `{installs}`, which Cargo.toml wants"))
}

fn of_packages(metadata: &Value, wanted: &str) -> Vec<String> {
    let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    let others = packages.filter(|package| package.get("rust_version").and_then(Value::as_str) != Some(wanted));
    let name = |package: &Value| package.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    others.map(|package| format!("{} lacks `rust-version.workspace = true`", name(package))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_wanted_compiler_and_a_newer_one_will_do_and_an_older_one_will_not() {
        let is_old = |release: &str| of_compiler(&format!("rustc\nrelease: {release}\nhost: x\n"), "1.95").is_some();
        assert_eq!(["1.94.9", "1.95.0", "1.96.0-nightly", "2.0.0"].map(is_old), [true, false, false, false]);
        let words = of_compiler("nothing", "1.95").unwrap();
        assert!(words.contains("of no known version") && words.contains("rustup update"), "{words}");
    }

    #[test]
    fn a_package_or_a_workflow_with_another_version_is_named() {
        let packages = json!({ "packages": [
            { "name": "one", "rust_version": "1.95" },
            { "name": "two", "rust_version": "1.90" },
            { "name": "three", "rust_version": null },
        ] });
        let faults = of_packages(&packages, "1.95");
        assert_eq!(faults.len(), 2);
        assert!(
            faults.iter().any(|fault| fault.starts_with("two"))
                && faults.iter().any(|fault| fault.starts_with("three"))
        );
        assert_eq!(of_workflow("- run: rustup toolchain install 1.95 --profile minimal", "1.95"), None);
        assert!(of_workflow("- run: rustup toolchain install 1.9 --profile minimal", "1.95").is_some());
    }
}
