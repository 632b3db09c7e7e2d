//! What Enter does in a draft. A setting of this browser: a phone and a desk want different things.

use super::dom;
use web_sys::Storage;

/// In the browser's local storage.
const KEY: &str = "enter";
const SENDS: &str = "sends";
const BREAKS: &str = "breaks";

/// What Enter alone does in a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnterKey {
    /// It sends; Shift+Enter breaks the line.
    Sends,
    /// It breaks the line; Control+Enter or ⌘+Enter sends.
    BreaksTheLine,
}

impl EnterKey {
    /// What the person chose. Without a choice Enter sends where there is a keyboard.
    pub fn kept() -> Self {
        let kept = storage().and_then(|storage| storage.get_item(KEY).ok()?);
        match kept.as_deref() {
            Some(SENDS) => Self::Sends,
            Some(BREAKS) => Self::BreaksTheLine,
            _ => Self::from_sends(!dom::has_coarse_pointer()),
        }
    }

    pub fn from_sends(sends: bool) -> Self {
        if sends { Self::Sends } else { Self::BreaksTheLine }
    }

    pub fn sends(self) -> bool {
        self == Self::Sends
    }

    /// A browser that refuses to store asks again after the next start.
    pub fn keep(self) {
        if let Some(storage) = storage() {
            let _ = storage.set_item(KEY, self.name());
        }
        self.show();
    }

    /// The hint below every draft says it.
    pub fn show(self) {
        let root = dom::document().and_then(|document| document.document_element());
        let _ = root.map(|root| root.set_attribute("data-enter-key", self.name()));
    }

    fn name(self) -> &'static str {
        if self.sends() { SENDS } else { BREAKS }
    }
}

fn storage() -> Option<Storage> {
    dom::window()?.local_storage().ok()?
}
