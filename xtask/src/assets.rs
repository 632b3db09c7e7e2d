//! Owns what a page loads: each file under a name made from its content, compressed ahead of time, and the manifest
//! that leads from the plain name to it. Knows nothing of how the browser modules are made.

use crate::fingerprint;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::project::{self, Project};
use crate::wasm;
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";
/// What a page may load, and whether compressing it again is worth anything.
const KINDS: [(&str, bool); 8] = [
    ("css", true),
    ("js", true),
    ("wasm", true),
    ("svg", true),
    ("json", true),
    ("webmanifest", true),
    ("png", false),
    ("woff2", false),
];
/// Vendored files keep their source beside them to read; only the small one is served, under the plain name.
const VENDORED: &str = ".min.js";

/// The steps that [`build`] takes.
pub(crate) const STEPS: usize = wasm::STEPS + 1;

pub(crate) fn build(project: &Project, progress: &mut Progress) -> Result<(), Problem> {
    wasm::build(project, progress)?;
    progress.step("files of the pages: hashed names, compression");
    let mut sources = named(&project.path("assets"))?;
    for module in wasm::MODULES {
        for path in project::files(&wasm::directory(project, module.name))? {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if sources.insert(file.clone(), path).is_some() {
                return Err(Problem::Words(format!("assets/ has a file {file}; that name is taken")));
            }
        }
    }
    publish(&sources, &project.path("target/web"))
}

/// The files to serve under `assets`, by the name that templates use: the file's name without its folder.
fn named(assets: &Path) -> Result<BTreeMap<String, PathBuf>, Problem> {
    let mut sources = BTreeMap::new();
    for path in project::files(assets)? {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let vendored = path.parent().is_some_and(|parent| parent.ends_with("vendor"));
        if kind(&file).is_none() || (vendored && !file.ends_with(VENDORED)) {
            continue;
        }
        let name = if vendored { file.replace(VENDORED, ".js") } else { file };
        if let Some(other) = sources.insert(name.clone(), path.clone()) {
            let words = format!("{} and {} would both be served as {name}", other.display(), path.display());
            return Err(Problem::Words(words));
        }
    }
    Ok(sources)
}

/// Writes what is not there yet and removes what nothing names any more. Untouched files keep their dates, so the
/// server is not built again for nothing.
fn publish(sources: &BTreeMap<String, PathBuf>, web: &Path) -> Result<(), Problem> {
    fs::create_dir_all(web).map_err(Problem::file("cannot make", web))?;
    let mut manifest = BTreeMap::new();
    let mut kept = BTreeSet::from([MANIFEST.to_owned()]);
    for (name, path) in sources {
        let bytes = fs::read(path).map_err(Problem::file("cannot read", path))?;
        let hashed = hashed_name(name, &bytes);
        let mut variants = vec![(hashed.clone(), None)];
        if kind(name).is_some_and(|compressible| compressible) {
            variants.push((format!("{hashed}.br"), Some(brotli as Compress)));
            variants.push((format!("{hashed}.gz"), Some(gzip as Compress)));
        }
        for (file, compress) in variants {
            let target = web.join(&file);
            if !target.exists() {
                let content = compress.map_or_else(|| Ok(bytes.clone()), |compress| compress(&bytes));
                let content = content.map_err(Problem::file("cannot compress", path))?;
                // Under its own name only once whole: an interrupted run leaves nothing that looks finished.
                let part = web.join(format!("{file}.part"));
                fs::write(&part, content).map_err(Problem::file("cannot write", &part))?;
                fs::rename(&part, &target).map_err(Problem::file("cannot write", &target))?;
            }
            kept.insert(file);
        }
        manifest.insert(name.clone(), hashed);
    }
    for path in project::files(web)? {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !kept.contains(&file) {
            fs::remove_file(&path).map_err(Problem::file("cannot remove", &path))?;
        }
    }
    let manifest = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    let target = web.join(MANIFEST);
    if fs::read_to_string(&target).ok().as_ref() == Some(&manifest) {
        return Ok(());
    }
    fs::write(&target, manifest).map_err(Problem::file("cannot write", &target))
}

type Compress = fn(&[u8]) -> std::io::Result<Vec<u8>>;

fn kind(name: &str) -> Option<bool> {
    let extension = Path::new(name).extension()?.to_str()?;
    KINDS.iter().find(|(kind, _)| *kind == extension).map(|(_, compressible)| *compressible)
}

/// `app.css` becomes `app.0f3a….css`.
pub(crate) fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let hash = fingerprint::of_bytes(bytes);
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
        None => format!("{name}.{hash}"),
    }
}

pub(crate) fn brotli(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let parameters =
        BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..BrotliEncoderParams::default() };
    let mut compressed = Vec::new();
    ::brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn written(directory: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    #[test]
    fn a_changed_file_gets_another_name_and_the_old_one_goes() {
        let house = tempfile::tempdir().unwrap();
        let (assets, web) = (house.path().join("assets"), house.path().join("web"));
        written(&assets, &[("css/app.css", "body { color: red }"), ("icon.png", "no picture"), ("README.md", "no")]);
        publish(&named(&assets).unwrap(), &web).unwrap();
        let first = hashed_name("app.css", b"body { color: red }");
        assert!(web.join(&first).exists() && web.join(format!("{first}.br")).exists());
        assert_eq!(project::files(&web).unwrap().len(), 5, "css three times, png once, the manifest");

        written(&assets, &[("css/app.css", "body { color: blue }")]);
        publish(&named(&assets).unwrap(), &web).unwrap();
        let second = hashed_name("app.css", b"body { color: blue }");
        assert!(!web.join(&first).exists() && web.join(&second).exists());
        let manifest: BTreeMap<String, String> =
            serde_json::from_str(&fs::read_to_string(web.join(MANIFEST)).unwrap()).unwrap();
        assert_eq!(manifest.get("app.css"), Some(&second));
    }

    #[test]
    fn what_was_compressed_is_what_comes_out() {
        let text = "one, two, three, ".repeat(300).into_bytes();
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&*gzip(&text).unwrap()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        let mut unpacked = Vec::new();
        ::brotli::BrotliDecompress(&mut &*brotli(&text).unwrap(), &mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }

    #[test]
    fn of_vendored_files_only_the_small_ones_are_served() {
        let house = tempfile::tempdir().unwrap();
        let vendored = [("vendor/htmx.min.js", "small"), ("vendor/htmx.js", "source"), ("vendor/ext.js", "other")];
        written(house.path(), &vendored);
        let names = named(house.path()).unwrap();
        assert_eq!(names.keys().collect::<Vec<_>>(), ["htmx.js"]);
        assert!(names["htmx.js"].ends_with("vendor/htmx.min.js"));
    }

    #[test]
    fn two_files_of_one_name_are_refused() {
        let house = tempfile::tempdir().unwrap();
        written(house.path(), &[("a/app.css", "1"), ("b/app.css", "2")]);
        assert!(named(house.path()).is_err());
    }
}
