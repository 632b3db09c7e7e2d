//! Owns the encoding of a module: numbers in as few bytes as they need, and no custom sections, which only tools read.
//! Knows nothing of what the functions do.
//!
//! A relocatable module has every number in five bytes, so that the linker can write over it: a fifth of the module.

use std::convert::Infallible;
use wasm_encoder::Module;
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser::{CustomSectionReader, Parser};

/// The same module in its shortest form.
pub(crate) fn compact(wasm: &[u8]) -> Result<Vec<u8>, Error<Infallible>> {
    let mut module = Module::new();
    Compact.parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

struct Compact;

impl Reencode for Compact {
    type Error = Infallible;

    fn parse_custom_section(
        &mut self,
        _module: &mut Module,
        _section: CustomSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{CodeSection, CustomSection, Function, FunctionSection, TypeSection};
    use wasmparser::Payload;

    /// One function that calls itself, with the callee's number in five bytes, and a section that tells of tools.
    fn relocatable() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut body = Function::new([]);
        body.raw([0x10, 0x80, 0x80, 0x80, 0x80, 0x00, 0x0b]);
        let mut code = CodeSection::new();
        code.function(&body);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        module.section(&CustomSection { name: "producers".into(), data: (&[0_u8; 1]).into() });
        module.finish()
    }

    #[test]
    fn numbers_become_short_and_custom_sections_go() {
        let long = relocatable();
        let short = compact(&long).unwrap();
        wasmparser::validate(&short).unwrap();
        let payloads: Vec<Payload<'_>> = Parser::new(0).parse_all(&short).map(Result::unwrap).collect();
        assert!(!payloads.iter().any(|payload| matches!(payload, Payload::CustomSection(_))));
        let bodies: Vec<&[u8]> = payloads
            .iter()
            .filter_map(|payload| match payload {
                Payload::CodeSectionEntry(body) => Some(body.as_bytes()),
                _ => None,
            })
            .collect();
        assert_eq!(bodies, [&[0x00, 0x10, 0x00, 0x0b][..]], "no locals, a call of function 0, the end");
    }
}
