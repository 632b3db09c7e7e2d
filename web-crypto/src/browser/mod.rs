//! The only place that names wasm-bindgen, web-sys and gloo.
//!
//! The pages' markup is the contract: every element is found by its id or its `data-` attribute, and every word comes
//! from the page. Nothing that a person wrote goes into markup, a named field, an address, a log or a broadcast.

#[cfg(feature = "messenger")]
pub mod account;
#[cfg(feature = "messenger")]
pub mod account_error;
#[cfg(feature = "messenger")]
pub mod add_contact;
#[cfg(feature = "recovery")]
pub mod change_password;
#[cfg(feature = "sign-in")]
pub mod connexion;
#[cfg(feature = "messenger")]
pub mod dates;
#[cfg(feature = "sign-in")]
pub mod failure;
#[cfg(feature = "sign-in")]
pub mod form;
#[cfg(feature = "messenger")]
pub mod home;
#[cfg(feature = "messenger")]
pub mod home_page;
#[cfg(feature = "messenger")]
pub mod htmx;
#[cfg(feature = "messenger")]
pub mod keep;
#[cfg(feature = "keeper")]
pub mod keeper;
#[cfg(feature = "messenger")]
pub mod load_messages;
#[cfg(feature = "messenger")]
pub mod long_polling;
#[cfg(feature = "recovery")]
pub mod make_room;
#[cfg(feature = "sign-in")]
pub mod messenger_module;
#[cfg(feature = "messenger")]
pub mod own_device;
pub mod platform;
#[cfg(feature = "messenger")]
pub mod pre_keys;
#[cfg(feature = "recovery")]
pub mod proven;
#[cfg(feature = "messenger")]
pub mod receive;
#[cfg(feature = "recovery")]
pub mod recover;
#[cfg(feature = "recovery")]
pub mod recovery_key;
#[cfg(feature = "messenger")]
pub mod register_message;
#[cfg(feature = "recovery")]
pub mod roster;
#[cfg(feature = "recovery")]
pub mod safety_pane;
#[cfg(feature = "messenger")]
pub mod search_user;
#[cfg(feature = "messenger")]
pub mod send;
#[cfg(feature = "messenger")]
pub mod show;
#[cfg(feature = "sign-in")]
pub mod sign_in;
#[cfg(feature = "sign-in")]
pub mod sign_up;
pub mod start;
#[cfg(feature = "messenger")]
pub mod status;
pub mod view;
#[cfg(feature = "messenger")]
pub mod words;

/// A third of the size of the one that Rust brings for this target.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
