//! Owns what is handed to people who host: one static program, an archive of it, a Debian package, and their checksums.
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
/// What is in the archive beside the program.
const IN_ARCHIVE: [&str; 8] = [
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
    let mut progress = Progress::of(assets::STEPS + if options.program { 1 } else { 4 });
    assets::build(project, &mut progress)?;
    progress.step("server, as one static program");
    let out = project.path(OUT);
    if out.exists() {
        fs::remove_dir_all(&out).map_err(Problem::file("cannot remove", &out))?;
    }
    fs::create_dir_all(&out).map_err(Problem::file("cannot make", &out))?;
    let program = program(project, &out)?;
    if options.program {
        println!("{}", program.display());
        return Ok(());
    }
    progress.step("archive");
    archive(project, &program, &out)?;
    progress.step("Debian package");
    let man_page = out.join("cliquet.1");
    let page = project::read(project.program(&program).arg("man"))?;
    fs::write(&man_page, page).map_err(Problem::file("cannot write", &man_page))?;
    debian_package(project, &out)?;
    fs::remove_file(&man_page).map_err(Problem::file("cannot remove", &man_page))?;
    progress.step("checksums");
    sums(&out)?;
    for file in project::files(&out)? {
        println!("{}", file.display());
    }
    Ok(())
}

fn program(project: &Project, out: &Path) -> Result<PathBuf, Problem> {
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
        "cliquet-server",
        "--target",
        &wanted,
    ]))?;
    let built = project.path("target").join(wanted).join("release/cliquet");
    let program = out.join("cliquet");
    fs::copy(&built, &program).map_err(Problem::file("cannot copy", &built))?;
    Ok(program)
}

/// `cliquet-VERSION-ARCHITECTURE-linux.tar.gz`, with everything in one folder.
fn archive(project: &Project, program: &Path, out: &Path) -> Result<(), Problem> {
    let name = format!("cliquet-{}-{}-linux", env!("CARGO_PKG_VERSION"), ARCH);
    let path = out.join(format!("{name}.tar.gz"));
    let failed = Problem::file("cannot write", &path);
    let write = || {
        let mut archive = tar::Builder::new(GzEncoder::new(File::create(&path)?, Compression::best()));
        // The same files make the same archive at any time.
        archive.mode(tar::HeaderMode::Deterministic);
        archive.append_path_with_name(program, format!("{name}/cliquet"))?;
        for file in IN_ARCHIVE {
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
