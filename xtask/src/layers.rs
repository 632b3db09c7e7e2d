//! The layers of the browser client: which may name which, and which may name the browser.

use std::collections::BTreeSet;
use std::path::Path;

/// From the top: each may use itself and those below.
const LAYERS: [&str; 4] = ["pages", "view", "app", "platform"];
/// What only these layers may name.
const BROWSER_CRATES: [&str; 4] = ["web_sys", "js_sys", "wasm_bindgen", "gloo_events"];
const MAY_NAME_BROWSER: [&str; 3] = ["pages", "view", "platform"];
const ROOT: &str = "web-crypto/src/browser";

/// What is wrong with one source file. A file outside the layers is left alone.
pub(crate) fn check(path: &Path, text: &str) -> Vec<String> {
    let Some(layer) = layer(path) else { return Vec::new() };
    let mut faults = Vec::new();
    for used in uses(text, &layer) {
        let other = used.split("::").next().unwrap_or_default();
        if rank(other) < rank(&layer) {
            faults.push(format!("{layer} uses {used}, which is above it"));
        }
    }
    if !MAY_NAME_BROWSER.contains(&layer.as_str()) {
        let named = BROWSER_CRATES.iter().filter(|name| text.contains(**name));
        faults.extend(named.map(|name| format!("{layer} names {name}; only view and platform may")));
    }
    faults
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == layer)
}

/// `web-crypto/src/browser/app/send.rs` is in `app`.
fn layer(path: &Path) -> Option<String> {
    let layer = path.strip_prefix(ROOT).ok()?.iter().next()?.to_string_lossy().into_owned();
    rank(&layer).map(|_| layer)
}

/// The modules that the `use` items of a file of this layer name.
fn uses(text: &str, layer: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for item in text.split("\nuse ").skip(1) {
        let tree: String = item.split(';').next().unwrap_or_default().split_whitespace().collect();
        for path in paths(&tree) {
            let inside = match path.strip_prefix("crate::browser::") {
                Some(path) => path.to_owned(),
                None => match path.strip_prefix("super::") {
                    Some(path) => format!("{layer}::{path}"),
                    None => continue,
                },
            };
            let mut parts = inside.split("::");
            if let (Some(layer), Some(module)) = (parts.next(), parts.next())
                && rank(layer).is_some()
                && module.starts_with(|letter: char| letter.is_ascii_lowercase())
                && module != "self"
            {
                found.insert(format!("{layer}::{module}"));
            }
        }
    }
    found
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`. Without spaces.
fn paths(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0_usize, 0);
    for (at, letter) in inner.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(inner.get(begin..at).unwrap_or_default());
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inner.get(begin..).unwrap_or_default());
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.flat_map(paths).map(|path| format!("{head}{path}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(module: &str) -> std::path::PathBuf {
        Path::new(ROOT).join(format!("{module}.rs"))
    }

    #[test]
    fn a_tree_of_uses_is_taken_apart() {
        assert_eq!(paths("a::{b,c::{d,e},f}"), ["a::b", "a::c::d", "a::c::e", "a::f"]);
        assert_eq!(paths("a::b"), ["a::b"]);
    }

    #[test]
    fn a_layer_uses_itself_and_those_below_and_no_other() {
        let below = "//! x\n\nuse super::send;\nuse crate::{\n    browser::platform::{http, store::Store},\n};\n";
        assert!(check(&file("app/leader"), below).is_empty());
        assert_eq!(check(&file("app/send"), "//! x\n\nuse crate::browser::view::dom;\n").len(), 1);
        assert_eq!(check(&file("platform/http"), "//! x\n\nuse crate::browser::app::api;\n").len(), 1);
        assert!(check(&file("pages/home"), "//! x\n\nuse crate::browser::view::dom;\n").is_empty());
        assert!(check(Path::new("server/src/main.rs"), "use crate::browser::view::dom;\n").is_empty());
    }

    #[test]
    fn only_view_and_platform_name_the_browsers_crates() {
        let text = "//! x\n\nuse web_sys::Element;\n";
        assert_eq!(check(&file("app/send"), text).len(), 1);
        assert!(check(&file("view/dom"), text).is_empty());
        assert!(check(&file("platform/http"), text).is_empty());
    }
}
