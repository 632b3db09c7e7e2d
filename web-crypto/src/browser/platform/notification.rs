//! Notifications of the browser.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission, ServiceWorkerRegistration};

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
