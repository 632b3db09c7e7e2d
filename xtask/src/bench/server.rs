//! Owns the part `server`: builds the binary as it is installed and the generator in bench/server, and takes its tables. What a
//! workload does stands there.

use crate::assets;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::project::{self, Project};
use std::path::PathBuf;
use std::process::Command;

/// Target directories of their own: other builds neither wait for these nor change them.
const SERVER_TARGET: &str = "target/bench-server";
const GENERATOR_TARGET: &str = "target/bench-load";

/// The binary as it is installed.
pub(super) fn installed(project: &Project) -> Result<PathBuf, Problem> {
    assets::build(project, &mut Progress::of(assets::STEPS))?;
    let mut server = project.cargo();
    server.args(["build", "--locked", "--release", "--package", "cliquet-server", "--bin", "cliquet", "--target-dir"]);
    project::run(server.arg(SERVER_TARGET))?;
    Ok(project.path(SERVER_TARGET).join("release/cliquet"))
}

pub(super) fn measure(project: &Project) -> Result<String, Problem> {
    project::read(&mut generator(project)?)
}

/// The generator, told of the binary as it is installed.
pub(crate) fn generator(project: &Project) -> Result<Command, Problem> {
    let cliquet = installed(project)?;
    let mut build = project.cargo();
    build.args(["build", "--locked", "--release", "--manifest-path", "bench/server/Cargo.toml", "--target-dir"]);
    project::run(build.arg(GENERATOR_TARGET))?;
    let mut generator = project.program(project.path(GENERATOR_TARGET).join("release/cliquet-load"));
    generator.arg("--cliquet").arg(cliquet);
    Ok(generator)
}
