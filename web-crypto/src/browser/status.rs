//! The one line that says how things stand between this page, its storage and the server.

use super::{
    platform::idb::StoreError,
    show,
    view::dom,
    words::{Word, Words},
};

/// How things stand. From `SignedOut` on, the person has to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Connecting,
    Connected,
    OtherTabLeads,
    Offline,
    Reconnecting,
    SignedOut,
    NoDevice,
    OtherVersion,
    StorageRefused,
    StorageFull,
    StorageGone,
    StorageDamaged,
}

impl State {
    /// Its word, and the element's `data-state` for the style sheet.
    pub fn look(self) -> (Word, &'static str) {
        match self {
            Self::Connecting => (Word::Connecting, "connecting"),
            Self::Connected => (Word::Online, "online"),
            Self::OtherTabLeads => (Word::OtherTabLeads, "online"),
            Self::Offline => (Word::Offline, "offline"),
            Self::Reconnecting => (Word::ServerGone, "server-gone"),
            Self::SignedOut => (Word::SignedOut, "signed-out"),
            Self::NoDevice => (Word::NoDevice, "no-device"),
            Self::OtherVersion => (Word::OtherVersion, "other-version"),
            Self::StorageRefused => (Word::StorageRefused, "storage-refused"),
            Self::StorageFull => (Word::StorageFull, "storage-full"),
            Self::StorageGone => (Word::StorageGone, "storage-gone"),
            Self::StorageDamaged => (Word::StorageDamaged, "storage-damaged"),
        }
    }
}

impl From<StoreError> for State {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused => Self::StorageRefused,
            StoreError::Full => Self::StorageFull,
            StoreError::OtherVersion => Self::OtherVersion,
            StoreError::Damaged => Self::StorageDamaged,
        }
    }
}

/// Says it once: the same state again is not announced again.
pub fn show(state: State, words: &Words) {
    let Some(element) = dom::by_id("status") else { return };
    let (word, name) = state.look();
    let text = words.get(word);
    if element.get_attribute("data-state").as_deref() != Some(name) || element.text_content().as_deref() != Some(text) {
        let _ = element.set_attribute("data-state", name);
        if state == State::SignedOut {
            show::link(&element, text, "/sign-in");
        } else {
            element.set_text_content(Some(text));
        }
    }
}
