//! Owns serving from a checkout, and the binary to install.

use crate::assets;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::project::{self, Project};
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port on this machine [default: what ROCKET_PORT or Rocket.toml says]
    #[arg(long)]
    port: Option<u16>,
    /// Build as for production: slower to build, faster to run
    #[arg(long)]
    release: bool,
    /// Handed to the server as they are
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(project: &Project, options: &Options) -> Result<(), Problem> {
    let profile = if options.release { "release" } else { "debug" };
    let settings = Settings::read(project, profile)?;
    let mut progress = Progress::of(assets::STEPS + 2);
    assets::build(project, &mut progress)?;
    progress.step("server");
    let mut cargo = project.cargo();
    cargo.args(["build", "--package", "cliquet-server", "--bin", "cliquet"]);
    if options.release {
        cargo.arg("--release");
    }
    project::run(&mut cargo)?;
    progress.step("serving");
    let mut server = project.program(project.path("target").join(profile).join("cliquet"));
    server.args(&options.arguments);
    if let Some(port) = options.port {
        server.env("ROCKET_PORT", port.to_string());
    }
    if settings.is_for_one() {
        server.env("ROCKET_REGISTRATION", "open");
    }
    serve(&mut server, settings.address, options.port.unwrap_or(settings.port))
}

/// What the server will read from the same places, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct Settings {
    address: IpAddr,
    port: u16,
    /// Whether someone has said who may open an account.
    is_registration_set: bool,
}

impl Settings {
    fn read(project: &Project, profile: &str) -> Result<Self, Problem> {
        // What the variable names is looked for where the server will run.
        let file = std::env::var_os("ROCKET_CONFIG").map_or_else(|| PathBuf::from("Rocket.toml"), PathBuf::from);
        let profile = std::env::var("ROCKET_PROFILE").unwrap_or_else(|_| profile.to_owned());
        Self::of(
            &Figment::from(Toml::file_exact(project.root.join(file)).nested())
                .merge(Env::prefixed("ROCKET_").ignore(&["PROFILE", "CONFIG"]).global())
                .select(profile),
        )
    }

    fn of(figment: &Figment) -> Result<Self, Problem> {
        let words = |error: figment::Error| Problem::Words(format!("the server's settings cannot be read: {error}"));
        let is_set = |name| figment.contains(name);
        Ok(Self {
            address: if is_set("address") {
                figment.extract_inner("address").map_err(words)?
            } else {
                Ipv4Addr::LOCALHOST.into()
            },
            port: if is_set("port") { figment.extract_inner("port").map_err(words)? } else { 8000 },
            is_registration_set: is_set("registration"),
        })
    }

    /// On this machine alone, everyone who comes is the one who runs it.
    fn is_for_one(&self) -> bool {
        self.address.is_loopback() && !self.is_registration_set
    }
}

fn serve(server: &mut Command, address: IpAddr, port: u16) -> Result<(), Problem> {
    let mut child = server.spawn().map_err(|source| Problem::Start { program: "cliquet".into(), source })?;
    let here = if address.is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { address };
    let patience = Instant::now() + Duration::from_secs(30);
    while Instant::now() < patience && matches!(child.try_wait(), Ok(None)) {
        if TcpStream::connect((here, port)).is_ok() {
            let name = if here.is_loopback() { "localhost".to_owned() } else { here.to_string() };
            println!("\n    Cliquet serves at  http://{name}:{port}\n    Stop it with Ctrl+C.\n");
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    let status = child.wait().map_err(|source| Problem::Start { program: "cliquet".into(), source })?;
    if status.success() { Ok(()) } else { Err(Problem::Failed { command: "cliquet".into(), status }) }
}

pub(crate) fn build(project: &Project) -> Result<(), Problem> {
    let mut progress = Progress::of(assets::STEPS + 1);
    assets::build(project, &mut progress)?;
    progress.step("server");
    project::run(project.cargo().args(["build", "--release", "--locked", "--package", "cliquet-server"]))?;
    println!("The binary is target/release/cliquet; pages, styles and browser modules are inside.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use figment::providers::Serialized;

    fn settings(file: &str, variables: &[(&str, &str)]) -> Settings {
        let mut figment = Figment::from(Toml::string(file).nested());
        for (name, value) in variables {
            figment = figment.merge(Serialized::global(name, value));
        }
        Settings::of(&figment.select("debug")).unwrap()
    }

    #[test]
    fn without_settings_it_is_this_machine_s_port_8000_for_anyone_who_runs_it() {
        let found = settings("", &[]);
        assert_eq!((found.address, found.port), (Ipv4Addr::LOCALHOST.into(), 8000));
        assert!(found.is_for_one());
    }

    #[test]
    fn the_file_wins_over_defaults_and_its_profile_over_the_rest_of_it() {
        let found = settings("[default]\nport = 8001\naddress = \"0.0.0.0\"\n[debug]\nport = 8002\n", &[]);
        assert_eq!(found.port, 8002);
        assert!(!found.is_for_one(), "others may come");
    }

    #[test]
    fn variables_win_over_the_file() {
        let found =
            settings("[default]\naddress = \"0.0.0.0\"\n", &[("address", "127.0.0.1"), ("registration", "invite")]);
        assert!(found.address.is_loopback());
        assert!(!found.is_for_one(), "registration is as it was set");
    }
}
