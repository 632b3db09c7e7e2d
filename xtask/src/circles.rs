//! Owns the search for import circles: modules of one crate that need each other, directly or through others.
//!
//! A module is a file. It needs every module that its paths name, in `use` or elsewhere. What only its tests need does
//! not count, and declaring a child (`mod child;`) is no need.

use crate::problem::Problem;
use crate::project;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use syn::visit::{self, Visit};

/// The names on the way from the crate's root to a module. The root's own is empty.
type Module = Vec<String>;
type Needs = BTreeMap<Module, BTreeSet<Module>>;

/// One line for each circle among the modules under this folder, which is a crate's `src` or a part of it.
///
/// # Errors
///
/// A file cannot be read, or is not Rust.
pub(crate) fn check(source: &Path) -> Result<Vec<String>, Problem> {
    let mut texts = Vec::new();
    for path in project::files(source)?.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs")) {
        let text = fs::read_to_string(&path).map_err(Problem::file("cannot read", &path))?;
        texts.push((module_of(path.strip_prefix(source).unwrap_or(&path)), text));
    }
    let needs = needs(&texts).map_err(|error| Problem::Words(format!("{}: {error}", source.display())))?;
    Ok(circles(&needs))
}

/// `lib.rs` and `main.rs` are the root, `a/b.rs` and `a/b/mod.rs` are `a::b`.
fn module_of(path: &Path) -> Module {
    let mut names: Module = path.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|last| last == "mod" || (names.len() == 1 && (last == "lib" || last == "main"))) {
        names.pop();
    }
    names
}

fn needs(texts: &[(Module, String)]) -> syn::Result<Needs> {
    let modules: BTreeSet<Module> = texts.iter().map(|(module, _)| module.clone()).collect();
    let mut needs = Needs::new();
    for (module, text) in texts {
        let mut paths = Paths { within: module.clone(), found: BTreeSet::new() };
        paths.visit_file(&syn::parse_file(text)?);
        let named = paths.found.iter().filter_map(|path| {
            // The longest beginning that is a file; what follows is an item in it. The root itself is nobody's need.
            (1..=path.len()).rev().filter_map(|length| path.get(..length)).find(|path| modules.contains(*path))
        });
        let named = named.filter(|named| named != module).map(<[String]>::to_vec);
        needs.entry(module.clone()).or_default().extend(named);
    }
    Ok(needs)
}

/// Collects the paths that name something of the same crate, from its root.
struct Paths {
    /// The module whose items are looked at, which may stand within a file.
    within: Module,
    found: BTreeSet<Vec<String>>,
}

impl Paths {
    fn add(&mut self, names: &[String]) {
        let mut path = match names.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("self" | "super") => self.within.clone(),
            // A child, or another crate: no module of ours is called like one.
            Some(_) => [self.within.as_slice(), names].concat(),
            None => return,
        };
        if matches!(names.first().map(String::as_str), Some("crate" | "self" | "super")) {
            for name in names {
                match name.as_str() {
                    "crate" | "self" => {}
                    "super" => drop(path.pop()),
                    _ => path.push(name.clone()),
                }
            }
        }
        self.found.insert(path);
    }

    fn add_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&[before, &[path.ident.to_string()]].concat(), &path.tree),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(before, tree)),
            syn::UseTree::Name(name) => self.add(&[before, &[name.ident.to_string()]].concat()),
            syn::UseTree::Rename(rename) => self.add(&[before, &[rename.ident.to_string()]].concat()),
            syn::UseTree::Glob(_) => self.add(before),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
        };
        if item.attrs.iter().any(is_test) {
            return;
        }
        self.within.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.within.pop();
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // A path of one name is an item in sight: it was brought there by `use`.
        if path.segments.len() > 1 {
            self.add(&path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>());
        }
        visit::visit_path(self, path);
    }
}

/// Every module that needs itself by way of others, with the shortest such way. A circle is named once.
fn circles(needs: &Needs) -> Vec<String> {
    let mut named = BTreeSet::new();
    let mut lines = Vec::new();
    for start in needs.keys() {
        let Some(way) = way_back(needs, start) else { continue };
        if named.insert(way.iter().cloned().collect::<BTreeSet<_>>()) {
            let names: Vec<String> = way.iter().chain([start]).map(|module| module.join("::")).collect();
            lines.push(format!("an import circle: {}", names.join(" → ")));
        }
    }
    lines
}

/// The shortest way from a module to itself, without the end.
fn way_back(needs: &Needs, start: &Module) -> Option<Vec<Module>> {
    let mut ways = vec![vec![start.clone()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| needs.get(last)).into_iter().flatten() {
                if next == start {
                    return Some(way);
                }
                if seen.insert(next) {
                    longer.push([way.as_slice(), std::slice::from_ref(next)].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let texts: Vec<_> = files.iter().map(|(path, text)| (module_of(Path::new(path)), (*text).to_owned())).collect();
        circles(&needs(&texts).unwrap())
    }

    #[test]
    fn a_circle_is_named_once_with_its_way() {
        let two = [("a.rs", "use crate::b::B;"), ("b.rs", "fn f() -> crate::a::A { crate::a::make() }")];
        assert_eq!(found(&two), ["an import circle: a → b → a"]);
        let three = [
            ("a.rs", "use crate::{b::B, c};"),
            ("b.rs", "use super::c::{self, C as D};"),
            ("c.rs", "use crate::a::*;"),
            ("d.rs", "use crate::a::A;"),
        ];
        assert_eq!(found(&three).len(), 2, "{:?}", found(&three));
    }

    #[test]
    fn a_module_and_its_child_are_one_too_when_each_needs_the_other() {
        let parent = ("a/mod.rs", "mod b; pub use self::b::B; pub struct A;");
        assert_eq!(found(&[parent, ("a/b.rs", "use super::A;")]), ["an import circle: a → a::b → a"]);
        assert_eq!(found(&[parent, ("a/b.rs", "use super::c::C;"), ("a/c.rs", "")]), Vec::<String>::new());
        let by_name = ("a/mod.rs", "mod b; fn f() { b::g() }");
        assert_eq!(found(&[by_name, ("a/b.rs", "use crate::a;")]).len(), 1);
    }

    #[test]
    fn what_only_tests_need_what_is_declared_and_other_crates_do_not_count() {
        let tests = "#[cfg(test)] mod tests { use crate::b::B; use super::*; }";
        let files = [("lib.rs", "mod a; mod b; pub fn f() { a::f() }"), ("a.rs", tests), ("b.rs", "use crate::a::A;")];
        assert_eq!(found(&files), Vec::<String>::new());
        assert_eq!(found(&[("a.rs", "use other::b::B;"), ("b.rs", "use crate::a::A;")]), Vec::<String>::new());
        let inline = "mod inner { use super::A; } use crate::b::B;";
        assert_eq!(found(&[("a.rs", inline), ("b.rs", "use crate::a::inner::I;")]).len(), 1);
    }
}
