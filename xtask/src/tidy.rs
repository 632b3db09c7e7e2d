//! Owns the rules of the house that no compiler checks. Each rule says what is wrong, where, and why it matters.

use crate::book;
use crate::circles;
use crate::fingerprint;
use crate::layers;
use crate::lock_files;
use crate::problem::Problem;
use crate::project::{self, Project};
use crate::requirements;
use crate::toolchain;
use std::fs;
use std::path::{Path, PathBuf};

/// A file that one can read in a sitting.
const LINES_MAX: usize = 500;
/// Parts in which no module needs itself by way of others.
const WITHOUT_CIRCLES: [&str; 1] = ["server/src"];
const SOURCES: [&str; 6] = ["wire", "web-crypto", "client", "server", "xtask", "bench"];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write what is generated: the tests of each requirement, in docs/protocol.md
    #[arg(long)]
    write: bool,
}

pub(crate) fn tidy(project: &Project, options: &Options) -> Result<(), Problem> {
    check(project, options.write)
}

pub(crate) fn check(project: &Project, write: bool) -> Result<(), Problem> {
    let mut faults = Vec::new();
    let sources = sources(project)?;
    let paths: Vec<&Path> = sources.iter().map(|source| source.strip_prefix(&project.root).unwrap_or(source)).collect();
    for (source, path) in sources.iter().zip(&paths) {
        let text = fs::read_to_string(source).map_err(Problem::file("cannot read", source))?;
        let found = of_source(path, &text).into_iter().chain(layers::check(path, &text));
        faults.extend(found.map(|fault| format!("{}: {fault}", path.display())));
    }
    let with_tests = paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs" || extension == "py"));
    faults.extend(requirements::check(project, with_tests, write)?);
    for part in WITHOUT_CIRCLES {
        faults.extend(circles::check(&project.path(part))?.into_iter().map(|fault| format!("{part}: {fault}")));
    }
    let circles =
        circles::check(&project.path("web-crypto/src"))?.into_iter().filter(|fault| fault.contains("browser::"));
    faults.extend(circles.map(|fault| format!("web-crypto/src: {fault}")));
    faults.extend(book::check(project)?);
    faults.extend(vendored(project)?);
    faults.extend(lock_files::check(project)?);
    faults.extend(toolchain::check(project)?);
    faults.extend(dependencies(&server_dependencies(project)?));
    if faults.is_empty() {
        println!("the house is tidy");
        return Ok(());
    }
    Err(Problem::Words(format!("against the rules of the house:\n  {}", faults.join("\n  "))))
}

/// Our own Rust, Python, styles, scripts, pages and migrations.
fn sources(project: &Project) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    for directory in SOURCES.iter().chain(&["assets", "templates"]) {
        found.extend(project::files(&project.path(directory))?);
    }
    let ours = |path: &PathBuf| {
        // Vendored files are not ours; an icon is a drawing and needs no words.
        let other = path.components().any(|part| part.as_os_str() == "vendor" || part.as_os_str() == "icons");
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        !other && ["rs", "py", "js", "css", "html", "tera", "sql", "ftl"].contains(&extension)
    };
    Ok(found.into_iter().filter(ours).collect())
}

fn of_source(path: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        faults.push(format!("{lines} lines; split it by noun ({LINES_MAX} at most)"));
    }
    if !has_header(extension, text) {
        faults.push("no header comment that says what the file owns".to_owned());
    }
    for (number, line) in text.lines().enumerate() {
        let fault = forbidden(path).into_iter().find(|(word, _)| line.contains(word.as_str()));
        if let Some((word, why)) = fault {
            faults.push(format!("line {}: `{word}` {why}", number + 1));
        }
    }
    faults
}

fn has_header(extension: &str, text: &str) -> bool {
    let first = text.trim_start_matches('\u{feff}').lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    match extension {
        "rs" => first.starts_with("//"),
        "py" => first.starts_with("\"\"\""),
        "js" => first.starts_with("//") || first.starts_with("/*"),
        "css" => first.starts_with("/*"),
        "sql" => first.starts_with("--"),
        "ftl" => first.starts_with('#'),
        "html" | "tera" => first.starts_with("{#") || first.starts_with("<!--"),
        _ => true,
    }
}

/// Words that must not occur in a file, put together here so that this file does not contain them.
fn forbidden(path: &Path) -> Vec<(String, &'static str)> {
    let mut words = Vec::new();
    for uncommon in [["who", "ever"], ["Who", "ever"], [" an", "ew"]] {
        words.push((uncommon.concat(), "is not the usual word: write \"anyone who\", \"again\""));
    }
    let within = |directory: &str| path.starts_with(directory);
    if path.extension().is_some_and(|extension| extension == "rs") {
        words.push((["todo", "!("].concat(), "is a promise, not code"));
        words.push((["unimplemented", "!("].concat(), "is a promise, not code"));
    }
    if within("server/src") {
        words.push((["plain", "text"].concat(), "has no place on a server that cannot read"));
    }
    if within("web-crypto") || within("assets") {
        for sink in [["inner", "HTML"], ["outer", "HTML"], ["insertAdjacent", "HTML"], ["document", ".write"]] {
            words.push((sink.concat(), "turns words into markup; use text nodes"));
        }
        for sink in [["inner", "_html"], ["outer", "_html"], ["insert_adjacent", "_html"]] {
            words.push((sink.concat(), "turns words into markup; use text nodes"));
        }
    }
    words
}

/// `SHA256SUMS`, as `sha256sum` writes it, is what the vendored files were checked against when they came in.
fn vendored(project: &Project) -> Result<Vec<String>, Problem> {
    let folder = project.path("assets/vendor");
    let list = folder.join("SHA256SUMS");
    let sums = fs::read_to_string(&list).map_err(Problem::file("cannot read", &list))?;
    let mut scripts = Vec::new();
    for path in project::files(&folder)?.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "js")) {
        scripts
            .push((name(&path), fingerprint::sha256(&fs::read(&path).map_err(Problem::file("cannot read", &path))?)));
    }
    Ok(of_vendored(&sums, &scripts))
}

fn of_vendored(sums: &str, scripts: &[(String, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, hash) in scripts {
        let listed = sums.lines().filter_map(|line| line.split_once("  ")).find(|(_, listed)| listed == name);
        match listed {
            None => faults.push(format!("assets/vendor/{name}: vendored without its hash in SHA256SUMS")),
            Some((listed, _)) if listed != hash => {
                faults.push(format!("assets/vendor/{name}: not the file that was vendored (its hash differs)"));
            }
            Some(_) => {}
        }
    }
    faults
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn server_dependencies(project: &Project) -> Result<String, Problem> {
    let tree = ["tree", "--quiet", "--package", "cliquet-server", "--edges", "normal", "--prefix", "none"];
    project::read(project.cargo().args(tree))
}

/// The server must not be able to open a letter. It may agree on a key, to check who is there (docs/decisions/0024-the-server-checks-a-device-by-agreeing-on-a-key.md): what
/// opens a message takes the ciphers as well, and a KEM that it does not have.
fn dependencies(tree: &str) -> Option<String> {
    let secret = ["cliquet-web-crypto", "cliquet-primitives", "aes-gcm", "ml-kem"];
    let found: Vec<&str> = secret.into_iter().filter(|name| tree.lines().any(|line| is_package(line, name))).collect();
    if found.is_empty() { None } else { Some(format!("the server depends on {}; only tests may", found.join(", "))) }
}

fn is_package(line: &str, package: &str) -> bool {
    line.split_whitespace().next() == Some(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, text: &str) -> usize {
        of_source(Path::new(path), text).len()
    }

    #[test]
    fn a_file_without_a_header_or_too_long_is_named() {
        assert_eq!(faults("server/src/a.rs", "//! Owns a.\nfn a() {}\n"), 0);
        assert_eq!(faults("server/src/a.rs", "fn a() {}\n"), 1);
        assert_eq!(faults("assets/a.css", "a { b: c }"), 1);
        let at_the_limit = format!("//! Owns a.\n{}", "fn a() {}\n".repeat(LINES_MAX - 1));
        assert_eq!(faults("wire/src/a.rs", &at_the_limit), 0);
        assert_eq!(faults("wire/src/a.rs", &format!("{at_the_limit}fn b() {{}}\n")), 1);
    }

    #[test]
    fn words_are_forbidden_where_they_matter_and_only_there() {
        let text = ["//! Owns a.\n// the plain", "text\n"].concat();
        assert_eq!(faults("server/src/a.rs", &text), 1);
        assert_eq!(faults("web-crypto/src/a.rs", &text), 0);
        let text = ["//! Owns a.\n// Who", "ever reads this.\n"].concat();
        assert_eq!(faults("wire/src/a.rs", &text), 1);
        let text = ["// Owns a.\nelement.inner", "HTML = words;\n"].concat();
        assert_eq!(faults("assets/boot.js", &text), 1);
        let text = ["//! Owns a.\nelement.set_inner", "_html(words);\n"].concat();
        assert_eq!(faults("web-crypto/src/browser/a.rs", &text), 1);
    }

    #[test]
    fn a_vendored_file_that_changed_or_is_not_listed_is_named() {
        let sums = "abcd  htmx.js\nef01  htmx.min.js\n";
        let script = |name: &str, hash: &str| vec![(name.to_owned(), hash.to_owned())];
        assert!(of_vendored(sums, &script("htmx.js", "abcd")).is_empty());
        assert_eq!(of_vendored(sums, &script("htmx.js", "ef01")).len(), 1);
        assert_eq!(of_vendored(sums, &script("other.js", "abcd")).len(), 1);
    }

    #[test]
    fn a_server_that_could_open_letters_is_named() {
        assert_eq!(dependencies("cliquet-server v0.1.0\nrocket v0.5.2\n"), None);
        assert_eq!(dependencies("cliquet-server v0.1.0\nx25519-dalek v3.0.0\nhkdf v0.13.0\n"), None);
        for secret in ["cliquet-web-crypto", "cliquet-primitives", "aes-gcm", "ml-kem"] {
            assert!(dependencies(&format!("cliquet-server v0.1.0\n{secret} v0.1.0 (/x)\n")).is_some(), "{secret}");
        }
    }
}
