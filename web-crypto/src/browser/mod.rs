//! The browser client in layers: `pages` put `view`, `app` and `platform` together; nothing below calls up.
//!
//! Only `platform` and `view` name wasm-bindgen, web-sys and gloo. Nothing that a person wrote goes into markup, a named
//! field, an address, a log or a broadcast. `app` compiles natively, for its tests.

#[cfg(all(target_arch = "wasm32", feature = "messenger"))]
pub mod account;
#[cfg(all(target_arch = "wasm32", feature = "messenger"))]
pub mod account_error;
#[cfg(any(not(target_arch = "wasm32"), feature = "messenger"))]
pub mod app;
#[cfg(all(target_arch = "wasm32", feature = "recovery"))]
pub mod change_password;
#[cfg(all(target_arch = "wasm32", feature = "sign-in"))]
pub mod connexion;
#[cfg(all(target_arch = "wasm32", feature = "sign-in"))]
pub mod failure;
#[cfg(all(target_arch = "wasm32", feature = "sign-in"))]
pub mod form;
#[cfg(all(target_arch = "wasm32", feature = "recovery"))]
pub mod make_room;
#[cfg(all(target_arch = "wasm32", feature = "sign-in"))]
pub mod messenger_module;
#[cfg(all(target_arch = "wasm32", feature = "messenger"))]
pub mod own_device;
#[cfg(target_arch = "wasm32")]
pub mod pages;
pub mod platform;
#[cfg(all(target_arch = "wasm32", feature = "recovery"))]
pub mod proven;
#[cfg(all(target_arch = "wasm32", feature = "recovery"))]
pub mod recover;
#[cfg(all(target_arch = "wasm32", feature = "recovery"))]
pub mod recovery_key;
#[cfg(all(target_arch = "wasm32", feature = "recovery"))]
pub mod roster;
#[cfg(all(target_arch = "wasm32", feature = "recovery"))]
pub mod safety_pane;
#[cfg(all(target_arch = "wasm32", feature = "sign-in"))]
pub mod sign_in;
#[cfg(all(target_arch = "wasm32", feature = "sign-in"))]
pub mod sign_up;
#[cfg(target_arch = "wasm32")]
pub mod start;
#[cfg(target_arch = "wasm32")]
pub mod view;

/// A third of the size of the one that Rust brings for this target.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
