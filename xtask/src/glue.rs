//! Owns the size of the JavaScript beside a browser module: short names for what the two say to each other, and no
//! comments. Knows nothing of what they say.
//!
//! The generated names spell out every call with a hash behind it, once in the module and twice in the glue, and they do
//! not compress. Shortened they save 7 KB of the messenger's.

use std::collections::BTreeMap;
use wasm_bindgen_cli_support::Output;

/// What the generated names begin with. Names that other code calls, such as `start`, do not.
const GENERATED: &str = "__wb";

/// Renames in the module, and gives the glue that fits it.
pub(crate) fn shorten(output: &mut Output) -> String {
    let glue = bare(output.js());
    let module = output.wasm_mut();
    let imports = module.imports.iter().map(|import| import.name.clone());
    let exports = module.exports.iter().map(|export| export.name.clone());
    let names = short_names(imports.chain(exports).filter(|name| name.starts_with(GENERATED)));
    for import in module.imports.iter_mut() {
        rename(&mut import.name, &names);
    }
    for export in module.exports.iter_mut() {
        rename(&mut export.name, &names);
    }
    renamed(&glue, &names)
}

/// In the order of the module, which puts what is called together next to each other.
fn short_names(names: impl Iterator<Item = String>) -> BTreeMap<String, String> {
    let mut short = BTreeMap::new();
    for name in names {
        let next = format!("${}", short.len());
        short.entry(name).or_insert(next);
    }
    short
}

fn rename(name: &mut String, names: &BTreeMap<String, String>) {
    if let Some(short) = names.get(name.as_str()) {
        name.clone_from(short);
    }
}

/// The same code with each whole word that is in `names` replaced.
fn renamed(code: &str, names: &BTreeMap<String, String>) -> String {
    let is_of_word = |character: char| character.is_ascii_alphanumeric() || "_$".contains(character);
    let mut renamed = String::with_capacity(code.len());
    let mut rest = code;
    while !rest.is_empty() {
        let word = rest.find(|character| !is_of_word(character)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word);
        renamed.push_str(names.get(word).map_or(word, String::as_str));
        let other = after.find(is_of_word).unwrap_or(after.len());
        let (other, after) = after.split_at(other);
        renamed.push_str(other);
        rest = after;
    }
    renamed
}

/// Without indentation and without the comments that stand on lines of their own. The generator puts nothing on several
/// lines that would mean something else so: no text, no template.
fn bare(code: &str) -> String {
    let mut bare = String::with_capacity(code.len());
    let mut in_comment = false;
    for line in code.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            bare.push_str(line);
            bare.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_on_their_own_lines_go_and_code_stays() {
        let code = "/**\n * Starts.\n */\nexport function start() {\n    // at once\n    go(\"// no\"); // why\n\n}\n/* one */\nend();";
        assert_eq!(bare(code), "export function start() {\ngo(\"// no\"); // why\n}\nend();\n");
    }

    #[test]
    fn whole_words_are_renamed_and_no_parts_of_them() {
        let names = short_names(["__wbg_get_1".to_owned(), "__wbg_get_12".to_owned()].into_iter());
        let code = "import0.__wbg_get_12 = (a) => wasm.__wbg_get_1(a, '__wbg_get_123');";
        assert_eq!(renamed(code, &names), "import0.$1 = (a) => wasm.$0(a, '__wbg_get_123');");
    }

    #[test]
    fn a_name_gets_one_short_name() {
        let names = short_names(["__wbg_a", "__wbg_b", "__wbg_a", "__wbg_c"].into_iter().map(str::to_owned));
        assert_eq!(names.values().collect::<Vec<_>>(), ["$0", "$1", "$2"]);
        assert_eq!(names.get("__wbg_c").map(String::as_str), Some("$2"));
    }
}
