//! Notifications of the browser, and whether somebody looks at any tab of the account.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission, ServiceWorkerRegistration};

#[wasm_bindgen]
extern "C" {
    /// web-sys has Web Locks only behind an unstable setting.
    type NavigatorWithLocks;
    #[wasm_bindgen(method, getter)]
    fn locks(this: &NavigatorWithLocks) -> LockManager;

    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, options: &JsValue, callback: &Function) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn query(this: &LockManager) -> Result<Promise, JsValue>;
}

/// Whether this browser may show notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Granted,
    /// The person has not been asked.
    NotAsked,
    /// The person, or the browser, refuses; only the browser's own settings change that.
    Denied,
}

/// What the browser says now.
pub fn permission() -> Permission {
    // A page without HTTPS has none.
    let has_any = web_sys::window().is_some_and(|window| Reflect::has(&window, &"Notification".into()) == Ok(true));
    match has_any.then(Notification::permission) {
        Some(NotificationPermission::Granted) => Permission::Granted,
        Some(NotificationPermission::Default) => Permission::NotAsked,
        _ => Permission::Denied,
    }
}

/// Has the browser ask the person.
pub async fn ask() -> Permission {
    if permission() == Permission::NotAsked
        && let Ok(asked) = Notification::request_permission()
    {
        let _ = JsFuture::from(asked).await;
    }
    permission()
}

/// A notification. One with the same `tag` takes the place of the one before. A click opens `page`.
pub async fn show(title: &str, body: Option<&str>, tag: &str, icon: &str, page: &str) {
    let options = NotificationOptions::new();
    if let Some(body) = body {
        options.set_body(body);
    }
    options.set_tag(tag);
    options.set_icon(icon);
    options.set_renotify(true);
    options.set_data(&JsValue::from_str(page));
    // A phone takes them from a worker alone, and a worker opens a page that was closed meanwhile.
    if let Some(worker) = worker().await
        && let Ok(shown) = worker.show_notification_with_options(title, &options)
        && JsFuture::from(shown).await.is_ok()
    {
        return;
    }
    if let Ok(notification) = Notification::new_with_options(title, &options) {
        let (shown, page) = (notification.clone(), page.to_owned());
        let open = Closure::once_into_js(move || {
            shown.close();
            if let Some(window) = web_sys::window() {
                let _ = window.focus();
                let _ = window.location().assign(&page);
            }
        });
        notification.set_onclick(Some(open.unchecked_ref()));
    }
}

/// The worker that serves this page, if one does.
async fn worker() -> Option<ServiceWorkerRegistration> {
    let container = web_sys::window()?.navigator().service_worker();
    let found = JsFuture::from(container.get_registration()).await.ok()?;
    found.dyn_into::<ServiceWorkerRegistration>().ok().filter(|worker| worker.active().is_some())
}

fn locks() -> Option<LockManager> {
    Some(web_sys::window()?.navigator().unchecked_ref::<NavigatorWithLocks>().locks())
}

/// Says to the account's other tabs that somebody looks at this one, until what is returned is dropped.
#[must_use = "dropping it ends it"]
pub fn look(account: &str) -> Option<Looking> {
    let mut end = None;
    let over = Promise::new(&mut |resolve: Function, _| end = Some(resolve));
    let options = Object::new();
    let _ = Reflect::set(&options, &"mode".into(), &"shared".into());
    let held = Closure::once_into_js(move || over);
    let _ = locks()?.request(&name(account), &options, held.unchecked_ref()).ok()?;
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
    let name = name(account);
    let is_it =
        |lock: JsValue| Reflect::get(&lock, &"name".into()).is_ok_and(|of| of.as_string() == Some(name.clone()));
    held.dyn_into::<Array>().is_ok_and(|held| held.iter().any(is_it))
}

fn name(account: &str) -> String {
    [account, "-looked-at"].concat()
}
