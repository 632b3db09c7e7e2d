//! Owns the size of the glue: the same program in fewer characters, with short names for what it and the module say to each
//! other. Works on the parsed program. Knows nothing of what is said.

use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{ManglePropertiesOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;
use std::collections::BTreeMap;

/// Names that only the glue and its module use. wasm-bindgen spells every call out with a hash behind it.
const GENERATED: &str = "^(__wb|_ZN)";

#[derive(Debug)]
pub(super) struct Minified {
    pub(super) code: String,
    /// The generated names that were replaced, and by what.
    pub(super) names: BTreeMap<String, String>,
}

/// # Errors
///
/// What does not parse, in the parser's words.
pub(super) fn minify(code: &str) -> Result<Minified, String> {
    let allocator = Allocator::default();
    let mut parsed = Parser::new(&allocator, code, SourceType::mjs()).parse();
    if let Some(fault) = parsed.diagnostics.first() {
        return Err(format!("it does not parse: {fault}"));
    }
    let properties = ManglePropertiesOptions::from_pattern(GENERATED)?;
    let options = MinifierOptions { mangle_properties: Some(properties), ..MinifierOptions::default() };
    let done = Minifier::new(options).minify(&allocator, &mut parsed.program);
    let replaced = done.property_mangle_cache.unwrap_or_default();
    let names = replaced.iter().filter_map(|(name, short)| Some((name.to_string(), short.as_ref()?.to_string())));
    let names = names.collect();
    let codegen = Codegen::new().with_options(CodegenOptions::minify()).with_scoping(done.scoping);
    Ok(Minified { code: codegen.build(&parsed.program).code, names })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_are_replaced_and_said_and_others_stay() {
        let code = "let wasm; const all = { __wbg_get_1: (value) => wasm.__wbindgen_free(value) };\n\
            // What pages call.\nexport function start() { return wasm.start(all); }\n";
        let Minified { code, names } = minify(code).unwrap();
        assert_eq!(names.keys().collect::<Vec<_>>(), ["__wbg_get_1", "__wbindgen_free"]);
        for (name, short) in &names {
            assert!(!code.contains(name.as_str()) && code.contains(short.as_str()), "{name} in {code}");
        }
        assert!(code.contains("start") && !code.contains("pages"), "{code}");
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert!(minify("export function {").is_err());
    }
}
