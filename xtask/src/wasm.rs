//! Owns the browser modules: compiled from one crate by feature, each with its JavaScript glue.
//! Knows nothing of hashed names and compression.

pub(crate) mod bind;
mod encode;
mod glue;
mod minify;
mod split;

use crate::fingerprint::{self, Inputs};
use crate::problem::Problem;
use crate::progress::Progress;
use crate::project::{self, Project, WASM_TARGET};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// A module that is served: `NAME.js`, `NAME_bg.wasm`, and `NAME_….wasm` for each chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Module {
    /// The feature of web-crypto that it is compiled with.
    pub(crate) feature: &'static str,
    pub(crate) name: &'static str,
    /// Whether the code names functions that are fetched when they are first called.
    is_split: bool,
}

/// The first carries a password to the second, which does everything else.
pub(crate) const MODULES: [Module; 2] = [
    Module { feature: "sign-in", name: "sign_in", is_split: false },
    Module { feature: "app", name: "app", is_split: true },
];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build only these modules (for trying; `assets` needs all of them)
    #[arg(long = "module", value_name = "NAME")]
    modules: Vec<String>,
}

/// The steps that [`build`] takes.
pub(crate) const STEPS: usize = MODULES.len();

/// Where the unhashed files of a module lie until `assets` takes them.
pub(crate) fn directory(project: &Project, name: &str) -> PathBuf {
    project.path("target/wasm-glue").join(name)
}

/// Builds the modules that were named, or all of them.
pub(crate) fn some(project: &Project, options: &Options) -> Result<(), Problem> {
    let wanted =
        |module: &&Module| options.modules.is_empty() || options.modules.iter().any(|name| name == module.name);
    let modules: Vec<Module> = MODULES.iter().filter(wanted).copied().collect();
    if modules.is_empty() {
        let names: Vec<&str> = MODULES.iter().map(|module| module.name).collect();
        return Err(Problem::Words(format!("there is no such module; there are {}", names.join(", "))));
    }
    build_these(project, &modules, &mut Progress::of(modules.len()))
}

/// Builds all modules whose sources changed.
pub(crate) fn build(project: &Project, progress: &mut Progress) -> Result<(), Problem> {
    build_these(project, &MODULES, progress)
}

fn build_these(project: &Project, modules: &[Module], progress: &mut Progress) -> Result<(), Problem> {
    add_target(project)?;
    let flags = flags(project)?;
    let inputs = inputs(project, &flags)?;
    for module in modules {
        make(project, module, &flags, &inputs, progress)?;
    }
    Ok(())
}

fn make(project: &Project, module: &Module, flags: &str, inputs: &str, progress: &mut Progress) -> Result<(), Problem> {
    let Module { feature, name, is_split } = *module;
    let directory = directory(project, name);
    let stamp = directory.with_extension("stamp");
    if directory.join(format!("{name}_bg.wasm")).exists() && fingerprint::is_fresh(&stamp, inputs) {
        progress.step(&format!("browser module {name}: up to date"));
        return Ok(());
    }
    progress.step(&format!("browser module {name}"));
    let mut cargo = project.cargo();
    // As an rlib as well, which the crate is for tests, it would be linked without the profile's LTO: a fifth larger.
    cargo.args(["rustc", "--package", "cliquet-web-crypto", "--lib", "--crate-type", "cdylib", "--locked"]);
    cargo.args(["--target", WASM_TARGET, "--profile", "wasm", "--no-default-features", "--features", feature]);
    cargo.args(["--target-dir", "target/wasm"]).env("CARGO_ENCODED_RUSTFLAGS", flags).env_remove("RUSTFLAGS");
    if is_split {
        // What refers to what, which the splitter must know.
        cargo.args(["--", "-Clink-args=--emit-relocs"]);
    }
    project::run(&mut cargo)?;
    let compiled = project.path("target/wasm").join(WASM_TARGET).join("wasm/cliquet_web_crypto.wasm");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).map_err(Problem::file("cannot make", &directory))?;
    if is_split {
        bind::split(&compiled, name, &directory, &project.path("target/wasm-split"))?;
    } else {
        bind::whole(&compiled, name, &directory)?;
    }
    fingerprint::remember(&stamp, inputs)
}

/// Everything the modules are made from. Cargo would notice changes too, but the feature sets share one output
/// file, so it would build all of them again each time.
fn inputs(project: &Project, flags: &str) -> Result<String, Problem> {
    let mut inputs = Inputs::default();
    inputs.text(flags);
    let ours = [include_str!("wasm/bind.rs"), include_str!("wasm/encode.rs"), include_str!("wasm/glue.rs")];
    let others = [include_str!("wasm/loader.js"), include_str!("wasm/minify.rs"), include_str!("wasm/split.rs")];
    for source in ours.into_iter().chain(others).chain([include_str!("wasm.rs")]) {
        inputs.text(source);
    }
    inputs.text(&project::read(project.program("rustc").arg("-vV"))?);
    let sources = ["web-crypto/src", "web-crypto/primitives/src", "wire/src"];
    let mut files: Vec<PathBuf> =
        ["Cargo.toml", "Cargo.lock", "web-crypto/Cargo.toml", "wire/Cargo.toml", "web-crypto/primitives/Cargo.toml"]
            .map(|file| project.path(file))
            .into();
    for directory in sources {
        files.extend(project::files(&project.path(directory))?);
    }
    for file in files.iter().filter(|file| file.exists()) {
        inputs.file(file)?;
    }
    Ok(inputs.finish())
}

/// Paths of this machine are kept out of the module, so that anyone can build the same bytes. Those of the project are
/// relative to it already, as cargo gives them.
pub(crate) fn flags(project: &Project) -> Result<String, Problem> {
    let home = home();
    let cargo_home = env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let sysroot = project::read(project.program("rustc").args(["--print", "sysroot"]))?;
    let version = project::read(project.program("rustc").arg("-vV"))?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    // Later ones win, so the general comes before the particular.
    let mut flags = vec![
        remap(&home, "/home"),
        remap(&cargo_home, "/cargo"),
        remap(&Path::new(sysroot.trim()).join("lib/rustlib/src/rust"), &format!("/rustc/{commit}")),
        "-Ctarget-feature=+simd128".to_owned(),
    ];
    for registry in children(&cargo_home.join("registry/src")) {
        flags.insert(2, remap(&registry, "/cargo/registry"));
    }
    Ok(flags.join("\u{1f}"))
}

fn children(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut children: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    children.sort();
    children
}

fn home() -> PathBuf {
    PathBuf::from(env::var_os("HOME").unwrap_or_else(|| OsString::from("/root")))
}

/// Rust's library for the browser, once.
pub(crate) fn add_target(project: &Project) -> Result<(), Problem> {
    let sysroot = project::read(project.program("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(WASM_TARGET).exists() {
        return Ok(());
    }
    println!("Adding Rust's {WASM_TARGET} target");
    project::run(project.program("rustup").args(["target", "add", WASM_TARGET])).map_err(|problem| {
        Problem::Words(format!("{problem}\nCliquet's browser modules need it: rustup target add {WASM_TARGET}"))
    })
}
