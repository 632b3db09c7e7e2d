//! The browser client in layers: `pages` put `view`, `app` and `platform` together; nothing below calls up.
//!
//! Only `platform`, `view` and `pages` name wasm-bindgen, web-sys and gloo. Nothing that a person wrote goes into markup,
//! a named field, an address, a log or a broadcast. `app` compiles natively, for its tests.
//!
//! Which program is built decides only what it exports (`start`); the linker leaves out what no export reaches.

pub mod app;
#[cfg(target_arch = "wasm32")]
pub mod pages;
pub mod platform;
#[cfg(target_arch = "wasm32")]
pub mod start;
pub mod view;

/// A third of the size of the one that Rust brings for this target.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
