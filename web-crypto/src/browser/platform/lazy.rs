//! Parts of the program that are fetched when they are first called.
//!
//! `#[wasm_split(NAME, fallible)]` puts a function, and what only it needs, into the chunk NAME. Owns what such a function
//! returns. At most five names, chosen by when they are needed (docs/decisions/0019).

use std::pin::Pin;
use wasm_split_helpers::SplitLoaderError;

/// What a function in a chunk returns: it cannot be `async` itself.
pub type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;

/// The chunk is not here: no network, or the server has another release by now. The next call asks for it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLoaded;

impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}
