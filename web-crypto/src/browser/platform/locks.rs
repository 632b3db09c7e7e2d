//! What the tabs of an account agree on by Web Locks: which of them leads, and whether somebody looks at one.
//!
//! The leader holds a Web Lock for as long as it lives; it alone owns the ratchet, the poll and the outbox.

use js_sys::{Array, Function, Object, Promise, Reflect};
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
    #[wasm_bindgen(method, catch, js_name = request)]
    fn request_with(this: &LockManager, name: &str, options: &JsValue, held: &Function) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn query(this: &LockManager) -> Result<Promise, JsValue>;
}

fn locks() -> Option<LockManager> {
    Some(web_sys::window()?.navigator().unchecked_ref::<NavigatorWithLocks>().locks())
}

/// Returns when this tab leads: at once, or when the tab that leads is closed. It does until it is gone, or until
/// `end` settles; then what is returned settles, too.
pub async fn lead(account: &str, end: Promise) -> Result<Promise, JsValue> {
    let locks = locks().ok_or(JsValue::UNDEFINED)?;
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

/// Says to the account's other tabs that somebody looks at this one, until what is returned is dropped.
#[must_use = "dropping it ends it"]
pub fn look(account: &str) -> Option<Looking> {
    let mut end = None;
    let over = Promise::new(&mut |resolve: Function, _| end = Some(resolve));
    let options = Object::new();
    let _ = Reflect::set(&options, &"mode".into(), &"shared".into());
    let held = Closure::once_into_js(move || over);
    let _ = locks()?.request_with(&looked_at(account), &options, held.unchecked_ref()).ok()?;
    end.map(Looking)
}

/// See [`look`].
#[derive(Debug)]
pub struct Looking(Function);

impl Drop for Looking {
    fn drop(&mut self) {
        let _ = self.0.call0(&JsValue::UNDEFINED);
    }
}

/// Whether somebody looks at a tab of the account.
pub async fn is_looked_at(account: &str) -> bool {
    let Some(asked) = locks().and_then(|locks| locks.query().ok()) else { return false };
    let Ok(found) = JsFuture::from(asked).await else { return false };
    let held = Reflect::get(&found, &"held".into()).unwrap_or_default();
    let name = looked_at(account);
    let is_it =
        |lock: JsValue| Reflect::get(&lock, &"name".into()).is_ok_and(|of| of.as_string() == Some(name.clone()));
    held.dyn_into::<Array>().is_ok_and(|held| held.iter().any(is_it))
}

fn looked_at(account: &str) -> String {
    [account, "-looked-at"].concat()
}
