//! The only place that names wasm-bindgen, web-sys and gloo.
//!
//! The pages' markup is the contract: every element is found by its id or its `data-` attribute, and every word comes
//! from the page. Nothing that a person wrote goes into markup, a named field, an address, a log or a broadcast.

#[cfg(feature = "sign-in")]
pub mod connexion;
pub mod database;
#[cfg(feature = "sign-in")]
pub mod failure;
#[cfg(feature = "sign-in")]
pub mod form;
pub mod http;
#[cfg(feature = "sign-in")]
pub mod own_device;
pub mod random;
pub mod rsa;
#[cfg(feature = "sign-in")]
pub mod sign_in;
#[cfg(feature = "sign-in")]
pub mod sign_up;
pub mod start;
pub mod store;
