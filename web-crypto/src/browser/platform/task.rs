//! Work that runs beside everything else.

use std::pin::Pin;

/// Runs `work` beside everything else. Boxed: the queue of tasks is then compiled once, not once for each task.
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    let work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
    wasm_bindgen_futures::spawn_local(work);
}
