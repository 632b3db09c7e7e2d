//! The Web Lock by which one of an account's tabs leads.
//!
//! The leader holds a Web Lock for as long as it lives; it alone owns the ratchet, the poll and the outbox.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// web-sys has Web Locks only behind an unstable setting.
    type NavigatorWithLocks;
    #[wasm_bindgen(method, getter)]
    fn locks(this: &NavigatorWithLocks) -> LockManager;

    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, callback: &Function) -> Result<Promise, JsValue>;
}

/// Returns when this tab leads: at once, or when the tab that leads is closed. It does until it is gone, or until
/// `end` settles; then what is returned settles, too.
pub async fn lead(account: &str, end: Promise) -> Result<Promise, JsValue> {
    let navigator = web_sys::window().ok_or(JsValue::UNDEFINED)?.navigator();
    let locks = navigator.unchecked_ref::<NavigatorWithLocks>().locks();
    let mut granted = None;
    let leading = Promise::new(&mut |resolve: Function, _| granted = Some(resolve));
    let granted = granted.ok_or(JsValue::UNDEFINED)?;
    let callback = Closure::once_into_js(move || {
        let _ = granted.call0(&JsValue::UNDEFINED);
        end
    });
    let held = locks.request(&[account, "-leader"].concat(), callback.unchecked_ref())?;
    JsFuture::from(Promise::race(&Array::of2(&leading, &held))).await?;
    Ok(held)
}
