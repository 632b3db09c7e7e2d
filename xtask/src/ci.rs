//! Owns what is checked beyond the tests: the documentation, the lints and the dependencies.

use crate::lock_files;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::project::{self, Project, WASM_TARGET};
use crate::test;
use crate::wasm;

pub(crate) fn ci(project: &Project, options: &test::Options) -> Result<(), Problem> {
    let mut progress = Progress::of(3 + wasm::STEPS + test::steps(options));
    progress.step("documentation");
    let mut doc = project.cargo();
    doc.args(["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"]);
    project::run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    progress.step("lints");
    wasm::add_target(project)?;
    let all = ["clippy", "--locked", "--workspace", "--all-targets", "--features", test::FEATURES];
    project::run(project.cargo().args(all).args(["--", "-D", "warnings"]))?;
    for module in wasm::MODULES {
        progress.step(&format!("lints of the browser module {}", module.name));
        let mut clippy = project.cargo();
        clippy.args(["clippy", "--locked", "--package", "cliquet-web-crypto", "--lib", "--target", WASM_TARGET]);
        clippy.args(["--no-default-features", "--features", module.feature, "--target-dir", "target/wasm"]);
        project::run(clippy.args(["--", "-D", "warnings"]))?;
    }
    progress.step("dependencies");
    for workspace in lock_files::WORKSPACES {
        deny(project, workspace)?;
    }
    test::run_all(project, options, &mut progress)
}

/// Advisories, licences, sources and yanked crates of one lock file, by the rules of `deny.toml`. The database of
/// advisories comes over the network.
fn deny(project: &Project, workspace: &str) -> Result<(), Problem> {
    let mut deny = project.cargo();
    deny.arg("deny").arg("--manifest-path").arg(project.path(workspace).join("Cargo.toml")).arg("--locked");
    deny.arg("--config").arg(project.path("deny.toml")).arg("check");
    project::run(&mut deny).map_err(|problem| {
        let hint = "without the tool: `cargo install --locked cargo-deny`";
        Problem::Words(format!("the dependencies of {workspace} were not checked, or are refused ({hint}): {problem}"))
    })
}
