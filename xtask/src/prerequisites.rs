//! Owns what the tests need from the machine: Rust's parts by rustup, browsers and servers by Debian's packages, and
//! what these need by npm and pip.

use crate::npm;
use crate::problem::Problem;
use crate::project::{self, Project};
use crate::prometheus;
use crate::second_client;
use std::env;
use std::path::Path;

/// What some tests need beyond Rust, and can be left out by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Needs {
    /// Real browsers
    Browser,
    /// A Redis server
    Redis,
    /// The reverse proxies of the self-hosting guide
    Proxies,
    /// An ACME server, which gives certificates
    Acme,
    /// Python and its cryptography, for the second client
    SecondClient,
    /// Prometheus and promtool, which read the figures
    Prometheus,
}

impl Needs {
    pub(crate) const ALL: [Needs; 6] =
        [Needs::Browser, Needs::Redis, Needs::Proxies, Needs::Acme, Needs::SecondClient, Needs::Prometheus];

    /// (the program that is looked for, the Debian package that has it)
    fn programs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Needs::Browser => &[("chromium", "chromium"), ("chromedriver", "chromium-driver"), ("npm", "npm")],
            Needs::Redis => &[("redis-server", "redis-server")],
            Needs::Proxies => &[("nginx", "nginx"), ("caddy", "caddy"), ("openssl", "openssl")],
            Needs::Acme => &[("pebble", "pebble")],
            Needs::SecondClient => &[("python3", "python3"), (second_client::ENSUREPIP, "python3-venv")],
            // Unpacked and not installed.
            Needs::Prometheus => &[],
        }
    }

    /// The test program whose every test needs it.
    pub(crate) fn test_program(self) -> Option<&'static str> {
        match self {
            Needs::Browser => Some("browser"),
            Needs::Redis => Some("redis"),
            Needs::Proxies | Needs::Acme | Needs::Prometheus => None,
            Needs::SecondClient => Some("second_client"),
        }
    }

    /// The word in the names of the tests of other programs that need it.
    pub(crate) fn word_in_test_names(self) -> Option<&'static str> {
        match self {
            Needs::Browser | Needs::SecondClient => None,
            Needs::Redis => Some("redis"),
            Needs::Proxies => Some("behind_proxy"),
            // The module of all of them, here and below.
            Needs::Acme => Some("acme::"),
            Needs::Prometheus => Some("prometheus::"),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Needs::Browser => "browser",
            Needs::Redis => "redis",
            Needs::Proxies => "proxies",
            Needs::Acme => "acme",
            Needs::SecondClient => "second-client",
            Needs::Prometheus => "prometheus",
        }
    }
}

/// Makes sure that everything is there, or says what is missing and how to get it.
pub(crate) fn bring(project: &Project, needs: &[Needs]) -> Result<(), Problem> {
    components(project)?;
    programs(project, needs)?;
    if needs.contains(&Needs::Browser) {
        npm::bring(project, "server/tests/browser/axe", "target/axe")?;
    }
    if needs.contains(&Needs::Prometheus) {
        bring_prometheus(project)?;
    }
    if needs.contains(&Needs::SecondClient) { second_client::bring(project) } else { Ok(()) }
}

/// A fresh machine has no list of packages.
fn bring_prometheus(project: &Project) -> Result<(), Problem> {
    prometheus::bring(project).or_else(|problem| {
        if !is_installed("apt-get") || !is_root(project) {
            return Err(problem);
        }
        project::run(project.program("apt-get").args(["update", "--quiet"]))?;
        prometheus::bring(project)
    })
}

fn programs(project: &Project, needs: &[Needs]) -> Result<(), Problem> {
    let is_installed = |program: &str| {
        if program == second_client::ENSUREPIP { second_client::has_ensurepip(project) } else { is_installed(program) }
    };
    let missing = missing(needs, is_installed);
    if missing.is_empty() {
        return Ok(());
    }
    if is_installed("apt-get") && is_root(project) {
        println!("Installing for the tests: {}", missing.join(", "));
        let apt = || {
            let mut apt = project.program("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive");
            apt
        };
        project::run(apt().args(["update", "--quiet"]))?;
        project::run(apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(&missing))?;
    }
    let missing = self::missing(needs, is_installed);
    if missing.is_empty() { Ok(()) } else { Err(Problem::Words(advice(&missing, needs))) }
}

fn missing(needs: &[Needs], installed: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let programs = needs.iter().flat_map(|need| need.programs());
    programs.filter(|(program, _)| !installed(program)).map(|(_, package)| *package).collect()
}

fn advice(missing: &[&str], needs: &[Needs]) -> String {
    let concerned: Vec<&str> = needs
        .iter()
        .filter(|need| need.programs().iter().any(|(_, package)| missing.contains(package)))
        .map(|need| need.name())
        .collect();
    format!(
        "the tests need programs that are not installed: {}\n  on Debian or Ubuntu: sudo apt-get install {}\n  or leave \
         those tests out: cargo xtask test --without {}",
        missing.join(", "),
        missing.join(" "),
        concerned.join(",")
    )
}

/// rustfmt and clippy, which a minimal toolchain lacks.
fn components(project: &Project) -> Result<(), Problem> {
    for (probe, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if project::read(project.cargo().args([probe, "--version"])).is_err() {
            project::run(project.program("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

/// Looked for where Debian puts servers too, which an ordinary user's PATH leaves out.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut directories: Vec<_> = env::split_paths(&path).collect();
    directories.push(Path::new("/usr/sbin").to_owned());
    directories.iter().any(|directory| directory.join(program).is_file())
}

fn is_root(project: &Project) -> bool {
    project::read(project.program("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_the_way_to_get_it_and_the_way_around_it() {
        let needs = [Needs::Browser, Needs::Redis];
        let missing = missing(&needs, |program| ["chromium", "npm"].contains(&program));
        assert_eq!(missing, ["chromium-driver", "redis-server"]);
        let advice = advice(&missing, &needs);
        assert!(advice.contains("apt-get install chromium-driver redis-server"), "{advice}");
        assert!(advice.contains("--without browser,redis"), "{advice}");
    }

    #[test]
    fn nothing_is_missing_when_all_is_installed() {
        assert!(missing(&Needs::ALL, |_| true).is_empty());
    }
}
