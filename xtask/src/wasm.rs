//! Owns the browser modules: compiled from one crate by feature, each with its JavaScript glue.
//! Knows nothing of hashed names and compression.

use crate::fingerprint::{self, Inputs};
use crate::problem::Problem;
use crate::project::{self, Project, WASM_TARGET};
use crate::{glue, order};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;

/// The feature and the name of its files, `NAME.js` and `NAME_bg.wasm`. The first two carry a new browser to a working
/// home; the others are fetched when they are wanted.
pub(crate) const MODULES: [(&str, &str); 4] =
    [("sign-in", "sign_in"), ("messenger", "messenger"), ("recovery", "recovery"), ("keeper", "keeper")];

/// Where the unhashed modules lie until `assets` takes them.
pub(crate) fn directory(project: &Project) -> PathBuf {
    project.path("target/wasm-glue")
}

pub(crate) fn build(project: &Project) -> Result<(), Problem> {
    add_target(project)?;
    let library = Library::choose(project)?;
    let flags = flags(project, library)?;
    let inputs = inputs(project, &flags)?;
    for (feature, name) in MODULES {
        module(project, feature, name, library, &flags, &inputs)?;
    }
    Ok(())
}

/// Where Rust's standard library in a module comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    /// As the toolchain brings it.
    Shipped,
    /// Compiled with the module, so that a panic is one trap instead of a message nobody reads. The flags for this are
    /// not stable, so they are used with the one compiler that they were tried with.
    Compiled,
}

/// The compiler that `Library::Compiled` was tried with.
const COMPILED_WITH: &str = "release: 1.95.";

impl Library {
    fn choose(project: &Project) -> Result<Self, Problem> {
        if !project::read(project.program("rustc").arg("-vV"))?.contains(COMPILED_WITH) {
            println!("The browser modules would be a tenth lighter with Rust 1.95");
            return Ok(Self::Shipped);
        }
        let sysroot = project::read(project.program("rustc").args(["--print", "sysroot"]))?;
        if Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml").exists() {
            return Ok(Self::Compiled);
        }
        println!("Adding the source of Rust's library");
        if project::run(project.program("rustup").args(["component", "add", "rust-src"])).is_ok() {
            return Ok(Self::Compiled);
        }
        println!("The browser modules would be a tenth lighter with it: rustup component add rust-src");
        Ok(Self::Shipped)
    }
}

fn module(
    project: &Project,
    feature: &str,
    name: &str,
    library: Library,
    flags: &str,
    inputs: &str,
) -> Result<(), Problem> {
    let directory = directory(project);
    fs::create_dir_all(&directory).map_err(Problem::file("cannot make", &directory))?;
    let stamp = directory.join(format!("{name}.stamp"));
    let made = [directory.join(format!("{name}.js")), directory.join(format!("{name}_bg.wasm"))];
    if made.iter().all(|file| file.exists()) && fingerprint::is_fresh(&stamp, inputs) {
        return Ok(());
    }
    println!("Building the browser module {name}");
    let mut cargo = project.cargo();
    // As an rlib as well, which the crate is for tests, it would be linked without the profile's LTO: a fifth larger.
    cargo.args(["rustc", "--quiet", "--package", "cliquet-web-crypto", "--lib", "--crate-type", "cdylib", "--locked"]);
    cargo.args(["--target", WASM_TARGET, "--profile", "wasm", "--no-default-features", "--features", feature]);
    if library == Library::Compiled {
        cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
        cargo.env("RUSTC_BOOTSTRAP", "1");
    }
    cargo.args(["--target-dir", "target/wasm"]).env("CARGO_ENCODED_RUSTFLAGS", flags).env_remove("RUSTFLAGS");
    project::run(&mut cargo)?;
    let compiled = project.path("target/wasm").join(WASM_TARGET).join("wasm/cliquet_web_crypto.wasm");
    bind(&compiled, name, &directory)?;
    fingerprint::remember(&stamp, inputs)
}

pub(crate) fn bind(compiled: &Path, name: &str, directory: &Path) -> Result<(), Problem> {
    let words = |error| Problem::Words(format!("wasm-bindgen could not make the glue of {name}: {error:#}"));
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name(name).typescript(false).demangle(false);
    bindgen.remove_name_section(true).remove_producers_section(true).omit_default_module_path(true);
    let mut output = bindgen.web(true).and_then(|bindgen| bindgen.generate_output()).map_err(words)?;
    if output.snippets().values().any(|inline| !inline.is_empty()) || !output.local_modules().is_empty() {
        let why = "its code carries JavaScript of its own (inline_js or module = …), which no page would load";
        return Err(Problem::Words(format!("{name}: {why}")));
    }
    let code = glue::shorten(&mut output);
    let module = order::sorted(&output.wasm_mut().emit_wasm())
        .map_err(|error| Problem::Words(format!("the functions of {name} could not be put in order: {error}")))?;
    for (file, bytes) in [(format!("{name}.js"), code.into_bytes()), (format!("{name}_bg.wasm"), module)] {
        let path = directory.join(file);
        fs::write(&path, bytes).map_err(Problem::file("cannot write", &path))?;
    }
    Ok(())
}

/// Everything the modules are made from. Cargo would notice changes too, but the two feature sets share one output
/// file, so it would build both again each time.
fn inputs(project: &Project, flags: &str) -> Result<String, Problem> {
    let mut inputs = Inputs::default();
    inputs.text(flags);
    inputs.text(include_str!("wasm.rs"));
    inputs.text(include_str!("glue.rs"));
    inputs.text(include_str!("order.rs"));
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

/// Paths of this machine are kept out of the module, so that anyone can build the same bytes.
pub(crate) fn flags(project: &Project, library: Library) -> Result<String, Problem> {
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
        remap(&project.root, "/cliquet"),
        "-Ctarget-feature=+simd128".to_owned(),
    ];
    if library == Library::Compiled {
        flags.extend(["-Zunstable-options".to_owned(), "-Cpanic=immediate-abort".to_owned()]);
    }
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
