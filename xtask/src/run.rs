//! Owns serving from a checkout, and the binary to install.

use crate::assets;
use crate::problem::Problem;
use crate::project::{self, Project};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port on this machine
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Build as for production: slower to build, faster to run
    #[arg(long)]
    release: bool,
    /// Handed to the server as they are
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(project: &Project, options: &Options) -> Result<(), Problem> {
    assets::build(project)?;
    println!("Building the server");
    let mut cargo = project.cargo();
    cargo.args(["build", "--package", "cliquet-server", "--bin", "cliquet"]);
    if options.release {
        cargo.arg("--release");
    }
    project::run(&mut cargo)?;
    let binary = project.path(if options.release { "target/release/cliquet" } else { "target/debug/cliquet" });
    let mut server = project.program(binary);
    server.args(&options.arguments).env("ROCKET_PORT", options.port.to_string());
    if std::env::var_os("ROCKET_ADDRESS").is_none() {
        server.env("ROCKET_ADDRESS", "127.0.0.1");
        // On this machine alone, whoever comes is the one who runs it.
        if std::env::var_os("ROCKET_REGISTRATION").is_none() {
            server.env("ROCKET_REGISTRATION", "open");
        }
    }
    serve(&mut server, options.port)
}

fn serve(server: &mut Command, port: u16) -> Result<(), Problem> {
    let mut child = server.spawn().map_err(|source| Problem::Start { program: "cliquet".into(), source })?;
    let patience = Instant::now() + Duration::from_secs(30);
    while Instant::now() < patience && matches!(child.try_wait(), Ok(None)) {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            println!("\n    Cliquet serves at  http://localhost:{port}\n    Stop it with Ctrl+C.\n");
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    let status = child.wait().map_err(|source| Problem::Start { program: "cliquet".into(), source })?;
    if status.success() { Ok(()) } else { Err(Problem::Failed { command: "cliquet".into(), status }) }
}

pub(crate) fn build(project: &Project) -> Result<(), Problem> {
    assets::build(project)?;
    project::run(project.cargo().args(["build", "--release", "--locked", "--package", "cliquet-server"]))?;
    println!("The binary is target/release/cliquet; pages, styles and browser modules are inside.");
    Ok(())
}
