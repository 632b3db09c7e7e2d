//! What the browser knows of the network and of the person.

use gloo_events::EventListener;

/// Whether there is a network.
pub fn is_online() -> bool {
    web_sys::window().is_none_or(|window| window.navigator().on_line())
}

/// Whether somebody can see this page.
pub fn is_visible() -> bool {
    web_sys::window().and_then(|window| window.document()).is_some_and(|document| !document.hidden())
}

/// Whether the window has the keyboard, so that somebody looks at it.
pub fn has_focus() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    is_visible() && document.is_some_and(|document| document.has_focus().unwrap_or(false))
}

/// Calls `changed` whenever [`has_focus`] may be another, for as long as the page lives.
pub fn follow_sight(changed: impl Fn() + Clone + 'static) {
    let Some(window) = web_sys::window() else { return };
    for name in ["focus", "blur", "pageshow", "pagehide"] {
        let changed = changed.clone();
        EventListener::new(&window, name, move |_| changed()).forget();
    }
    if let Some(document) = window.document() {
        EventListener::new(&document, "visibilitychange", move |_| changed()).forget();
    }
}

/// A change of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Online,
    Offline,
    Visible,
    Hidden,
    Focused,
}

/// Tells of changes, for as long as the page lives.
pub fn follow(changed: impl Fn(Change) + Clone + 'static) {
    let Some(window) = web_sys::window() else { return };
    for (name, change) in [
        ("online", Change::Online),
        ("offline", Change::Offline),
        // Chromium may tell a page that it is hidden when the next page has read the storage already. This comes before.
        ("beforeunload", Change::Hidden),
        ("pagehide", Change::Hidden),
        ("focus", Change::Focused),
    ] {
        let changed = changed.clone();
        EventListener::new(&window, name, move |_| changed(change)).forget();
    }
    if let Some(document) = window.document() {
        EventListener::new(&document, "visibilitychange", move |_| {
            changed(if is_visible() { Change::Visible } else { Change::Hidden });
        })
        .forget();
    }
}
