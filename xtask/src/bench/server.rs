//! Owns the part `server`: builds the binary as it is installed and the generator in bench/server, and takes its tables. What a
//! workload does stands there.

use crate::assets;
use crate::problem::Problem;
use crate::project::{self, Project};

/// Target directories of their own: other builds neither wait for these nor change them.
const SERVER_TARGET: &str = "target/bench-server";
const GENERATOR_TARGET: &str = "target/bench-load";

pub(super) fn measure(project: &Project) -> Result<String, Problem> {
    assets::build(project)?;
    let mut server = project.cargo();
    server.args(["build", "--release", "--package", "cliquet-server", "--bin", "cliquet", "--target-dir"]);
    project::run(server.arg(SERVER_TARGET))?;
    let mut generator = project.cargo();
    generator.args(["build", "--release", "--manifest-path", "bench/server/Cargo.toml", "--target-dir"]);
    project::run(generator.arg(GENERATOR_TARGET))?;
    let mut measure = project.program(project.path(GENERATOR_TARGET).join("release/cliquet-load"));
    measure.arg("--cliquet").arg(project.path(SERVER_TARGET).join("release/cliquet"));
    project::read(&mut measure)
}
