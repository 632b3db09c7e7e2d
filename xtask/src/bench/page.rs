//! Owns the part `page`: builds the binary as it is installed, and has it measured from real browsers. What is measured
//! stands in server/benches/page.

use super::server;
use crate::problem::Problem;
use crate::project::{self, Project};

pub(super) fn measure(project: &Project) -> Result<String, Problem> {
    let cliquet = server::installed(project)?;
    let mut bench = project.cargo();
    // Only the binary is measured, so what drives the browsers is compiled as for tests, and together with them.
    bench.args(["bench", "--locked", "--workspace", "--bench", "page", "--profile", "dev"]);
    let chromium = project::read(project.program("chromium").arg("--version"))?;
    let table = project::read(bench.env("CLIQUET_BINARY", cliquet))?;
    Ok(format!("{}. Medians.\n\n{table}", chromium.trim()))
}
