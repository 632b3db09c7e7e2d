//! The only place that names wasm-bindgen, web-sys and gloo.
//!
//! The pages' markup is the contract: every element is found by its id or its `data-` attribute, and every word comes
//! from the page. Nothing that a person wrote goes into markup, a named field, an address, a log or a broadcast.

pub mod database;
pub mod http;
pub mod random;
pub mod store;
