//! Owns what is handed to people: the server as one static program, an archive of it and a Debian package; the client
//! without a browser in an archive of its own; and checksums.
//! Knows nothing of how the pages' files are made.

use crate::assets;
use crate::fingerprint::hex;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::project::{self, Project};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::env::consts::ARCH;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

const OUT: &str = "target/package";
const TOOLS: &str = "target/tools";
const CARGO_DEB: &str = "3.8.0";
/// A program that is handed out.
struct Artifact {
    /// As cargo calls what it is built from.
    package: &'static str,
    program: &'static str,
    /// What is in the archive beside it.
    beside: &'static [&'static str],
}

const SERVER: Artifact = Artifact { package: "cliquet-server", program: "cliquet", beside: &BESIDE_SERVER };
const CLIENT: Artifact = Artifact { package: "cliquet-client", program: "cliquet-client", beside: &BESIDE_CLIENT };

const BESIDE_CLIENT: [&str; 4] = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "docs/client.md"];
const BESIDE_SERVER: [&str; 8] = [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "docs/Caddyfile",
    "docs/nginx.conf",
    "docs/self-hosting.md",
    "packaging/cliquet.service",
];
const SUMS: &str = "SHA256SUMS";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The program alone: target/package/cliquet
    #[arg(long)]
    program: bool,
}

/// Builds everything into `target/package`.
///
/// # Errors
///
/// When something does not build, or a tool is missing.
pub(crate) fn package(project: &Project, options: &Options) -> Result<(), Problem> {
    let mut progress = Progress::of(assets::STEPS + if options.program { 1 } else { 5 });
    assets::build(project, &mut progress)?;
    progress.step("server, as one static program");
    let out = project.path(OUT);
    if out.exists() {
        fs::remove_dir_all(&out).map_err(Problem::file("cannot remove", &out))?;
    }
    fs::create_dir_all(&out).map_err(Problem::file("cannot make", &out))?;
    let program = program(project, &SERVER, &out)?;
    if options.program {
        println!("{}", program.display());
        return Ok(());
    }
    progress.step("archive");
    archive(project, &SERVER, &program, &out)?;
    progress.step("Debian package");
    let man_page = out.join("cliquet.1");
    let page = project::read(project.program(&program).arg("man"))?;
    fs::write(&man_page, page).map_err(Problem::file("cannot write", &man_page))?;
    debian_package(project, &out)?;
    fs::remove_file(&man_page).map_err(Problem::file("cannot remove", &man_page))?;
    progress.step("client without a browser, as one static program in an archive");
    let client = self::program(project, &CLIENT, &out)?;
    archive(project, &CLIENT, &client, &out)?;
    fs::remove_file(&client).map_err(Problem::file("cannot remove", &client))?;
    progress.step("checksums");
    sums(&out)?;
    for file in project::files(&out)? {
        println!("{}", file.display());
    }
    Ok(())
}

fn program(project: &Project, artifact: &Artifact, out: &Path) -> Result<PathBuf, Problem> {
    let wanted = target();
    let targets = project::read(project.program("rustup").args(["target", "list", "--installed"]))?;
    if !targets.lines().any(|target| target == wanted) {
        project::run(project.program("rustup").args(["target", "add", &wanted]))?;
    }
    if project::read(project.program("musl-gcc").arg("-dumpversion")).is_err() {
        return Err(Problem::Words(
            "SQLite is compiled for a static program by musl-gcc, which is not installed\n  on Debian or Ubuntu: sudo \
             apt-get install musl-tools"
                .into(),
        ));
    }
    project::run(project.cargo().args([
        "build",
        "--release",
        "--locked",
        "--package",
        artifact.package,
        "--target",
        &wanted,
    ]))?;
    let built = project.path("target").join(wanted).join("release").join(artifact.program);
    let program = out.join(artifact.program);
    fs::copy(&built, &program).map_err(Problem::file("cannot copy", &built))?;
    Ok(program)
}

/// `PROGRAM-VERSION-ARCHITECTURE-linux.tar.gz`, with everything in one folder.
fn archive(project: &Project, artifact: &Artifact, program: &Path, out: &Path) -> Result<(), Problem> {
    let name = format!("{}-{}-{}-linux", artifact.program, env!("CARGO_PKG_VERSION"), ARCH);
    let path = out.join(format!("{name}.tar.gz"));
    let failed = Problem::file("cannot write", &path);
    let write = || {
        let mut archive = tar::Builder::new(GzEncoder::new(File::create(&path)?, Compression::best()));
        // The same files make the same archive at any time.
        archive.mode(tar::HeaderMode::Deterministic);
        archive.append_path_with_name(program, format!("{name}/{}", artifact.program))?;
        for file in artifact.beside {
            archive.append_path_with_name(project.path(file), format!("{name}/{file}"))?;
        }
        archive.into_inner()?.finish()?.sync_all()
    };
    write().map_err(failed)
}

fn debian_package(project: &Project, out: &Path) -> Result<(), Problem> {
    let tools = project.path(TOOLS);
    let cargo_deb = tools.join("bin/cargo-deb");
    let version = || project::read(project.program(&cargo_deb).arg("--version"));
    if !cargo_deb.exists() || !version()?.contains(CARGO_DEB) {
        let mut install = project.cargo();
        install.args(["install", "cargo-deb", "--locked", "--no-default-features", "--version", CARGO_DEB, "--root"]);
        project::run(install.arg(&tools))?;
    }
    let mut build = project.program(&cargo_deb);
    build.args([
        "--package",
        "cliquet-server",
        "--no-build",
        "--no-strip",
        "--locked",
        "--target",
        &target(),
        "--output",
    ]);
    project::run(build.arg(out))
}

/// As `sha256sum --check` reads them.
fn sums(out: &Path) -> Result<(), Problem> {
    let mut text = Vec::new();
    for file in project::files(out)? {
        let bytes = fs::read(&file).map_err(Problem::file("cannot read", &file))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let _ = writeln!(text, "{}  {name}", hex(&Sha256::digest(&bytes), 32));
    }
    let path = out.join(SUMS);
    fs::write(&path, text).map_err(Problem::file("cannot write", &path))
}

/// The program needs nothing of the system that it runs on, not even a C library.
fn target() -> String {
    format!("{ARCH}-unknown-linux-musl")
}
