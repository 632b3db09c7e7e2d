//! Puts templates and files into the binary.
//!
//! `templates/**.html` always; from `target/web/` (which `cargo xtask wasm` writes) every hashed file with its compressed
//! forms. Without `target/web/` the files of `assets/` stand in under their own names: pages look right, but there is no
//! WASM, so nobody can sign in; tests of the routes need no more.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("templates.rs"), templates(&root.join("templates"))?)?;
    let web = root.join("target").join("web");
    let manifest = web.join("manifest.json");
    println!("cargo::rerun-if-changed={}", manifest.display());
    let assets = if manifest.exists() {
        hashed_assets(&web, &manifest)?
    } else {
        println!(
            "cargo::warning=target/web is missing: run `cargo xtask wasm` for a server that people can sign in to"
        );
        plain_assets(&root.join("assets"))?
    };
    fs::write(out.join("assets.rs"), assets)?;
    Ok(())
}

fn templates(folder: &Path) -> Result<String, Failure> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut code = String::from("pub(crate) const TEMPLATES: &[(&str, &str)] = &[\n");
    for path in files(folder)? {
        let name = name_under(folder, &path)?;
        if name.ends_with(".html") {
            writeln!(code, "    ({name:?}, include_str!({:?})),", path.canonicalize()?)?;
        }
    }
    code.push_str("];\n");
    Ok(code)
}

/// Files by hashed name, with `.br` and `.gz` beside them.
fn hashed_assets(web: &Path, manifest: &Path) -> Result<String, Failure> {
    let names: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&fs::read_to_string(manifest)?)?;
    let mut code = String::from("pub(crate) const HASHED: bool = true;\npub(crate) const FILES: &[File] = &[\n");
    for (name, hashed) in &names {
        let served = hashed.as_str().ok_or("target/web/manifest.json maps names to names")?;
        let path = web.join(served);
        println!("cargo::rerun-if-changed={}", path.display());
        write_file(&mut code, name, served, &path)?;
    }
    code.push_str("];\n");
    Ok(code)
}

fn plain_assets(folder: &Path) -> Result<String, Failure> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut code = String::from("pub(crate) const HASHED: bool = false;\npub(crate) const FILES: &[File] = &[\n");
    for path in files(folder)? {
        let name = name_under(folder, &path)?;
        // One flat name space, and of vendored files only the minified one, as in the manifest.
        let file_name = match name.as_str() {
            "vendor/htmx.min.js" => "htmx.js",
            _ if name.starts_with("vendor/") => continue,
            _ => name.rsplit('/').next().unwrap_or(&name),
        };
        write_file(&mut code, file_name, file_name, &path)?;
    }
    code.push_str("];\n");
    Ok(code)
}

fn write_file(code: &mut String, name: &str, served: &str, path: &Path) -> Result<(), Failure> {
    let form = |ending: &str| -> Result<String, Failure> {
        let compressed = PathBuf::from(format!("{}{ending}", path.display()));
        Ok(match compressed.canonicalize() {
            Ok(compressed) => format!("Some(include_bytes!({compressed:?}))"),
            Err(_) => "None".to_owned(),
        })
    };
    writeln!(
        code,
        "    File {{ name: {name:?}, served: {served:?}, plain: include_bytes!({:?}), brotli: {}, gzip: {} }},",
        path.canonicalize()?,
        form(".br")?,
        form(".gz")?,
    )?;
    Ok(())
}

/// Every file under a folder, in a stable order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

fn name_under(folder: &Path, path: &Path) -> Result<String, Failure> {
    let name = path.strip_prefix(folder)?.to_str().ok_or("a file's name is not UTF-8")?;
    Ok(name.replace('\\', "/"))
}
