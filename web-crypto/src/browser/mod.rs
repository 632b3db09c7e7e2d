//! The only place that names wasm-bindgen, web-sys and gloo.
