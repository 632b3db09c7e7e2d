//! Owns what becomes of a linked module: bound to its JavaScript glue, and split where the code says so.

use super::glue;
use super::{encode, split};
use crate::assets;
use crate::problem::Problem;
use std::fs;
use std::path::Path;
use wasm_bindgen_cli_support::{Bindgen, Output};

/// Writes `NAME.js` and `NAME_bg.wasm` into `folder`.
pub(crate) fn whole(compiled: &Path, name: &str, folder: &Path) -> Result<(), Problem> {
    let output = bindgen(name, |bindgen| bindgen.input_path(compiled))?;
    write_main(output, name, "", folder)
}

/// The same, with a `NAME_….wasm` for each chunk. `scratch` is a folder for files on the way.
pub(super) fn split(compiled: &Path, name: &str, folder: &Path, scratch: &Path) -> Result<(), Problem> {
    let linked = fs::read(compiled).map_err(Problem::file("cannot read", compiled))?;
    let parts = split::split(&linked, scratch).map_err(|problem| Problem::Words(format!("{name}: {problem}")))?;
    let mut loader = glue::Loader::default();
    for chunk in &parts.chunks {
        let names: Vec<&str> = chunk.names.iter().map(String::as_str).collect();
        let file = format!("{name}_{}.wasm", names.join("_"));
        loader.add(&names, &assets::hashed_name(&file, &chunk.wasm));
        write(folder, &file, &chunk.wasm)?;
    }
    // Chunks import the table of functions and the stack's pointer, which wasm-bindgen would remove.
    let output = bindgen(name, |bindgen| bindgen.input_bytes(name, parts.main).keep_lld_exports(true))?;
    write_main(output, name, &loader.code(), folder)
}

fn bindgen(name: &str, input: impl FnOnce(&mut Bindgen) -> &mut Bindgen) -> Result<Output, Problem> {
    let words = |error| Problem::Words(format!("wasm-bindgen could not make the glue of {name}: {error:#}"));
    let mut bindgen = Bindgen::new();
    input(&mut bindgen).out_name(name).typescript(false).demangle(false);
    bindgen.remove_name_section(true).remove_producers_section(true).omit_default_module_path(true);
    let output = bindgen.web(true).and_then(|bindgen| bindgen.generate_output()).map_err(words)?;
    if output.snippets().values().any(|inline| !inline.is_empty()) || !output.local_modules().is_empty() {
        let why = "its code carries JavaScript of its own (inline_js or module = …), which no page would load";
        return Err(Problem::Words(format!("{name}: {why}")));
    }
    Ok(output)
}

fn write_main(mut output: Output, name: &str, loader: &str, folder: &Path) -> Result<(), Problem> {
    let code = glue::finish(&mut output, loader).map_err(|why| Problem::Words(format!("the glue of {name}: {why}")))?;
    let module = encode::compact(&output.wasm_mut().emit_wasm())
        .map_err(|error| Problem::Words(format!("the module {name} cannot be encoded: {error}")))?;
    write(folder, &format!("{name}.js"), code.as_bytes())?;
    write(folder, &format!("{name}_bg.wasm"), &module)
}

fn write(folder: &Path, file: &str, bytes: &[u8]) -> Result<(), Problem> {
    let path = folder.join(file);
    fs::write(&path, bytes).map_err(Problem::file("cannot write", &path))
}
