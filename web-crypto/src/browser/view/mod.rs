//! What a person sees: elements, text nodes and words. No network, no store.
//!
//! The pages' markup is the contract: every element is found by its id or its `data-` attribute, and every word comes
//! from the page. Nothing that a person wrote goes into markup, a named field or an address.

pub mod dom;
pub mod sentences;
